"""The resolved graph of a DVC repository, read in milliseconds and without importing DVC.

DVC resolves the graph (templating, vars, foreach, matrix, wdir, several dvc.yaml files) in a
process of its own. What it found is kept as JSON under a hash of every file it was made from.
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline.child import files
from include.pipeline.git.conflicts import blaming_merges
from include.pipeline.git.listing import in_git
from include.pipeline.graph import Out, Plan, Stage
from include.pipeline.meta import read_meta

FORMAT = 3  # of the JSON: another format is another key

MADE_FROM = ("dvc.yaml", "*/dvc.yaml", "*.dvc", ".dvcignore", "*/.dvcignore", ".dvc/config")


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
    if not (repo / ".dvc").is_dir():
        what = f"DVC cannot resolve the graph of {repo}: you are not inside of a DVC repository"
        raise PipelineError(what, "run `dvc init` in it, or name another folder.")
    with blaming_merges(repo):
        held = resolved(repo)
    held["key"] = key_of(repo, held["read"])
    plan = plan_of(held)
    files.write(folder / f"plan-{held['key'][:16]}.json", json.dumps(held))
    return plan


def resolved(repo: Path) -> dict[str, Any]:
    """The graph, as DVC resolves it."""
    from include.pipeline.asking import OrderRefused, ask  # not to read a plan that is kept
    from include.pipeline.orders import Resolve

    # In the repository: DVC names stages and paths as seen from the folder it is started in.
    try:
        return ask(repo, Resolve(), workspace=False)
    except OrderRefused:
        raise
    except PipelineError as error:  # here is no task to be cleared
        what = f"DVC cannot resolve the graph of {repo}: {error.what}"
        raise PipelineError(what, "mend it, then see that `dvc dag` draws the graph.") from None


def key_of(repo: Path, read: list[str]) -> str:
    """A hash of the files that the graph is made from, those that appeared since included.

    How lines end counts for nothing: git may check a file out with other ends than it was written.

    Args:
        read: files that templating read: vars, and params. Those that git ignores are in no clone.
    """
    digest = hashlib.sha256(f"{FORMAT} {version('dvc')}".encode())
    held = {*in_git(repo, *MADE_FROM, *(f":(literal){name}" for name in read))}
    for name in sorted({*held, *read}):
        path = repo / name
        content = path.read_bytes() if name in held and path.is_file() else b"missing"
        content = content.replace(b"\r\n", b"\n")
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def stage_of(held: dict[str, Any]) -> Stage:
    """A stage from its JSON."""
    lists = {name: tuple(held[name]) for name in ("deps", "params", "upstream")}
    outs = tuple(Out(**out) for out in held["outs"])
    meta = read_meta(held["name"], held["file"], held["meta"])
    return Stage(**{**held, **lists, "outs": outs, "meta": meta})
