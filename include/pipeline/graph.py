"""The graph of a DVC repository, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from include.errors import PipelineError, did_you_mean
from include.pipeline.meta import Meta

OPEN, CLOSE = "open_run", "close_run"  # tasks of every run: no stage has such a name


ROOT = "dvc.yaml"


@dataclass(frozen=True)
class Out:
    """A file or folder that a stage makes; the path is relative to the repository."""

    path: str
    cached: bool
    persist: bool


@dataclass(frozen=True)
class Stage:
    """One stage, as DVC resolved it; paths are relative to the repository."""

    name: str  # DVC's address: train, train@a, sub/dvc.yaml:train
    task_id: str  # the same, in the letters that Airflow allows
    group: str  # foreach or matrix stage, or folder; empty if alone
    file: str
    wdir: str
    cmd: str  # empty for a .dvc file
    desc: str
    deps: tuple[str, ...]
    params: tuple[str, ...]
    outs: tuple[Out, ...]
    upstream: tuple[str, ...]  # names
    frozen: bool
    always_changed: bool
    meta: Meta


@dataclass(frozen=True)
class Plan:
    """All stages, each after those that it needs."""

    key: str
    stages: tuple[Stage, ...]
    values: dict[str, Any] = field(default_factory=dict)  # what files of params hold, by file
    helps: dict[str, dict[str, str]] = field(default_factory=dict)  # and say of each value

    def stage(self, name: str) -> Stage:
        """The stage with this name or task id.

        Raises:
            PipelineError: there is none.
        """
        found = [stage for stage in self.stages if name in (stage.name, stage.task_id)]
        return found[0] if found else self.matches(name)[0]

    def matches(self, target: str) -> list[Stage]:
        """The stages that a target means: by name, task id, group, out, file, or folder of files.

        Raises:
            PipelineError: there is none.
        """
        place = PurePosixPath(target)
        target = place.as_posix().removeprefix(f"{ROOT}:")
        found = [
            stage
            for stage in self.stages
            if target in (stage.name, stage.task_id)
            or stage.name.startswith(f"{target}@")
            or any(out.path == target for out in stage.outs)
        ]
        found = found or [
            stage
            for stage in self.stages
            if target == stage.group or place in (PurePosixPath(stage.file), *folders(stage))
        ]
        if found:
            return found
        known = {name for stage in self.stages for name in (stage.name, stage.task_id)}
        known |= {out.path for stage in self.stages for out in stage.outs}
        what = f"The graph has no stage {target!r}; it has {len(self.stages)}."
        fix = "run `leeway show` for all names."
        raise PipelineError(what + did_you_mean(target, known), fix)


def folders(stage: Stage) -> Sequence[PurePosixPath]:
    """The folders that hold the file of a stage, the root last."""
    return PurePosixPath(stage.file).parents


def see_that_free(stage: Stage) -> None:
    """Refuse a stage that has the name of a task of every run.

    Raises:
        PipelineError: it has.
    """
    if stage.task_id in (OPEN, CLOSE):
        what = f"Stage {stage.name!r} in {stage.file} has the name of a task of every run."
        raise PipelineError(what, "give the stage another name.")
