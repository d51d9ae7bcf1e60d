"""Pages of this machine lie below a dep of the stage: DVC sees no other change."""

import os
from pathlib import Path

import yaml

from include.assistant.documents.fetching.source_settings import Source
from include.errors import DataError

STAGE = "fetch_docs"


def check_seen(name: str, source: Source, graph: Path) -> None:
    """Raise DataError if pages of a source may change and no run would notice.

    Args:
        graph: the dvc.yaml that runs the stage; without one, whoever runs it sees to that.
    """
    folder = source.folder or source.location
    if not folder or "://" in folder or not graph.is_file():
        return
    deps = deps_of(graph)
    for pattern in source.pages:
        place = os.path.normpath(os.path.join(folder, source.root, fixed(pattern)))
        if not any(Path(os.path.abspath(place)).is_relative_to(dep) for dep in deps):
            raise DataError(
                f"The source {name} reads {place}, which is not among the deps of {STAGE} in "
                f"{graph.name}: no run would see what changes there.",
                f"add {place} to the deps of {STAGE} in {graph.name}."
                if not holds(place, graph)
                else f"name its pages one by one in sources.{name}, or put them into a folder.",
            )


def deps_of(graph: Path) -> list[str]:
    """What DVC looks at before it runs the stage, as whole paths."""
    stage = yaml.safe_load(graph.read_text())["stages"][STAGE]
    return [os.path.abspath(graph.parent / str(dep)) for dep in stage.get("deps", [])]


def fixed(pattern: str) -> str:
    """The folders of a pattern before its first sign that stands for any name, or all of it."""
    parts = pattern.split("/")
    odd = [number for number, part in enumerate(parts) if "*" in part or "?" in part]
    return "/".join(parts[: odd[0]] if odd else parts)


def holds(place: str, graph: Path) -> bool:
    """Whether a folder holds the dvc.yaml, and so all that the stage makes: it can be no dep."""
    return graph.resolve().is_relative_to(os.path.abspath(place))
