"""From facts to a note, by the playbook: no model is asked, and each claim is what a tool said."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from include.assistant.investigator import playbook as books
from include.assistant.investigator.evidence import Run
from include.assistant.investigator.facts import (
    AnyFact,
    CheckFact,
    DocumentFact,
    NumberFact,
    RunFact,
    SignalFact,
    WindowFact,
    troubled,
)
from include.assistant.investigator.leaving_out import leave_out
from include.assistant.investigator.note import (
    MEASURED,
    Cause,
    Claim,
    Note,
    ProposedAction,
    cite,
)
from include.assistant.investigator.orders import orders
from include.assistant.investigator.playbook import Look, Playbook, Weighed
from include.assistant.investigator.reports import GATE
from include.assistant.investigator.tools import (
    OfDocuments,
    OfLog,
    OfNumbers,
    OfRun,
    Tools,
)
from include.assistant.investigator.watched import shown
from include.errors import ParamsError, did_you_mean

CAUSES = 3  # that a note names
CLAIMS = 5  # of a part of a note
DOCUMENTS = 3  # sections to read
QUOTED = 200  # letters of a section that are quoted
OPEN = "No cause in the playbook fits what was looked at"
UNREAD = "Nothing speaks for a cause in what could be read, and some reports cannot be"
UNSEEN = "Nothing was looked at: no window, check or gate of the run could be read"


def investigate(tools: Tools, playbook: Playbook) -> Note:
    """Look at what the playbook asks for, weigh it, and write what may be shown of it.

    Raises:
        ParamsError: the playbook asks for a tool that there is not.
    """
    facts = [fact for look in playbook.look_at for fact in looked(tools, look)]
    seen = [*{fact.id: fact for fact in facts}.values()]
    weighed = books.weigh(playbook, seen)[:CAUSES]
    run, told = tools.evidence.run(), orders(tools)
    note = Note(
        run=run.name,
        headline=headline(seen, weighed),
        moved=tuple(moved(seen, weighed)),
        since=tuple(since(seen, weighed)),
        for_whom=tuple(for_whom(seen)),
        causes=tuple(cause(one) for one in weighed),
        next_steps=(*told, *(step for one in weighed[:1] for step in one.rule.next)),
        look_up=tuple(documents(tools, weighed)),
        proposals=tuple(proposals(run, weighed[:1], told)),
    )
    return leave_out(note, tools)


def looked(tools: Tools, look: Look) -> Sequence[AnyFact]:
    """What one tool says."""
    limit = look.limit
    asked = {
        "list_runs": lambda: tools.list_runs(OfRun(limit=limit)),
        "metrics_of": lambda: tools.metrics_of(OfNumbers(contains=look.search, limit=limit)),
        "drift_of": lambda: tools.drift_of(OfNumbers(contains=look.search, limit=limit)),
        "slices_of": lambda: tools.slices_of(OfRun(limit=limit)),
        "changes_since_good": lambda: tools.changes_since_good(OfRun(limit=limit)),
        "task_log": lambda: tools.task_log(OfLog(search=look.search, limit=limit)),
    }
    if look.tool not in asked:
        hint = did_you_mean(look.tool, asked)
        what = f"The playbook looks at {look.tool!r}, which is no tool.{hint}"
        raise ParamsError(what, f"name one of {', '.join(asked)}.")
    return asked[look.tool]().facts


def headline(facts: Sequence[AnyFact], weighed: Sequence[Weighed]) -> str:
    """The likeliest cause in a line; of what nobody measured, that nobody did."""
    if not any(map(measured, facts)):
        return f"{UNSEEN}."
    if not weighed:
        return f"{UNREAD if unread(facts) else OPEN}."
    subject = f": {weighed[0].subject}" if weighed[0].subject else ""
    return f"{weighed[0].rule.title}{subject}."


def measured(fact: AnyFact) -> bool:
    """Whether a fact says how the run did: what changed, and what a log says, does not."""
    if isinstance(fact, CheckFact):
        return fact.state != "not measured"
    if isinstance(fact, RunFact):
        return fact.now and (fact.state == "failed" or bool(fact.verdict))
    return isinstance(fact, WindowFact | NumberFact)


def as_claim(fact: AnyFact) -> Claim:
    """What a fact says, as a claim."""
    return cite(fact.said, (fact.id, fact.said))


def in_short(fact: AnyFact) -> Claim:
    """What speaks for a cause; a check that failed was told of at length above."""
    some = [one for one in failed([fact]) if one.value is not None and one.sort != GATE]
    for one in some:
        limit = f", with a limit of {shown(one.limit)}" if one.limit is not None else ""
        return cite(f"{one.name} failed: {shown(one.value)}{limit}.", (one.id, one.said))
    return as_claim(fact)


def failed(facts: Sequence[AnyFact]) -> list[CheckFact]:
    """The checks that failed."""
    return [fact for fact in facts if isinstance(fact, CheckFact) and fact.state == "failed"]


def moved(facts: Sequence[AnyFact], weighed: Sequence[Weighed]) -> Iterator[Claim]:
    """What is beyond its limits, the likeliest cause's first; else what the run came to."""
    telling = failed(weighed[0].facts) if weighed else []
    found: list[AnyFact] = [*telling, *[one for one in failed(facts) if one not in telling]]
    found = found or [fact for fact in facts if fact.id.startswith("window:")]
    found = found or [fact for fact in facts if fact.id.startswith("run:")][:1]
    yield from map(as_claim, [*found[:CLAIMS], *unread(facts)])


def unread(facts: Sequence[AnyFact]) -> list[RunFact]:
    """The run, if some of its reports could not be read."""
    return [one for one in facts if isinstance(one, RunFact) and one.now and one.unread]


def since(facts: Sequence[AnyFact], weighed: Sequence[Weighed]) -> Iterator[Claim]:
    """From when on: by what speaks for the likeliest cause, and by what failed before it did."""
    speaking, others = (
        dated(some) for some in (weighed[0].facts if weighed else (), failed(facts))
    )
    earliest = [*speaking[:1], *[one for one in others[:1] if one.since < until(speaking)]]
    for fact in earliest:
        said = f"{fact.name} has been out of its bounds since the window from {fact.since}."
        yield cite(said, (fact.id, fact.said))
    runs = [fact for fact in facts if isinstance(fact, RunFact)]
    good = [one for one in runs if one.good][:1]
    for bad in (one for one in runs if one.now and one.state == "failed"):
        last = f"; the last good run is {good[0].name}" if good else ""
        cited = [(one.id, one.said) for one in [bad, *good]]
        yield cite(f"The run {bad.name} failed{last}.", *cited)


def dated(facts: Sequence[AnyFact]) -> list[CheckFact | SignalFact]:
    """The facts that say since when, the earliest first."""
    found = [one for one in facts if isinstance(one, CheckFact | SignalFact) and one.since]
    return sorted(found, key=lambda one: (one.since, one.id))


def until(dated: Sequence[CheckFact | SignalFact]) -> str:
    """Since when the likeliest cause shows; what failed earlier has another one."""
    return dated[0].since if dated else "9999"


def for_whom(facts: Sequence[AnyFact]) -> Iterator[Claim]:
    """The groups of which the model is most wrong, if that is beyond its limit."""
    for gap in [fact for fact in failed(facts) if fact.name == "group_gap"][:1]:
        groups = [fact for fact in facts if fact.id.startswith("slice:")]
        yield from map(as_claim, [one for one in groups if one.report == gap.report][:3])


def cause(one: Weighed) -> Cause:
    """A cause with the facts that speak for it."""
    return Cause(
        cause=one.name,
        title=one.rule.title,
        subject=one.subject,
        weight=round(one.share, 3),
        claims=tuple(map(in_short, one.facts[:CLAIMS])),
    )


def documents(tools: Tools, weighed: Sequence[Weighed]) -> Iterator[Claim]:
    """Where to read about the likeliest cause."""
    if not weighed or not weighed[0].rule.look_up or tools.searcher is None:
        return
    asked = OfDocuments(question=weighed[0].rule.look_up, limit=2 * DOCUMENTS)
    facts = tools.search_documents(asked).facts
    found = [fact for fact in facts if isinstance(fact, DocumentFact) and fact.said.strip()]
    sections = {fact.title: fact for fact in reversed(found)}  # of each, the passage that fits best
    for fact in [one for one in found if sections[one.title] is one][:DOCUMENTS]:
        yield cite(f"{fact.title} ({fact.url or fact.page})", (fact.id, beginning(fact.said)))


def beginning(text: str) -> str:
    """The first words of a text: a quote has whole ones."""
    return text if len(text) <= QUOTED else text[:QUOTED].rsplit(" ", 1)[0]


def proposals(
    run: Run, weighed: Sequence[Weighed], told: Sequence[str]
) -> Iterator[ProposedAction]:
    """What a person may approve; it rests on what was measured, and not on words.

    Args:
        told: the orders of the logs, which may speak against it.
    """
    for one in weighed:
        offer = one.rule.propose
        facts = [fact for fact in one.facts if fact.id.startswith(MEASURED)]
        facts.sort(key=troubled, reverse=True)
        # A change is no trouble by itself.
        if offer is None or not any(map(troubled, facts)) or not offer.fits(run, told):
            continue
        changed = next((fact for fact in facts if fact.id.startswith("change:")), None)
        known = books.fields(changed, {"run": run.run_id or run.name, "dag_id": run.dag_id})
        target = offer.target.format_map(Lenient(known)) or run.name
        why = cite(offer.text, *((fact.id, fact.said) for fact in facts[:3]))
        yield ProposedAction(action=offer.action, target=target, why=why)


class Lenient(dict[str, str]):
    """The fields of a template; one that is not known is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def by_playbook(tools: Tools, path: Path = books.PLAYBOOK) -> Note:
    """The note of the playbook in a file."""
    return investigate(tools, books.read(path))
