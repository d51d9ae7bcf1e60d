"""One run, one workspace: a cheap clone at the run's commit that shares the DVC cache."""

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline.child import files
from include.pipeline.git.command import git
from include.pipeline.names import file_name, run_name

TUPLES = ("stages", "unchanged", "order", "whole", "kept", "taken")


@dataclass(frozen=True)
class Run:
    """One run of a pipeline, as its tasks share it."""

    id: str
    repo: Path  # root of the DVC repository
    folder: Path  # the same in the workspace
    commit: str = ""
    snapshot: bool = False  # whether the commit is a working tree that nobody committed
    plan_key: str = ""
    stages: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()  # stages that have nothing to do
    order: tuple[str, ...] = ()  # all stages of the graph, in the order of `dvc repro`
    params: dict[str, object] = field(default_factory=dict)  # written into files of params
    url: str = ""  # the git server between workers that share no disk; empty if they share one
    lockfiles: dict[str, str] = field(default_factory=dict)  # that they begin from, by path
    dag_id: str = ""
    below: str = ""  # where git's working tree holds the DVC repository; empty at its root
    cache: str = ""  # of DVC; empty if it is in the repository, where DVC has it by default
    remote: bool = False  # whether there is a DVC remote to push to
    opened: float = 0.0  # seconds since 1970
    whole: tuple[str, ...] = ()  # names in params whose mapping is set as it is
    hollow: dict[str, str] = field(default_factory=dict)  # what the clone has no more than names of
    kept: tuple[str, ...] = ()  # files beside what git tracks, of an experiment that ran nothing
    taken: tuple[str, ...] = ()  # files that nobody committed, in its snapshot
    left: dict[str, str] = field(default_factory=dict)  # what it has not, or not so, and why
    told: dict[str, Any] = field(default_factory=dict)  # see Told, of one that ran nothing

    @property
    def name(self) -> str:
        """The name of its workspace, its experiment and its reports."""
        return run_name(self.dag_id, self.id)

    @property
    def ref(self) -> str:
        """The name under which its commit is kept until it is closed."""
        return ref_of(self.dag_id, self.id)

    @property
    def top(self) -> Path:
        """The root of the workspace: that of git's working tree."""
        return self.folder.parents[len(Path(self.below).parts) - 1] if self.below else self.folder

    @property
    def cache_dir(self) -> Path:
        """The DVC cache that the workspace shares."""
        return Path(self.cache) if self.cache else self.repo.resolve() / ".dvc" / "cache"

    def to_json(self) -> str:
        """The run as text."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """The run that `to_json` wrote."""
        held = json.loads(text)
        if "locks" in held:  # as runs have it that were opened by an older version
            held["lockfiles"] = held.pop("locks")
        held |= {name: Path(held[name]) for name in ("repo", "folder")}
        return cls(**{**held, **{name: tuple(held[name]) for name in TUPLES}})


def place_of(home: Path, dag_id: str, run_id: str) -> Path:
    """The root of the workspace of a run."""
    return home.resolve() / "runs" / run_name(dag_id, run_id)


def reports_of(home: Path, dag_id: str, run_id: str) -> Path:
    """Where the reports of a run stay: for each DAG a folder, and in it one for each run."""
    return home / "reports" / (file_name(dag_id) if dag_id else "") / file_name(run_id)


def keep_from_git(home: Path) -> None:
    """Let git and DVC not see the folder of the workspaces: it may lie in the user's repository."""
    for name in (".gitignore", ".dvcignore"):
        if not (home / name).exists():
            files.write(home / name, "*\n")


def find(repo: Path, home: Path, dag_id: str, run_id: str) -> Run:
    """The run of a workspace on this disk.

    Raises:
        PipelineError: there is none, or it is one of another repository.
    """
    found = run_of(place_of(home, dag_id, run_id))
    if found is None:
        what = f"The run {run_id} has no workspace: open_run was skipped or marked, or the run was "
        what += "closed, or left for too long."
        raise PipelineError(what, "clear open_run, with all that comes after it.")
    if found.repo != repo.resolve():
        what = f"The run {run_id} was opened from {found.repo}, and not from {repo.resolve()}."
        raise PipelineError(what, "clear open_run, with all that comes after it.")
    return found


def own(top: Path) -> Path:
    """What a workspace holds of the run itself. No step in a container may write there."""
    return top / ".git" / "leeway"


def marker_of(top: Path) -> Path:
    """The file that says whose workspace a folder is."""
    return own(top) / "run.json"


def made_of(run: Run, stage: str) -> Path:
    """The file that says that a stage ended well in this run, and what it was made from."""
    return own(run.top) / f"made-{file_name(stage)}.json"


def again(run: Run, stage: str) -> Path:
    """A file that is there when a stage has something to do, though the run opened without it."""
    return own(run.top) / f"again-{file_name(stage)}"


def began_of(top: Path) -> Path:
    """The file that says what dvc.yaml and the lockfile said of each stage as the run began."""
    return own(top) / "began.json"


def contained(run: Run) -> Path:
    """A file that is there if steps of the run were in containers: they are not to be trusted."""
    return own(run.top) / "contained"


def tried(run: Run, stage: str) -> Path:
    """A file that is there if a stage was begun in this run: its entry may be an earlier try's."""
    return own(run.top) / f"tried-{file_name(stage)}"


def touch(path: Path) -> None:
    """Let an empty file be there."""
    files.write(path, "")


def settle(aside: Path, run: Run) -> None:
    """Let a folder that was made aside be the workspace of a run, in place of an older one."""
    (aside / run.below / ".dvc" / "tmp").mkdir(exist_ok=True)
    files.write(marker_of(aside), run.to_json())
    remove(run.top)
    aside.replace(run.top)


def anchor(run: Run) -> None:
    """Keep the commit of a run from git's gc: it may be on no branch, or soon be on none."""
    git(run.repo, "update-ref", run.ref, run.commit)


def ref_of(dag_id: str, run_id: str) -> str:
    """The name under which the commit of a run that is not closed is kept."""
    return f"refs/leeway/runs/{run_name(dag_id, run_id)}"


def discard(run: Run) -> None:
    """Remove the workspace of a run."""
    gone = run.top.with_name(f".{run.top.name}.gone")
    # Renamed first: a workspace that is half gone must not look like one to go on in.
    remove(gone)
    if run.top.exists():
        run.top.replace(gone)
    remove(gone)
    if run.repo.exists():
        git(run.repo, "update-ref", "-d", run.ref, check=False)


def remove(folder: Path) -> None:
    """Remove a folder, as far as that can be done."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # a step may nest folders deeper than Python goes
        subprocess.run(["rm", "-rf", "--", str(folder)], check=False)


def discard_old(home: Path, older_than_h: float, live: Callable[[Run], bool]) -> list[str]:
    """Remove workspaces of runs that have ended and that nobody touched for so long.

    Args:
        live: whether a run may still go on: it waits, works, or was cleared.

    Returns:
        The names of the folders that were removed.
    """
    limit, gone = time.time() - older_than_h * 3600, []
    for top in sorted((home / "runs").glob("*")):
        run = run_of(top)
        if touched(top, run) >= limit or (run is not None and live(run)):
            continue
        if run is not None and run.top == top:
            discard(run)
        remove(top)
        gone.append(top.name)
    return gone


def run_of(top: Path) -> Run | None:
    """The run of a workspace; None if it was not finished, or is that of an older version."""
    try:
        return Run.from_json(marker_of(top).read_text())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def touched(top: Path, run: Run | None) -> float:
    """When something in a workspace was last written, in seconds since 1970."""
    paths = [top, top / "dvc.lock", *own(top).glob("*")]
    paths += [run.folder / "dvc.lock"] if run else []
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0)


def good_of(home: Path, repo: Path) -> Path:
    """Where the results of good runs of a repository are remembered."""
    digest = hashlib.sha256(str(repo.resolve()).encode()).hexdigest()[:12]
    return home / "good" / f"{repo.resolve().name}-{digest}"


def read_made(run: Run, stage: str) -> dict[str, Any] | None:
    """What is known of a stage that ended well in this run; None if it did not."""
    path = made_of(run, stage)
    return json.loads(path.read_text()) if path.exists() else None
