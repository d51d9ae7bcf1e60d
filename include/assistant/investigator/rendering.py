"""A note as Markdown and as a page: whatever stands in it is text, and never markup."""

import re
from collections.abc import Iterator, Sequence

from include.assistant.investigator.note import Claim, Note
from include.pages import html

# What means something in Markdown: anywhere, beside a word, or at the beginning of a line.
SIGNS = re.compile(r"([\\`*\[\]<>|~$]|(?<!\w)_|_(?!\w)|^[-+#=]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")
PAGE = "assistant/investigator/note.html.j2"
PARTS = (("What moved", "moved"), ("Since when", "since"), ("For whom", "for_whom"))


def as_html(note: Note) -> str:
    """The note as one page, readable offline."""
    parts = [(title, getattr(note, name)) for title, name in PARTS]
    return html.render(PAGE, note=note, parts=parts, numbers=numbers(note), quotes=quotes(note))


def quotes(note: Note) -> dict[str, str]:
    """What is quoted of each fact that is cited."""
    return {one.id: one.quote for claim in note.claims for one in claim.citations}


def numbers(note: Note) -> dict[str, int]:
    """The facts that are cited, numbered in the order in which they are."""
    ids = dict.fromkeys(citation.id for claim in note.claims for citation in claim.citations)
    return {id: number for number, id in enumerate(ids, 1)}


def as_markdown(note: Note) -> str:
    """The note as Markdown."""
    return "\n".join(lines(note, numbers(note))) + "\n"


def lines(note: Note, known: dict[str, int]) -> Iterator[str]:
    """The lines of the note."""
    yield f"# {plain(note.headline)}"
    yield f"\nRun {plain(note.run)}. Written by {plain(note.written_by)}."
    if note.reason:
        yield f"\n{plain(note.reason)}"
    for title, name in PARTS:
        yield from part(title, getattr(note, name), known)
    yield "\n## Likely causes\n"
    for number, one in enumerate(note.causes, 1):
        subject = f": {plain(one.subject)}" if one.subject else ""
        yield f"{number}. **{plain(one.title)}**{subject} ({one.weight:.0%} of what speaks for any)"
        yield from (f"   - {cited(claim, known)}" for claim in one.claims)
    if not note.causes:
        yield "None that is known."
    yield "\n## What to do next\n"
    yield from (f"- {plain(step)}" for step in note.next_steps or ("Nothing is proposed.",))
    if note.proposals:
        yield "\n## Waits for approval\n"
    for offer in note.proposals:
        action = offer.action.replace("_", " ")
        yield f"- **{action}** {plain(offer.target)}: {cited(offer.why, known)}"
    yield from part("Read more", note.look_up, known)
    yield "\n## Evidence\n"
    said = quotes(note)
    yield from (f"{number}. `{code(id)}`: {plain(said[id])}" for id, number in known.items())


def part(title: str, claims: Sequence[Claim], known: dict[str, int]) -> Iterator[str]:
    """A heading with its claims; nothing without one."""
    if claims:
        yield f"\n## {title}\n"
        yield from (f"- {cited(claim, known)}" for claim in claims)


def cited(claim: Claim, known: dict[str, int]) -> str:
    """A claim with the numbers of its evidence."""
    marks = ", ".join(str(known[one.id]) for one in claim.citations)
    return f"{plain(claim.text)} \\[{marks}\\]"


def plain(text: str) -> str:
    """A text of one line in which nothing is markup: neither of Markdown nor of HTML."""
    one = " ".join(text.split()).replace("&", "&amp;")
    safe = SIGNS.sub(r"\\\1", one).replace("\\<", "&lt;").replace("\\>", "&gt;")
    # No address becomes a link by itself.
    return safe.replace("://", ":&#8203;//").replace("www.", "www&#8203;.").replace("@", "&#64;")


def code(text: str) -> str:
    """A text between backquotes."""
    return " ".join(text.split()).replace("`", "'")
