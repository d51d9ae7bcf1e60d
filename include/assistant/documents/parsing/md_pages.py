"""Markdown into sections: CommonMark with tables, and what MyST and MkDocs add to it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from include.assistant.documents.parsing import front_matter, md_marks
from include.assistant.documents.parsing.html_text import words_of
from include.assistant.documents.parsing.rst_words import CODE, DROPPED, INCLUDES
from include.assistant.documents.parsing.sections import Block, Outline, Section, one_line, row
from include.assistant.documents.parsing.spelling import shown

ROLE = re.compile(r"\{[\w:+-]+\}`([^`\n]+)`")
ADMONITION = re.compile(
    r'^([ \t]*)(?:(?:!!!|\?\?\?\+?|///)[ \t]*([\w-]*)|===\+?)[ \t]*(?:"(.*)")?[ \t]*$'
)
FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})(.*)$")
BLOCK = "///"  # begins a note, and alone ends it
DIRECTIVE = re.compile(r"^\{([\w:+-]+)\}\s*(.*)$")
OPTION = re.compile(r"\A(?:[ \t]*:[\w-]+:[^\n]*\n)+|" + front_matter.NAMES.pattern)
BREAK = re.compile(r"</?(?:br|hr|p|div|[uod]l|li|d[td]|t[rdh]|h[1-6])\b", re.I)  # ends a line
HEADING = re.compile(r"<h[1-6]\b", re.I)
DEEPEST = 100  # levels; quotes and items of lists are nested
INDENT = 4  # columns of what is in a note, and to which a tab leads


def sections_of(text: str) -> list[Section]:
    """The sections of a page."""
    title, page = front_matter.parted(text)
    outline = Outline()
    add(page, outline)
    if title and all(section.level != 1 for section in outline.sections):
        outline = Outline()
        outline.heading(1, title)
        add(page, outline)
    return outline.sections


def add(text: str, outline: Outline) -> None:
    """Add the headings and blocks of a text.

    Raises:
        ValueError: what stands in it is nested so deeply that the parser leaves it out.
    """
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    lines = text.split("\n")
    tokens = parser.parse("\n".join(unfolded(md_marks.plain(lines, [*in_code(lines)]))))
    if any(token.level >= DEEPEST - 1 for token in tokens):
        raise ValueError("its parts are nested too deeply")
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open" and token.level == 0:
            title = md_marks.IDENTITY.sub("", inline(tokens[at + 1]))
            outline.heading(int(token.tag[1:]), title)
            at += 3
            continue
        if token.type == "html_block" and token.level == 0 and HEADING.search(token.content):
            add_html(token.content, outline)
            at += 1
            continue
        end = closing(tokens, at)
        outline.extend(blocks_of(tokens[at : end + 1]))
        outline.sections[-1].includes += sum(map(includes, tokens[at : end + 1]))
        at = end + 1


def add_html(html: str, outline: Outline) -> None:
    """Add the headings and blocks of a piece of HTML."""
    from include.assistant.documents.parsing import html_pages

    html_pages.add(html, outline)


def in_code(lines: Sequence[str]) -> Iterator[bool]:
    """For each line, whether it is of code or of what has the form of it."""
    fence = ""
    for line in lines:
        before, fence = fence, fence_after(line, fence)
        yield bool(before or fence)


def includes(token: Token) -> bool:
    """Whether another file would stand here."""
    found = token.type == "fence" and DIRECTIVE.match(token.info.strip())
    return bool(found and found[1] in INCLUDES)


def role_shown(found: re.Match[str]) -> str:
    """What a MyST role shows."""
    return shown(found[1])


def unfolded(lines: Iterable[str]) -> Iterator[str]:
    """Lines with the notes and tabs of MkDocs as plain paragraphs, and roles as what they show."""
    inside: list[int] = []  # columns in which the notes that are open begin
    blocks = 0  # that are open and end in a line of their own
    fence = ""
    for line in lines:
        width = width_of(line)
        while inside and line.strip() and width < inside[-1] + INDENT and not fence:
            inside.pop()
        line = less_indented(line, INDENT * len(inside)) if line.strip() else ""
        line = line if fence else ROLE.sub(role_shown, line)
        found = None if fence else ADMONITION.match(line)
        fence = fence_after(line, fence)
        if found and (found[2] or found[3]):
            inside.append(width)
            blocks += line.lstrip().startswith(BLOCK)
            yield ""
            yield f"{found[1]}{found[3] or found[2].capitalize()}:"
        elif blocks and not fence and line.strip() == BLOCK:
            blocks -= 1
        else:
            yield line


def width_of(line: str) -> int:
    """The column in which the words of a line begin."""
    return len(line.expandtabs(INDENT)) - len(line.expandtabs(INDENT).lstrip(" "))


def less_indented(line: str, columns: int) -> str:
    """A line without so many columns of the blanks that it begins with."""
    return " " * max(width_of(line) - columns, 0) + line.lstrip(" \t") if columns else line


def fence_after(line: str, fence: str) -> str:
    """The signs that opened the code which is open after a line; none if none is."""
    found = FENCE.match(line)
    if not found:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) and not found[2].strip() else fence


def closing(tokens: Sequence[Token], start: int) -> int:
    """Where the block that begins at `start` ends."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += tokens[at].nesting
        if depth <= 0:
            return at
    return len(tokens) - 1


def blocks_of(tokens: Sequence[Token]) -> Iterator[Block]:
    """The blocks of one element of the page."""
    prefix = ""
    cells: list[str] = []
    head = ""
    for token in tokens:
        if token.type == "list_item_open":
            prefix = "- "
        elif token.type == "tr_open":
            cells = []
        elif token.type in ("td_open", "th_open"):
            cells.append("")
        elif token.type == "tr_close":
            line = row(cells)
            yield Block(line, head=head)
            head = head or line
        elif token.type == "inline" and cells:
            cells[-1] = inline(token)
        elif token.type in ("fence", "code_block"):
            yield from fence(token)
        elif token.type == "inline":
            yield Block(prefix + inline(token))
            prefix = ""
        elif token.type == "html_block":
            yield Block(words_of(token.content))
        elif token.type == "table_close":
            cells, head = [], ""


def fence(token: Token) -> Iterator[Block]:
    """Code; or the words of a MyST directive."""
    found = DIRECTIVE.match(token.info.strip())
    if not found or found[1] in CODE:
        yield Block(OPTION.sub("", token.content) if found else token.content, code=True)
        return
    if found[1] in DROPPED or found[1].startswith(("auto", "eval")):
        return
    outline = Outline()
    add(OPTION.sub("", token.content), outline)
    head = one_line(f"{found[1].capitalize()}: {found[2]}")
    for section in outline.sections:
        for block in section.blocks:
            yield replace(block, text=f"{head} {block.text}".strip()) if head else block
            head = ""


def inline(token: Token) -> str:
    """The words of a paragraph or heading."""
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or is_break(child):
            parts.append(" ")
    return one_line("".join(parts))


def is_break(token: Token) -> bool:
    """Whether a piece of HTML in a paragraph ends a line."""
    return token.type == "html_inline" and bool(BREAK.match(token.content))
