"""Airflow's config.yml, which is the reference of its settings: a section an option."""

from typing import Any

import yaml

from include.assistant.documents.parsing import rst_pages
from include.assistant.documents.parsing.sections import Outline, Section

PAGE = "Airflow configuration"


def sections_of(text: str) -> list[Section]:
    """The sections of the page: one a group of options, and one an option in it.

    Raises:
        ValueError: the text is not the YAML of such a file.
    """
    outline = Outline()
    outline.heading(1, PAGE)
    try:
        groups: dict[str, dict[str, Any]] = yaml.load(text, yaml.CSafeLoader)
        for name, group in groups.items():
            outline.heading(2, f"[{name}]")
            add_text(group["description"], outline)
            for option, said in group["options"].items():
                outline.heading(3, option)
                add_option(name, option, said, outline)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        problem = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"it is not a list of options in YAML ({problem})") from None
    return outline.sections


def add_option(group: str, option: str, said: dict[str, Any], outline: Outline) -> None:
    """What an option means, its type and default, and how the environment sets it."""
    add_text(said.get("description"), outline)
    default = said.get("default")
    shown = "no default" if default in (None, "") else f"default {default}"
    outline.add(f"Option {option} of section [{group}]: {said.get('type', 'string')}, {shown}.")
    if said.get("example"):
        outline.add(f"Example: {said['example']}")
    variable = f"AIRFLOW__{group}__{option}".upper()
    outline.add(f"Environment variable: {variable}")
    if said.get("version_added"):
        outline.add(f"Added in version {said['version_added']}.")


def add_text(description: str | None, outline: Outline) -> None:
    """A description, which is reStructuredText."""
    for section in rst_pages.sections_of(description or ""):
        outline.extend(section.blocks)
