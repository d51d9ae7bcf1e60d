"""One run, one workspace: a cheap clone at the run's commit that shares the DVC cache."""

import configparser
import hashlib
import json
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from include.pipeline import files
from include.pipeline.git import git
from include.pipeline.locks import locks

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


def marker_of(folder: Path) -> Path:
    """The file that says whose workspace a folder is. No step in a container may write it."""
    return folder / ".dvc" / RUN


def settle(aside: Path, run: Run) -> None:
    """Let a folder that was made aside be the workspace of a run, in place of an older one."""
    (aside / ".dvc" / "tmp").mkdir(exist_ok=True)
    marker_of(aside).write_text(run.to_json())
    shutil.rmtree(run.folder, ignore_errors=True)
    aside.replace(run.folder)


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
        marker = marker_of(folder)
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
