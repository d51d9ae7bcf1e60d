"""What a note leaves out: words of others that are not to be shown, as permitted.py says.

The playbook writes what facts say, and reports and logs hold what anybody could put there. A text
is cut before the words that are refused, and the note says so.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from include.assistant.investigator import bearing, claims
from include.assistant.investigator.note import Cause, Citation, Claim, Note, cite
from include.assistant.investigator.permitted import LEFT_OUT, Refusing, refusing
from include.assistant.investigator.tools import OfRun, Tools


def leave_out(note: Note, tools: Tools) -> Note:
    """The note as it may be shown; one that leaves something out says so in what moved."""
    refuse = refusing(tools.returned)
    parts = {
        name: tuple(kept(getattr(note, name), tools, refuse))
        for name in ("moved", "since", "for_whom", "look_up")
    }
    causes = tuple(cause(one, tools, refuse) for one in note.causes)
    headline = f"{note.causes[0].title}." if refuse(note.headline) else note.headline
    offers = tuple(
        one.model_copy(update={"why": cut(one.why, refuse) or saying_so(tools, refuse)})
        for one in note.proposals
    )
    held = note.model_copy(
        update={**parts, "causes": causes, "headline": headline, "proposals": offers}
    )
    subjects = [one.subject for one in note.causes]
    if not any(map(refuse, [note.headline, *subjects])) and all(
        cut(one, refuse) == one for one in note.claims
    ):
        return held
    return held.model_copy(update={"moved": (*held.moved, saying_so(tools, refuse))})


def cause(one: Cause, tools: Tools, refuse: Refusing) -> Cause:
    """A cause with what may be shown of what speaks for it."""
    subject = "" if refuse(one.subject) else one.subject
    some = tuple(kept(one.claims, tools, refuse)) or (saying_so(tools, refuse),)
    return one.model_copy(update={"subject": subject, "claims": some})


def kept(some: Iterable[Claim], tools: Tools, refuse: Refusing) -> Iterator[Claim]:
    """The claims of which something may be shown, and that still hold."""
    for claim in some:
        held = cut(claim, refuse)
        if held and not [*claims.problems(held, tools.returned)]:
            yield held


def cut(claim: Claim, refuse: Refusing) -> Claim | None:
    """A claim without the words that are refused; None if too few are left."""
    text = before(claim.text, refuse)
    quotes = [before(one.quote, partial(refuse, quoted=True)) for one in claim.citations]
    few = any(
        quote != one.quote and len(quote.split()) < bearing.WORDS
        for quote, one in zip(quotes, claim.citations, strict=True)
    )
    if few or not text:
        return None
    cited = [
        Citation(id=one.id, quote=quote) for one, quote in zip(claim.citations, quotes, strict=True)
    ]
    return Claim(text=text if text == claim.text else f"{text} ...", citations=tuple(cited))


def saying_so(tools: Tools, refuse: Refusing) -> Claim:
    """The claim that something is left out; it cites the run."""
    run = tools.list_runs(OfRun(limit=1)).facts[0]
    return cite(LEFT_OUT, (run.id, before(run.said, partial(refuse, quoted=True))))


def before(text: str, refuse: Callable[[str], str]) -> str:
    """A text up to the word with which it is refused."""
    words, end = text.split(" "), len(text.split(" "))
    while end and refuse(" ".join(words[:end])):
        end -= 1
    return " ".join(words[:end])
