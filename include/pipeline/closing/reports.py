"""The reports of a run, copied to where they stay."""

import shutil
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from include.errors import PipelineError, at_most_ten
from include.pipeline.child.guards import inside
from include.pipeline.orders import Fetch, Sound
from include.pipeline.reproduce import asked
from include.pipeline.workspace import Run, remove, reports_of


def publish(run: Run, home: Path, reports: Sequence[str]) -> list[Path]:
    """Copy reports to where they stay, in place of all that lies there, and return their paths.

    A reader finds what was there before, or all of the new ones, or for a moment nothing.

    Args:
        reports: outs of the run; those of an unchanged stage come from the cache.
    """
    if not run.folder.exists():
        return []
    outside = [path for path in reports if not inside(path)]
    if outside:
        what = f"The reports {at_most_ten(outside)} lie outside of the repository."
        raise PipelineError(what, "let their stage write them into it, then trigger a new run.")
    fetch(run, reports)
    place = reports_of(home, run.dag_id, run.id)
    aside = place.with_name(f".{place.name}.new")
    remove(aside)
    try:
        copy(run, reports, aside)
        settle(aside, place)
    finally:
        remove(aside)
    return [place / name for name in reports]


def copy(run: Run, reports: Sequence[str], folder: Path) -> None:
    """Copy reports of a run into a folder.

    Raises:
        PipelineError: one is not the run's own.
    """
    for name in reports:
        source, target = run.folder / name, folder / name
        see_that_own(run, source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)


def settle(aside: Path, place: Path) -> None:
    """Let a folder be what lies at a place; there is nothing, if there is no such folder."""
    gone = place.with_name(f".{place.name}.gone")
    remove(gone)
    if place.exists():
        place.replace(gone)
    if aside.exists():
        aside.replace(place)
    remove(gone)


def fetch(run: Run, outs: Sequence[str]) -> None:
    """Bring outs of stages that had nothing to do into the workspace."""
    absent = [path for path in outs if not (run.folder / path).exists()]
    if absent:
        if not run.url:
            asked(run, Sound(absent, []))
        asked(run, Fetch(absent, bool(run.url)))


def see_that_own(run: Run, report: Path) -> None:
    """Refuse a report that is a link, or holds one, to what is no file of the run.

    DVC links files to its cache. A link to a folder would lead anywhere.

    Raises:
        PipelineError: a step made it so; who may read reports may not read all that a worker may.
    """
    folder, cache = run.folder.resolve(), run.cache_dir.resolve()
    for path in chain([report], report.rglob("*")):  # what is a link itself is not walked
        target = path.resolve()
        within = target.relative_to(folder).parts[:1] if folder in target.parents else ()
        own = cache in target.parents or within not in ((), (".dvc",), (".git",))
        if not own or (path.is_symlink() and target.is_dir()):
            name = path.relative_to(run.folder)
            what = f"The report {name} is a link to {target}, which is no file of the run."
            raise PipelineError(what, "let its stage write a file, then clear the stage's task.")
