"""reStructuredText, as docutils reads it, into sections."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

from include.assistant.documents.parsing import rst_words
from include.assistant.documents.parsing.sections import Block, Outline, Section, one_line, row

SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "syntax_highlight": "none",
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "smart_quotes": False,
    "line_length_limit": 1_000_000,
    "_disable_config": True,
}
UNSEEN = (
    nodes.comment,
    nodes.target,
    nodes.substitution_definition,
    nodes.raw,
    nodes.pending,
    nodes.image,
    nodes.meta,
    nodes.title,
    nodes.label,
    nodes.transition,
)
UNSAID = (nodes.raw, nodes.footnote_reference, nodes.image, nodes.system_message)
REFERENCE = nodes.substitution_reference
ERROR = 3  # level of a message from which on something is not read as it was meant
CODE = (nodes.literal_block, nodes.doctest_block, nodes.math_block)


def sections_of(text: str, titles: Mapping[str, str] | None = None) -> list[Section]:
    """The sections of a page.

    Args:
        titles: of what it refers to; see references.py.
    """
    settings = get_default_settings(Parser)
    for name, value in SETTINGS.items():
        setattr(settings, name, value)
    document = new_document("page", settings)
    with rst_words.taught(text, titles or {}):
        Parser().parse(text, document)
    substitute(document)
    outline = Outline()
    walk(document, 0, outline)
    return outline.sections


def substitute(document: nodes.document) -> None:
    """Put the words that |name| stands for in its place, also in those of another name once."""
    held = document.substitution_defs
    for parts in (list(held.values()), [document]):
        said = {name: inline(node) for name, node in held.items()}
        for place in [one for part in parts for one in part.findall(REFERENCE)]:
            name = document.substitution_names.get(place["refname"].lower(), "")
            if name in said:
                place.replace_self(nodes.inline("", said[name]))


def walk(node: nodes.Element, level: int, outline: Outline) -> None:
    """Add what a section holds; sections in it are of the next level."""
    marked = False  # the list that follows is one of questions
    asked = False  # the section that is open is that of a question
    for child in node.children:
        if isinstance(child, nodes.section):
            outline.heading(level + 1, title_of(child))
            walk(child, level + 1, outline)
        elif isinstance(child, nodes.definition_list) and (marked or asks(child)):
            marked, asked = False, True
            questions(child, level, outline)
        else:
            marked = marked or marks(child)
            blocks = list(blocks_of(child))
            if asked and blocks:
                asked = False
                outline.back_to(level)
            outline.extend(blocks)
            count(child, outline.sections[-1])


def marks(node: nodes.Node) -> bool:
    """Whether a node says that the list which follows is one of questions."""
    return isinstance(node, nodes.comment) and "faq" in node.get("classes", [])


def count(node: nodes.Node, section: Section) -> None:
    """Count what docutils could not read as it was meant, and what stands in other files."""
    section.problems += sum(said["level"] >= ERROR for said in node.findall(nodes.system_message))
    section.includes += sum("include" in said["classes"] for said in node.findall(nodes.comment))


def title_of(section: nodes.Element) -> str:
    """The heading of a section."""
    titles = [inline(child) for child in section.children if isinstance(child, nodes.title)]
    return titles[0] if titles else ""


def asks(items: nodes.Element) -> bool:
    """Whether the terms of a list are questions."""
    return all(inline(item.children[0]).endswith("?") for item in items.children)


def questions(items: nodes.Element, level: int, outline: Outline) -> None:
    """Questions written as the terms of a list are headings."""
    for item in items.children:
        outline.heading(level + 1, inline(item.children[0]))
        for part in item.children[1:]:
            outline.extend(blocks_of(part))
            count(part, outline.sections[-1])


def blocks_of(node: nodes.Node) -> Iterator[Block]:
    """The blocks of anything that is no section."""
    if isinstance(node, UNSEEN):
        return
    if isinstance(node, CODE):
        yield Block(node.astext(), code=True)
    elif isinstance(node, nodes.system_message):
        # What could not be read, such as a table whose lines do not meet, stands in it as it is.
        kept = [child for child in node.children if isinstance(child, nodes.literal_block)]
        yield from (Block(child.astext(), code=True) for child in kept)
    elif not isinstance(node, nodes.Element):
        yield Block(node.astext())
    elif isinstance(node, nodes.TextElement):
        yield Block(inline(node))
    elif isinstance(node, nodes.tgroup):
        yield from rows_of(node)
    elif isinstance(node, nodes.definition_list_item | nodes.field | nodes.option_list_item):
        yield from with_head(node, ": ")
    elif isinstance(node, nodes.footnote | nodes.citation):
        labels = [inline(child) for child in node.children if isinstance(child, nodes.label)]
        yield from prefixed(f"[{labels[0]}] " if labels else "- ", node)
    elif isinstance(node, nodes.list_item):
        yield from prefixed("- ", node)
    elif isinstance(node, nodes.Admonition):
        yield from prefixed(f"{title_of(node) or node.tagname.capitalize()}: ", node)
    elif isinstance(node, nodes.topic | nodes.sidebar):
        yield from prefixed(f"{title_of(node)}: " if title_of(node) else "", node)
    elif isinstance(node, nodes.section):
        yield from prefixed(f"{title_of(node)}: ", node)
    else:
        for child in node.children:
            yield from blocks_of(child)


def rows_of(table: nodes.Element) -> Iterator[Block]:
    """The rows of a table, each with the one that names its columns."""
    head = ""
    for line in table.findall(nodes.row):
        cells = row(map(flat, line.children))
        yield Block(cells, head=head)
        head = head or (cells if isinstance(line.parent, nodes.thead) else "")


def prefixed(prefix: str, node: nodes.Element) -> Iterator[Block]:
    """The blocks of a node, the first with something before it."""
    for child in node.children:
        for block in blocks_of(child):
            yield replace(block, text=prefix + block.text) if not block.code else block
            prefix = ""


def with_head(node: nodes.Element, joint: str) -> Iterator[Block]:
    """A term, field or option and what is said of it."""
    bodies = (nodes.definition, nodes.field_body, nodes.description)
    heads = [flat(child) for child in node.children if not isinstance(child, bodies)]
    body = nodes.container()
    body.extend(child for child in node.children if isinstance(child, bodies))
    head = ", ".join(filter(None, heads))
    found = list(prefixed(head + joint, body))
    yield from found if found and not found[0].code else [Block(head), *found]


def flat(node: nodes.Node) -> str:
    """All text of a node in one line."""
    return one_line(" ".join(block.text for block in blocks_of(node)))


def inline(node: nodes.Node) -> str:
    """The words of a paragraph or heading."""
    if isinstance(node, UNSAID):
        return ""
    if isinstance(node, nodes.Text) or not isinstance(node, nodes.Element):
        return node.astext()
    words = ""
    for child in node.children:
        before_note = isinstance(child, nodes.footnote_reference)
        words = (words.rstrip() if before_note else words) + inline(child)
    return words
