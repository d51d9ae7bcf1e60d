"""Close a run: one DVC experiment, its data in the remote, its workspace gone."""

import configparser
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from include.errors import PipelineError, at_most_ten
from include.pipeline import apart
from include.pipeline.git import AUTHOR, command, git
from include.pipeline.locks import locks, put_in_order
from include.pipeline.reproduce import Log, fetch, push, see_that_sound, stale
from include.pipeline.workspace import Run, cache_of, clean, keep_locks


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
    name = experiment_name(run.id)
    gone = run.folder.with_name(f".{run.folder.name}.gone")
    if not run.folder.exists() and refs_of(run.repo, name):
        shutil.rmtree(gone, ignore_errors=True)
        return name
    if run.url:
        apart.learn(run)
    missing = [] if set(run.unchanged) == set(run.stages) else stale(run)
    if missing:
        what = f"{len(missing)} stages of the run have no good result: {at_most_ten(missing)}."
        raise PipelineError(what, "clear the tasks of these stages, then this one.")
    for path in publish(run, home, reports):
        log(f"report: {path}")
    put_in_order(run.folder, run.commit, run.order)
    save(run, name)
    if run.url:
        apart.publish(run, ref(base_of(run), name))
        apart.withdraw(run)
    elif has_remote(run):
        see_that_sound(run, (), push=True)
        push(run)
    keep_locks(home, run)
    # Renamed first: a workspace that is half gone must not look like one to go on in.
    shutil.rmtree(gone, ignore_errors=True)
    run.folder.replace(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return name


def save(run: Run, name: str) -> None:
    """Write the experiment: a commit of the locks and params, under a ref that DVC lists.

    The ref is of the commit that the run began from: the snapshot's parent, if it is a snapshot,
    so that `dvc exp show` lists it beside the runs of that commit.
    """
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **AUTHOR}
        git(run.folder, "read-tree", run.commit, env=env)
        changed = [*locks(run.folder), Path("params.yaml")]
        present = [str(path) for path in changed if (run.folder / path).exists()]
        git(run.folder, "add", "--force", *present, env=env)
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


def experiment_name(run_id: str) -> str:
    """A name that git and DVC allow, as near to the run's id as can be."""
    return clean(run_id)


def publish(run: Run, home: Path, reports: Sequence[str]) -> list[Path]:
    """Copy reports to where they stay, and return their paths.

    Args:
        reports: outs of the run; those of an unchanged stage come from the cache.
    """
    if not run.folder.exists():
        return []
    absent = [path for path in reports if not (run.folder / path).exists()]
    if absent:
        if not run.url:
            see_that_sound(run, absent)
        fetch(run, absent)
    found = []
    for name in reports:
        source, target = run.folder / name, home / "reports" / clean(run.id) / name
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
    folder, cache = run.folder.resolve(), cache_of(run.repo).resolve()
    for path in (report, *report.rglob("*")):
        target = path.resolve()
        within = target.relative_to(folder).parts[:1] if folder in target.parents else ()
        own = cache in target.parents or within not in ((), (".dvc",), (".git",))
        if not own or (path.is_symlink() and target.is_dir()):
            name = path.relative_to(run.folder)
            what = f"The report {name} is a link to {target}, which is no file of the run."
            raise PipelineError(what, "let its stage write a file, then clear the stage's task.")


def has_remote(run: Run) -> bool:
    """Whether the repository names a default remote."""
    config = configparser.ConfigParser()
    config.read([run.folder / ".dvc" / "config", run.folder / ".dvc" / "config.local"])
    return bool(config.get("core", "remote", fallback=None))
