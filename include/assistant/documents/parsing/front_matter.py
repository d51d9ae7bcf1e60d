"""What stands at the top of a Markdown page for the program that shows it: YAML or TOML."""

import re
import tomllib

import yaml

# Between its lines are names with values: a page may as well begin with a rule.
NAMES = re.compile(
    r"\A---\n(?!\n)(?:(?:[\w\"'][^\n:]*:[^\n]*|[ \t#\]}-][^\n]*|)\n)*?---[ \t]*(?:\n|\Z)"
)
YAML = re.compile(r"\A---\n(?!\n)(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
LONGEST = 20_000  # characters
TOML = re.compile(r"\A\+\+\+\n(.*?\n?)\+\+\+[ \t]*(?:\n|\Z)", re.S)


def parted(text: str) -> tuple[str, str]:
    """The title that the front matter of a page gives it, if it has one, and the page below."""
    for form, read in ((YAML, yaml_in), (TOML, toml_in)):
        found = form.match(text)
        held = read(found[1]) if found and len(found[1]) <= LONGEST else None
        if found and isinstance(held, dict):
            title = held.get("title")
            return title if isinstance(title, str) else "", text[found.end() :]
    return "", NAMES.sub("", text)  # nearly YAML, as templates and colons in titles make it


def yaml_in(text: str) -> object:
    """What YAML says; nothing where it is none."""
    try:
        # The faster loader, in C, ends the process where brackets are nested too deeply.
        return yaml.load(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):  # the last: a date of no calendar
        return None


def toml_in(text: str) -> object:
    """What TOML says; nothing where it is none."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
