"""One run, one workspace: a cheap clone at the run's commit that shares the DVC cache."""

import configparser
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from include.errors import PipelineError
from include.pipeline import files, params_file
from include.pipeline.git import git, pin
from include.pipeline.locks import locks
from include.pipeline.plan import load
from include.pipeline.selection import select

RUN = "leeway-run.json"
TUPLES = ("stages", "unchanged", "order")


@dataclass(frozen=True)
class Run:
    """One run of a pipeline, as its tasks share it."""

    id: str
    repo: Path
    folder: Path  # the workspace
    commit: str
    snapshot: bool  # whether the commit is a working tree that nobody committed
    plan_key: str
    stages: tuple[str, ...]
    unchanged: tuple[str, ...]  # stages that have nothing to do
    order: tuple[str, ...]  # all stages of the graph, in the order of `dvc repro`
    params: dict[str, object]  # what was written into params.yaml
    url: str = ""  # the git server between workers that share no disk; empty if they share one
    locks: dict[str, str] = field(default_factory=dict)  # that they begin from, by path

    def to_json(self) -> str:
        """The run as text."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """The run that `to_json` wrote."""
        held = json.loads(text)
        held |= {name: Path(held[name]) for name in ("repo", "folder")}
        return cls(**{**held, **{name: tuple(held[name]) for name in TUPLES}})


def open_run(
    repo: Path,
    run_id: str,
    *,
    params: Mapping[str, object],
    targets: Sequence[str],
    plan_key: str | None,
    home: Path,
    url: str = "",
) -> Run:
    """Make the workspace of a run, or go on in the one that a try before this one left.

    Args:
        params: dotted names of params.yaml, as window.end, and their values.
        targets: stages to run, with what they need; all if empty.
        plan_key: key of the plan that the caller knows; None if it does not matter.
        home: folder of the workspaces.
        url: the git server between workers that share no disk; empty if they share one.

    Raises:
        PipelineError: the graph of the commit is not the one that the caller knows, or an out
            cannot reach a worker that shares no disk.
        ParamsError: params.yaml has no such name, or the value is of another kind.
    """
    from include.pipeline import apart

    folder = home.resolve() / "runs" / clean(run_id)
    held = folder / ".dvc" / RUN
    if held.exists():
        return decided(see_that_same(Run.from_json(held.read_text()), run_id))
    commit, snapshot = pin(repo, f"Working tree of run {run_id}")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    clone(repo, commit, aside)
    plan = load(aside, repo.resolve() / ".dvc" / "tmp" / "leeway")
    if plan_key is not None and plan.key != plan_key:
        shutil.rmtree(aside)
        raise PipelineError(
            f"The graph of commit {commit[:10]} is not the one that this run was drawn from.",
            "wait until the graph is read again (some seconds), then trigger a new run.",
        )
    chosen = select(plan, targets)
    if params:
        params_file.write(aside / "params.yaml", params)
    restore_locks(home, repo, aside)
    run = Run(
        id=run_id,
        repo=repo.resolve(),
        folder=folder,
        commit=commit,
        snapshot=snapshot,
        plan_key=plan.key,
        stages=tuple(stage.name for stage in chosen),
        unchanged=(),
        order=tuple(stage.name for stage in plan.stages),
        params=dict(params),
        url=url,
    )
    if url:
        apart.see_that_all_travels(chosen)
        apart.newest_good(run, aside)
        apart.offer(run)
        run = replace(run, locks=apart.texts(aside))
    (aside / ".dvc" / "tmp").mkdir(exist_ok=True)
    (aside / ".dvc" / RUN).write_text(run.to_json())
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)
    return decided(run)


def see_that_same(run: Run, run_id: str) -> Run:
    """The run of a workspace that is there already.

    Raises:
        PipelineError: it is another one, whose id is the same in the letters of a folder.
    """
    if run.id != run_id:
        what = f"The workspace {run.folder} is that of the run {run.id}, which has not ended."
        raise PipelineError(what, f"give this run an id that differs by more than {run_id!r} does.")
    return run


def decided(run: Run) -> Run:
    """The run, with the stages that have nothing to do. DVC decides, once for all of them."""
    from include.pipeline.reproduce import unchanged

    found = replace(run, unchanged=unchanged(run))
    files.write(run.folder / ".dvc" / RUN, found.to_json())
    return found


def clone(repo: Path, commit: str, folder: Path) -> None:
    """Clone without copying an object, at one commit, with the cache of the repository."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    git(repo, "clone", "--quiet", "--shared", "--no-checkout", str(repo.resolve()), str(folder))
    git(folder, "checkout", "--quiet", "--detach", commit)
    configure(folder, repo)


def configure(folder: Path, repo: Path) -> None:
    """Give a workspace the DVC settings of the repository, and its cache."""
    local = repo / ".dvc" / "config.local"
    config = configparser.ConfigParser()
    if local.exists():
        config.read(local)
    if not config.has_section("cache"):
        config.add_section("cache")
    config["cache"]["dir"] = str(cache_of(repo))
    # A link is read-only, but not for root: what a step wrote would be written into the cache.
    links = "reflink,copy" if os.geteuid() == 0 else "reflink,hardlink,symlink,copy"
    config["cache"]["type"] = links
    with (folder / ".dvc" / "config.local").open("w") as file:
        config.write(file)
    (folder / ".dvc" / "config.local").chmod(0o600)  # a remote's credentials may be in it


def cache_of(repo: Path) -> Path:
    """The DVC cache of a repository."""
    config = configparser.ConfigParser()
    config.read([repo / ".dvc" / "config", repo / ".dvc" / "config.local"])
    found = config.get("cache", "dir", fallback="cache")
    return (repo.resolve() / ".dvc" / found).resolve()


def good_of(home: Path, repo: Path) -> Path:
    """Where the locks of the newest good run of a repository are kept."""
    digest = hashlib.sha256(str(repo.resolve()).encode()).hexdigest()[:12]
    return home / "good" / f"{repo.resolve().name}-{digest}"


def restore_locks(home: Path, repo: Path, folder: Path) -> None:
    """Start from the newest good lock: each entry in it is checked by DVC before it counts."""
    good = good_of(home, repo)
    for name in (path.relative_to(good) for path in good.glob("**/dvc.lock")):
        if (folder / name).with_name("dvc.yaml").exists():
            shutil.copyfile(good / name, folder / name)


def keep_locks(home: Path, run: Run) -> None:
    """Keep the locks of a good run as the start of the next one."""
    for name in locks(run.folder):
        files.write(good_of(home, run.repo) / name, (run.folder / name).read_text())


def discard_old(home: Path, older_than_h: float) -> list[str]:
    """Remove workspaces that nobody touched for so long, and return their names."""
    limit, gone = time.time() - older_than_h * 3600, []
    for folder in sorted((home / "runs").glob("*")):
        marker = folder / ".dvc" / RUN
        touched = max(
            p.stat().st_mtime for p in (marker, folder, folder / "dvc.lock") if p.exists()
        )
        if touched < limit:
            shutil.rmtree(folder, ignore_errors=True)
            gone.append(folder.name)
    return gone


def clean(run_id: str) -> str:
    """A run's id in the letters that folders, refs and experiments allow."""
    found = re.sub(r"[^A-Za-z0-9_-]+", "-", run_id).strip("-") or "run"
    if len(found) <= 120:
        return found
    return f"{found[:107]}-{hashlib.sha256(run_id.encode()).hexdigest()[:12]}"
