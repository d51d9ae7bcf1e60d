"""Whether what a claim cites bears on it: its quotes, its words, and whether it denies them.

Rules of words, not of sense: they refuse what is about something else, or says the opposite.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from include.assistant.answering.words import negated, stems
from include.assistant.investigator.evidence import GOOD
from include.assistant.investigator.facts import (
    CheckFact,
    DocumentFact,
    Fact,
    RunFact,
    WindowFact,
)
from include.assistant.investigator.note import Citation, Claim

WORDS = 3  # that a quote has at least, unless it is a whole value
SHARE = 0.3  # of the words of a claim that what it cites has at least
NEAREST = 0.5  # of the words of a claim that a part of a quote has, to be held against it
PART = re.compile(r"[.,;:](?:\s|$)|\s(?:and|but|while|though|although)\s")
FINE = re.compile(
    r"\b(?:pass(?:ed|es)?|succe(?:ed|eds|eded|ss|ssful|ssfully)|fine|healthy|steady|normal|okay|ok"
    r"|(?:all|everything|is|are|was|were|goes|went|does|did)\s+well)\b",
    re.IGNORECASE,
)
BROKEN = re.compile(
    r"\b(?:fail(?:s|ed|ing|ures?)?|wrong|amiss|broken|alarms?|problems?|crash(?:es|ed)?|worse)\b",
    re.IGNORECASE,
)
ZERO = re.compile(r"\b(?:0|zero|failed to|free of)\s*$|\b(?:0|zero)\s", re.IGNORECASE)
ALL = re.compile(r"\b(?:all|every|everything|each|no|none|nothing)\b", re.IGNORECASE)


def unrelated(claim: Claim, cited: Mapping[str, Fact], returned: Mapping[str, Fact]) -> str:
    """Why what a claim cites does not bear it out, else ''.

    Args:
        cited: the facts that it cites, by id.
        returned: all that tools have returned.
    """
    if any(spaced(claim.text) == spaced(fact.said) for fact in cited.values()):
        return ""
    said = {*stems(claim.text)}
    held = {*stems(" ".join(map(values, cited.values())))}
    if len(said & held) < SHARE * len(said) or not said:
        return "is about something else than what it cites"
    for citation in claim.citations:
        if fact := cited.get(citation.id):
            title = fact.title if isinstance(fact, DocumentFact) else ""
            if not said & {*stems(f"{citation.quote} {title}")}:
                return f"has no word of {citation.quote!r}, which it cites"
    if denies(claim.text, [*cited.values()], returned) or turned(said, claim):
        return "denies what it cites"
    return ""


def short(citation: Citation, fact: Fact) -> bool:
    """Whether a quote is too little to show anything: no few words, and no whole value."""
    quote = spaced(citation.quote)
    edged = re.search(rf"(?<!\w){re.escape(quote)}(?!\w)", spaced(fact.said))
    whole = quote in {spaced(str(value)) for _, value in fact}
    return not edged or (len(quote.split()) < WORDS and not whole)


def values(fact: Fact) -> str:
    """What a fact holds, without the names of its fields."""
    return " ".join(str(value) for _, value in fact)


def denies(text: str, cited: Sequence[Fact], returned: Mapping[str, Fact]) -> bool:
    """Whether a text calls fine what failed, or failed what is fine."""
    told, known = {*stances(text)}, {state for one in cited if (state := stance(one)) is not None}
    failed = [one for one in returned.values() if isinstance(one, CheckFact) and not good(one)]
    if True in told and ALL.search(text) and any(one.state == "failed" for one in failed):
        return True
    return bool(known) and not told <= known


def stances(text: str) -> Iterator[bool]:
    """Each time that a text calls something fine or broken: whether it is fine."""
    for part in PART.split(text):
        for pattern, fine in ((FINE, True), (BROKEN, False)):
            for found in pattern.finditer(part):
                before = part[: found.start()]
                yield fine != (negated(before) or bool(ZERO.search(before)))


def stance(fact: Fact) -> bool | None:
    """Whether a fact is of something fine; None if it is neither."""
    if isinstance(fact, CheckFact):
        return None if fact.state == "not measured" else good(fact)
    if isinstance(fact, RunFact):
        return None if fact.state == "unknown" else fact.good
    return fact.state in GOOD if isinstance(fact, WindowFact) else None


def good(fact: CheckFact) -> bool:
    """Whether a check passed."""
    return fact.state == "passed"


def turned(said: set[str], claim: Claim) -> bool:
    """Whether the nearest part of the quotes says not, and the claim does not; or other way."""
    near = [
        (len(said & {*stems(part)}) / len(said), negated(part) == negated(claim.text))
        for citation in claim.citations
        for part in PART.split(citation.quote)
    ]
    best = max((share for share, _ in near), default=0.0)
    return best >= NEAREST and not any(same for share, same in near if share >= best)


def spaced(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())
