"""What README, docs/ and the like tell a reader to type, page by page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
# What begins a command in the middle of a sentence.
PROGRAMS = [
    "airflow",
    "bentoml",
    "chmod",
    "curl",
    "docker",
    "docker-compose",
    "dvc",
    "feast",
    "git",
    "leeway",
    "make",
    "openssl",
    "pip",
    "python",
    "sha256sum",
    "uv",
]
FILE = re.compile(r"# (\S+\.(?:py|yaml))\n")  # that begins what goes into it
SETTING = re.compile(r"[A-Z_]+=\S+")  # that stands before a program


@dataclass(frozen=True)
class Command:
    """Something to type: a block for a shell, a line of a dialogue, or code in a sentence."""

    page: str
    heading: str
    text: str
    shown: tuple[str, ...] = ()  # what the page says that it prints

    @property
    def lines(self) -> list[str]:
        """Its lines, without comments; one where it is one command on several lines."""
        held = self.text.replace("\\\n", " ").splitlines()
        bare = [re.sub(r"(^|\s)#\s.*", "", line) for line in held]
        return [" ".join(line.split()) for line in bare if line.strip()]

    @property
    def block(self) -> str:
        """Its name in the table, if it has several lines."""
        return f"{self.page}#{self.heading}" if len(self.lines) > 1 else ""

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    page: str
    heading: str
    language: str
    text: str


def read(page: Path) -> Iterator[str | Block]:
    """The page as text and blocks, in their order; each heading is a text of its own."""
    name, heading, held = str(page.relative_to(ROOT)), "", list[str]()
    lines = iter(page.read_text().splitlines())
    for line in lines:
        if line.startswith("```"):
            yield "\n".join(held)
            held, inner = [], list(iter(lambda: next(lines), "```"))
            yield Block(name, heading, line[3:].strip(), "\n".join(inner))
        elif line.startswith("#"):
            yield "\n".join(held)
            held, heading = [], line.lstrip("# ")
            yield line
        else:
            held.append(line)
    yield "\n".join(held)


def blocks(page: Path) -> list[Block]:
    """The blocks of a page."""
    return [part for part in read(page) if isinstance(part, Block)]


def commands(page: Path) -> list[Command]:
    """All that a page says to type, in its order."""
    return [part for part in followed(page) if isinstance(part, Command)]


def followed(page: Path) -> Iterator[Block | Command]:
    """What a reader does who goes from its top to its end: files to write, commands to type."""
    heading, name = "", str(page.relative_to(ROOT))
    for part in read(page):
        if isinstance(part, str):
            heading = part.lstrip("# ") if part.startswith("#") else heading
            for text in filter(is_command, spans(part)):
                yield Command(name, heading, text)
        elif part.language == "bash":
            yield Command(name, heading, part.text)
        elif part.language == "console":
            yield from dialogue(part)
        else:
            yield part


def spans(text: str) -> list[str]:
    """Code in sentences, also where a line ends in it."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def is_command(code: str) -> bool:
    """Whether code in a sentence is a program with words behind it."""
    words = [word for word in code.split() if not SETTING.fullmatch(word)]
    return len(words) > 1 and (words[0] in PROGRAMS or words[0] == ".")


def dialogue(block: Block) -> list[Command]:
    """What follows each prompt of a block, and what is shown below it."""
    found = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        whole = re.match(r"(?:.*\\\n)*.*", part)
        assert whole is not None
        shown = tuple(line for line in part[whole.end() :].splitlines() if line.strip())
        found.append(Command(block.page, block.heading, whole[0], shown))
    return found


def put(folder: Path, block: Block) -> None:
    """Put a block into the file that it names: code as it is, settings beside those there."""
    name = FILE.match(block.text)
    if name is None or block.language not in ("python", "yaml"):
        return
    path = folder / name[1]
    if block.language == "python":
        path.write_text(block.text + "\n")
    else:
        both = merged(yaml.safe_load(path.read_text()), yaml.safe_load(block.text))
        path.write_text(yaml.safe_dump(both, sort_keys=False))


def merged(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """Two mappings as one, and so are the mappings in both."""
    found = dict(one)
    for name, value in other.items():
        held = found.get(name)
        both = isinstance(held, dict) and isinstance(value, dict)
        found[name] = merged(held, value) if both else value  # type: ignore[arg-type]
    return found
