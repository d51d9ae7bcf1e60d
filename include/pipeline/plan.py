"""The resolved graph of a DVC repository, read in milliseconds and without importing DVC.

DVC resolves the graph (templating, vars, foreach, matrix, wdir, several dvc.yaml files) in a
process of its own. What it found is kept as JSON under a hash of every file it was made from.
"""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline import files
from include.pipeline.git import command
from include.pipeline.meta import Meta, read_meta
from include.pipeline.process import python_path
from include.pipeline.site_cache import site_cache

OPEN, CLOSE = "open_run", "close_run"  # tasks of every run: no stage has such a name
FORMAT = 3  # of the JSON: another format is another key
MADE_FROM = ("dvc.yaml", "*/dvc.yaml", "*.dvc", ".dvcignore", "*/.dvcignore", ".dvc/config")


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
        from include.pipeline.selection import find

        return find(self, name)


def load(repo: Path, cache: Path | None = None) -> Plan:
    """Read the plan of a repository, and let DVC make it if a file that it is made from changed.

    Args:
        cache: folder of the plans; .dvc/tmp/leeway of the repository by default.

    Raises:
        PipelineError: DVC cannot resolve the graph, or `meta` is wrong.
    """
    repo = repo.resolve()
    folder = cache or repo / ".dvc" / "tmp" / "leeway"
    for file in held_in(folder):
        plan = still_true(repo, file)
        if plan is not None:
            return plan
    return make(repo, folder)


def held_in(folder: Path) -> list[Path]:
    """The kept plans, newest first."""
    return sorted(folder.glob("plan-*.json"), key=lambda path: -path.stat().st_mtime_ns)[:8]


def still_true(repo: Path, file: Path) -> Plan | None:
    """The kept plan, if the files that it was made from are still the same."""
    try:
        held = json.loads(file.read_text())
        if held["key"] != key_of(repo, held["read"]):
            return None
    except (OSError, ValueError, KeyError):
        return None
    return plan_of(held)


def plan_of(held: dict[str, Any]) -> Plan:
    """The plan, from its JSON."""
    stages = tuple(stage_of(entry) for entry in held["stages"])
    return Plan(held.get("key", ""), stages, held["values"], held["helps"])


def make(repo: Path, folder: Path) -> Plan:
    """Let DVC resolve the graph, and keep it; many processes may do so at once."""
    words = [sys.executable, "-P", "-m", f"{__package__}.resolve", str(repo)]
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1", "PYTHONPATH": python_path()}
    environment |= site_cache(repo)
    # In the repository: DVC names stages and paths as seen from the folder it is started in.
    done = subprocess.run(
        words, cwd=repo, env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        problem = done.stderr.strip().splitlines() or ["it said nothing"]
        what = f"DVC cannot resolve the graph of {repo}: {problem[-1]}"
        raise PipelineError(what, "mend it, then see that `dvc dag` draws the graph.")
    held = json.loads(lines[-1])
    if "error" in held:
        raise PipelineError(held["error"], "mend it, then see that `dvc dag` draws the graph.")
    held["key"] = key_of(repo, held["read"])
    plan = plan_of(held)
    files.write(folder / f"plan-{held['key'][:16]}.json", json.dumps(held))
    return plan


def key_of(repo: Path, read: list[str]) -> str:
    """A hash of the files that the graph is made from, those that appeared since included.

    Args:
        read: files that templating read: vars, and params. Those that git ignores are in no clone.
    """
    digest = hashlib.sha256(f"{FORMAT} {version('dvc')}".encode())
    held = {*in_git(repo, *MADE_FROM, *(f":(literal){name}" for name in read))}
    for name in sorted({*held, *read}):
        path = repo / name
        content = path.read_bytes() if name in held and path.is_file() else b"missing"
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def in_git(repo: Path, *patterns: str) -> list[str]:
    """The files of the repository that git tracks, or could: not the ignored ones."""
    words = command(repo, "ls-files", "-z", "-co", "--exclude-standard", "--", *patterns)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        what = f"{repo} is not a git repository: {done.stderr.strip()}"
        raise PipelineError(what, "run `git init` and `dvc init` in it, or name another folder.")
    return [name for name in done.stdout.split("\0") if name]


def stage_of(held: dict[str, Any]) -> Stage:
    """A stage from its JSON."""
    lists = {name: tuple(held[name]) for name in ("deps", "params", "upstream")}
    outs = tuple(Out(**out) for out in held["outs"])
    meta = read_meta(held["name"], held["file"], held["meta"])
    return Stage(**{**held, **lists, "outs": outs, "meta": meta})


def see_that_free(stage: Stage) -> None:
    """Refuse a stage that has the name of a task of every run.

    Raises:
        PipelineError: it has.
    """
    if stage.task_id in (OPEN, CLOSE):
        what = f"Stage {stage.name!r} in {stage.file} has the name of a task of every run."
        raise PipelineError(what, "give the stage another name.")
