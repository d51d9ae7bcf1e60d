"""Close a run: one DVC experiment, its data in the remote, its workspace gone."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten
from include.pipeline import apart, memory
from include.pipeline.child import inside
from include.pipeline.git import AUTHOR, command, git, modules, parts
from include.pipeline.locks import locks, put_in_order
from include.pipeline.names import run_name
from include.pipeline.reproduce import Log, fetch, order, push, see_that_sound
from include.pipeline.workspace import (
    Run,
    again,
    began_of,
    contained,
    discard,
    good_of,
    place_of,
    read_made,
    remove,
    reports_of,
)


def close_run(run: Run, home: Path, reports: Sequence[str] = (), log: Log = print) -> str:
    """Publish reports, save the run as an experiment of its repository, remove its workspace.

    May be called again after it was killed: what is done already is not done twice.

    Args:
        reports: outs that are kept for reading.
        log: gets a line for each of them.

    Returns:
        The name of the experiment, as `dvc exp show` lists it.

    Raises:
        PipelineError: a stage of the run has no result, or a report is none of its files.
    """
    if not run.folder.exists() and refs_of(run.repo, run.name):
        discard(run)
        return run.name
    made = {stage: held for stage in run.stages if (held := read_made(run, stage)) is not None}
    paths, good = finished(run, made, log)
    for path in publish(run, home, reports):
        log(f"report: {path}")
    put_in_order(run.folder, run.commit, run.order)
    save(run, run.name, paths)
    if run.url:
        apart.publish(run, ref(base_of(run), run.name))
        apart.withdraw(run)
    elif run.remote:
        see_that_sound(run, (), push=True)
        push(run)
    remember(run, home, {stage: made[stage] for stage in good})
    discard(run)
    return run.name


def closed_before(repo: Path, home: Path, dag_id: str, run_id: str) -> str:
    """The experiment of a run that was closed by a try before this one; empty if it was not."""
    top, name = place_of(home, dag_id, run_id), run_name(dag_id, run_id)
    remove(top.with_name(f".{top.name}.gone"))
    return name if not top.exists() and refs_of(repo, name) else ""


def finished(run: Run, made: dict[str, dict[str, Any]], log: Log) -> tuple[list[str], list[str]]:
    """The files that the experiment holds beside what git tracks; all stages have ended well.

    And the stages of those that were made whose results later runs may take for theirs.

    Raises:
        PipelineError: one has not, or what it was made from was made anew since.
    """
    idle = [stage for stage in run.unchanged if not again(run, stage).exists()]
    if idle == list(run.stages):
        return list(run.kept), list(made)
    task = {"do": "finish", "stages": list(run.stages), "unchanged": idle, "made": made}
    task["began"] = str(began_of(run.top)) if contained(run).exists() else ""
    found = order(run, task)
    if found["stale"]:
        what = f"{len(found['stale'])} stages of the run have no good result: "
        what += f"{at_most_ten(found['stale'])}."
        raise PipelineError(what, "clear the tasks of these stages, then this one.")
    if found["wrong"]:
        stages = at_most_ten(found["wrong"])
        log(f"a step wrote into the lock of {stages}: it says again what the stages made")
    new = ("ls-files", "-z", "--others", "--exclude-standard", "--", *found["read"])
    files = [*found["made"], *(parts(run.folder, *new) if found["read"] else [])]
    return files, found["good"]


def remember(run: Run, home: Path, made: dict[str, dict[str, Any]]) -> None:
    """Let later runs find what the stages of this one made, and nothing that it began with."""
    folder = good_of(home, run.repo)
    commit = git(run.repo, "rev-parse", ref(base_of(run), run.name))
    age = float(git(run.repo, "show", "-s", "--format=%ct", run.commit)), run.opened
    for stage, held in made.items():
        if held["entry"] and held["new"]:
            memory.remember(folder, stage, memory.Entry(held["entry"], commit, age))
    if run.url:
        apart.share_memory(run, folder)


def save(run: Run, name: str, paths: Sequence[str]) -> None:
    """Write the experiment, as `dvc exp run` does: a commit under a ref that DVC lists.

    It holds the locks, the params, what the stages made that DVC does not cache, and all else
    that they changed of what git tracks. The ref is of the commit that the run began from: the
    snapshot's parent, if it is a snapshot, so that `dvc exp show` lists it beside the runs of that
    commit.
    """
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **AUTHOR}
        git(run.folder, "read-tree", run.commit, env=env)
        # Git would ask each of them what changed, and so do what its settings say, a step's maybe.
        others = [f":(top,exclude,literal){path}" for path in modules(run.top, env)]
        git(run.folder, "add", "--update", "--", ":(top)", *others, env=env)
        wanted = [*map(str, locks(run.folder, run.order)), *paths]
        present = [f":(literal){path}" for path in wanted if (run.folder / path).exists()]
        if present:
            git(run.folder, "add", "--force", "--", *present, *others, env=env)
        tree = git(run.folder, "write-tree", env=env)
    base = base_of(run)
    # The time of the base: the same run saved twice is the same commit.
    moment = git(run.repo, "show", "-s", "--format=%ct", base)
    dates = {f"GIT_{who}_DATE": f"{moment} +0000" for who in ("AUTHOR", "COMMITTER")}
    copy_objects(run.folder, run.repo, tree)
    message = f"dvc: commit experiment {digest(run, tree)}"
    env = {**AUTHOR, **dates}
    commit = git(run.repo, "commit-tree", tree, "-p", base, "-m", message, env=env)
    git(run.repo, "update-ref", ref(base, name), commit)
    # A run that was begun anew from another commit is one experiment all the same.
    for old in refs_of(run.repo, name):
        if old != ref(base, name):
            git(run.repo, "update-ref", "-d", old)


def copy_objects(source: Path, target: Path, tree: str) -> None:
    """Give the repository what its clone made for the tree."""
    pack = subprocess.Popen(
        command(source, "pack-objects", "--revs", "--local", "--stdout", "-q"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert pack.stdin is not None
    pack.stdin.write(f"{tree}\n".encode())
    pack.stdin.close()
    done = subprocess.run(command(target, "unpack-objects", "-q"), stdin=pack.stdout, check=False)
    if pack.wait() or done.returncode:
        what = f"git could not copy the result of the run from {source} to {target}."
        raise PipelineError(what, "see that the disk is not full, then clear this task.")


def digest(run: Run, tree: str) -> str:
    """A short hash of what the run made."""
    return hashlib.sha256(f"{run.id} {tree}".encode()).hexdigest()[:12]


def base_of(run: Run) -> str:
    """The commit whose experiment this is."""
    return git(run.repo, "rev-parse", f"{run.commit}^") if run.snapshot else run.commit


def ref(base: str, name: str) -> str:
    """Where DVC looks for the experiments of a commit."""
    return f"refs/exps/{base[:2]}/{base[2:]}/{name}"


def refs_of(repo: Path, name: str) -> list[str]:
    """The experiments with this name: one, or none."""
    return git(repo, "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").splitlines()


def publish(run: Run, home: Path, reports: Sequence[str]) -> list[Path]:
    """Copy reports to where they stay, and return their paths.

    Args:
        reports: outs of the run; those of an unchanged stage come from the cache.
    """
    if not run.folder.exists():
        return []
    outside = [path for path in reports if not inside(path)]
    if outside:
        what = f"The reports {at_most_ten(outside)} lie outside of the repository."
        raise PipelineError(what, "let their stage write them into it, then trigger a new run.")
    absent = [path for path in reports if not (run.folder / path).exists()]
    if absent:
        if not run.url:
            see_that_sound(run, absent)
        fetch(run, absent)
    found = []
    for name in reports:
        source, target = run.folder / name, reports_of(home, run.dag_id, run.id) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        see_that_own(run, source)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)
        found.append(target)
    return found


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
