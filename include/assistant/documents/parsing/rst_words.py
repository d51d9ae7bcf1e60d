"""What reStructuredText pages say in words that only Sphinx knows, made plain.

docutils knows roles and directives by their names only: those that a page uses are taught to it
before the page is read. None of them reads a file, draws, or runs anything.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.states import Inliner, SubstitutionDef

from include.assistant.documents.parsing.html_text import words_of
from include.assistant.documents.parsing.spelling import shown
from include.assistant.documents.parsing.words import words

CODE = words(
    """
    code code-block sourcecode parsed-literal ipython ipython3 doctest testcode testsetup
    testoutput prompt console command-output productionlist code-cell jupyter-execute
    """
)
# Lists of pages, pictures, what is made from source code, and what is for writers of the page.
DROPPED = words(
    """
    toctree contents index highlight highlightlang currentmodule currentlibrary module
    py:module py:currentmodule image graphviz inheritance-diagram plot raw include
    literalinclude exampleinclude meta tags sectionauthor codeauthor moduleauthor
    tabularcolumns default-role role title sectnum header footer unicode replace date
    autosummary minigallery testcleanup todo todolist
    """
)
# Made from source code: what is written below the name is all that stands in the page.
MADE = words("argparse autoprogram changelog click")
INCLUDES = words(
    "include literalinclude exampleinclude"
)  # counted, since a page may be nothing else
FAQ = frozenset({"cssclass", "rst-class", "class"})  # marks the list of questions that follows
SAID = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also:",
}
KNOWN = words(
    """
    note warning tip important hint attention caution danger error admonition topic sidebar
    rubric epigraph highlights pull-quote compound container table list-table csv-table
    line-block math figure replace unicode
    """
)
ROLES_KEPT = words(
    """
    emphasis strong literal subscript superscript sub sup code math pep rfc pep-reference
    rfc-reference
    """
)
DIRECTIVE = re.compile(
    r"^[ \t>*-]*\.\.[ ]+(?:\|[^|\n]+\|[ ]+)?([A-Za-z][\w.+:-]*?)[ ]?::(?:\s|$)", re.M
)
ROLE = re.compile(r"(?::(?=[\w.+:-]+:`)|(?<=`):)([A-Za-z][\w.+:-]*):")


@contextmanager
def taught(text: str, titles: Mapping[str, str]) -> Iterator[None]:
    """Let docutils read the roles and directives that a page uses, until the block ends.

    What one page teaches, the next one must not know: it would be read in another way than alone.

    Args:
        titles: of what it refers to, by what is written in the reference.
    """
    registers: list[dict[str, Any]] = [roles._roles, directives._directives]  # type: ignore[attr-defined]
    before = [dict(register) for register in registers]
    role = partial(plain_role, titles)
    for name in set(ROLE.findall(text)) - ROLES_KEPT | {""}:  # "" is what `text` alone means
        roles.register_local_role(name.lower(), role)  # type: ignore[arg-type]
    for name in set(DIRECTIVE.findall(text)) | DROPPED | CODE:
        if name.lower() not in KNOWN:
            directives.register_directive(name.lower(), kind_of(name.lower()))
    try:
        yield
    finally:
        for register, known in zip(registers, before, strict=True):
            register.clear()
            register.update(known)


def kind_of(name: str) -> type[Directive]:
    """How a directive is read."""
    if name in CODE or name.startswith(("code", "tabs-code")):
        return Literal
    if name in INCLUDES:
        return Include
    if name == "raw":
        return Raw
    if name in DROPPED:
        return Nothing
    if name in MADE or name.startswith("auto"):
        return Made
    return Mark if name in FAQ else Content


class AnyOption(dict[str, Callable[[str], Any]]):
    """Every option is taken, and none is looked at."""

    def __getitem__(self, name: str) -> Callable[[str], Any]:
        return directives.unchanged

    def __bool__(self) -> bool:
        return True


class Loose(Directive):
    """A directive that takes whatever stands there."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]] | None] = AnyOption()

    def below(self) -> list[nodes.Node]:
        """What is written below its first line."""
        holder = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        return holder.children


class Nothing(Loose):
    """A directive that says nothing to a reader."""

    def run(self) -> Sequence[nodes.Node]:
        # What |name| stands for has to be something: else its definition is taken for text.
        return [nodes.inline()] if isinstance(self.state, SubstitutionDef) else []


class Raw(Nothing):
    """A piece of another format, of which HTML has words."""

    def run(self) -> Sequence[nodes.Node]:
        formats = " ".join(self.arguments).lower().split()
        said = words_of("\n".join(self.content)) if "html" in formats else ""
        return [nodes.paragraph(said, said)] if said else super().run()


class Include(Loose):
    """Another file, which is not read; kept as a comment, so that it can be counted."""

    def run(self) -> Sequence[nodes.Node]:
        return [nodes.comment("", "", classes=["include"])]


class Mark(Loose):
    """A class for what follows; kept as a comment, since questions may be marked by it."""

    def run(self) -> Sequence[nodes.Node]:
        return [nodes.comment("", "", classes=" ".join(self.arguments).split()), *self.below()]


class Literal(Loose):
    """Text whose lines stay as they are."""

    def run(self) -> Sequence[nodes.Node]:
        # Without an empty line above it, docutils takes code for more of what is said of it.
        own = self.block_text.split("\n")[0].partition("::")[2].strip()
        above = "\n".join(self.arguments).removeprefix(own).strip("\n")
        text = "\n".join([*([above] if above else []), *self.content])
        return [nodes.literal_block(text, text)] if text.strip() else []


class Content(Loose):
    """An argument, and what stands below it."""

    def run(self) -> Sequence[nodes.Node]:
        if isinstance(self.state, SubstitutionDef):
            return [nodes.inline("", " ".join(self.arguments))]
        holder = nodes.container()
        said = SAID.get(self.name)
        head = " ".join(" ".join(self.arguments).split())
        if said or head:
            children, _ = self.state.inline_text(head, self.lineno)
            holder += nodes.paragraph(
                "", "", *([nodes.Text(f"{said} ")] if said else []), *children
            )
        holder += self.below()
        return [holder]


class Made(Content):
    """What is made from source code, of which a page has what is written below its name."""

    def run(self) -> Sequence[nodes.Node]:
        return super().run() if self.content else []


def plain_role(
    titles: Mapping[str, str],
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Inliner,
    options: Mapping[str, Any] | None = None,
    content: Sequence[str] = (),
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The words that a role shows."""
    return [nodes.inline(rawtext, titles.get(" ".join(text.split())) or shown(text))], []
