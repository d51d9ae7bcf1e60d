"""The lockfiles of a workspace: read an entry, pass it on, and put them in DVC's order.

An entry is passed on as the lines that DVC wrote, so that a lockfile stays what DVC would have
written.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from include.pipeline.child import files
from include.pipeline.git.command import git

FILE = "dvc.yaml:"  # what comes between the folder of a stage and its name
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ANCHOR = re.compile(r"[&*]id\d{3}")


def lockfiles(folder: Path, stages: Iterable[str]) -> list[Path]:
    """The lockfiles of stages that are there, relative to the folder."""
    found = {place_of(stage)[0] for stage in stages if not stage.endswith(".dvc")}
    return sorted(path for path in found if (folder / path).exists())


def place_of(stage: str) -> tuple[Path, str]:
    """The lockfile of a stage, relative to the repository, and its name in there."""
    folder, found, name = stage.partition(FILE)
    return (Path(folder, "dvc.lock"), name) if found else (Path("dvc.lock"), stage)


def has_entry(folder: Path, stage: str) -> bool:
    """Whether the lockfile says something of a stage."""
    return bool(lines_of(folder, stage))


def lines_of(folder: Path, stage: str) -> str:
    """The lines of a stage in its lockfile; empty if there are none."""
    file, name = place_of(stage)
    if not (folder / file).exists():
        return ""
    return "".join(parted((folder / file).read_text())[1].get(name, []))


def put(folder: Path, entries: Mapping[str, str]) -> None:
    """Put the lines of stages into their lockfiles, in the place of what is there."""
    for file in sorted({place_of(stage)[0] for stage in entries}):
        text = (folder / file).read_text() if (folder / file).exists() else EMPTY
        head, blocks, rest = parted(text)
        for stage, lines in entries.items():
            if place_of(stage)[0] == file:
                blocks[place_of(stage)[1]] = lines.splitlines(keepends=True)
        write(folder / file, head, counted(blocks), rest)


def put_in_order(run_folder: Path, commit: str, order: Sequence[str]) -> None:
    """List the stages as `dvc repro` would have, whichever of them ended first.

    Entries that the lockfile had before keep their place, as they do in DVC.

    Args:
        commit: of the run, whose lockfile is what was there before.
        order: all stages of the graph, in the order of `dvc repro`.
    """
    ranks = {stage: rank for rank, stage in enumerate(order)}
    for path in lockfiles(run_folder, order):
        old = git(run_folder, "show", f"{commit}:./{path}", check=False)
        held = list(parted(old)[1])
        text = (run_folder / path).read_text()
        if text.strip() == old:
            continue
        head, blocks, rest = parted(text)
        prefix = "" if path.parent == Path() else f"{path.parent.as_posix()}/{FILE}"
        new = sorted(blocks.keys() - set(held), key=lambda n: (ranks.get(prefix + n, 0), n))
        wanted = [name for name in held if name in blocks] + new
        ordered = counted({name: blocks[name] for name in wanted})
        if list(blocks.items()) != list(ordered.items()):
            write(run_folder / path, head, ordered, rest)


def counted(blocks: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The lines of stages with the anchors that DVC gives them: it counts them through the file.

    Each has its number where it is first used again. Lines that came from elsewhere may have the
    same as those of another stage.
    """
    numbers, found = count(1), dict[str, list[str]]()
    for stage, lines in blocks.items():
        text = "".join(lines)
        tokens = list(yaml.scan(text, LOADER)) if ANCHOR.search(text) else []
        marks = [token for token in tokens if isinstance(token, yaml.AnchorToken | yaml.AliasToken)]
        used = dict.fromkeys(mark.value for mark in marks if isinstance(mark, yaml.AliasToken))
        names = {name: f"id{next(numbers):03}" for name in used}
        for mark in reversed(marks):
            name = str(names.get(mark.value, mark.value))
            text = text[: mark.start_mark.index + 1] + name + text[mark.end_mark.index :]
        found[stage] = text.splitlines(keepends=True) if marks else lines
    return found


def entries_in(lines: str) -> dict[str, list[str]]:
    """The stages that some lines of a lockfile are of."""
    try:
        return parted(f"stages:\n{lines}")[1]
    except (yaml.YAMLError, AttributeError, IndexError):
        return {}


EMPTY = "schema: '2.0'\nstages: {}\n"


def parted(text: str) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """The lines of a lockfile: its head, those of each stage, and what follows the stages."""
    lines = text.splitlines(keepends=True)
    stages = stages_of(yaml.compose(text, Loader=LOADER))
    if stages is None or not stages.value:
        head = text.replace("stages: {}", "stages:").splitlines(keepends=True)
        return head if stages else [*head, "stages:\n"], {}, []
    if stages.flow_style:  # nobody but a person writes so
        return parted(yaml.safe_dump(yaml.load(text, LOADER), sort_keys=False))
    # A name of more than 128 letters begins its line with a question mark.
    names = {name.value: name.start_mark.line for name, _ in stages.value}
    last = stages.end_mark.line + bool(stages.end_mark.column)
    blocks = {
        name: lines[first:following]
        for (name, first), following in zip(names.items(), [*names.values(), last][1:], strict=True)
    }
    return lines[: next(iter(names.values()))], blocks, lines[last:]


def stages_of(document: yaml.Node | None) -> Any:
    """The part of a lockfile that holds its stages."""
    if isinstance(document, yaml.MappingNode):
        return next((part for name, part in document.value if name.value == "stages"), None)
    return None


def write(file: Path, head: list[str], blocks: Mapping[str, list[str]], rest: list[str]) -> None:
    """Write a lockfile aside, then into its place."""
    lines = [line for block in blocks.values() for line in block]
    files.write(file, "".join([*head, *lines, *rest]))
