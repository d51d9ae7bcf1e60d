"""DVC in a process of its own: `python -m include.pipeline.child` reads its task as JSON.

It is copied into containers, and so is one file, which imports nothing but DVC and the standard
library there.

The process leads a group. When the process that started it dies, even by kill -9, it is told so,
and ends the group: no step goes on without the task that it belongs to.
"""

import ctypes
import hashlib
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
BUSY = ("Unable to acquire lock", "is busy, it is being blocked by")


def main(work: Callable[[dict[str, Any]], int]) -> int:
    """Be a new process: do what the first argument asks."""
    task = json.loads(sys.argv[1])
    os.environ.pop("PYTHONPATH", None)
    if task["python_path"]:
        os.environ["PYTHONPATH"] = task["python_path"]
    return work(task)


def work(task: dict[str, Any]) -> int:
    """Do a task, and write the result to the file it names."""
    die_with_parent(task["parent"])
    keep_locks_apart(task)
    result = another_lock(task) or patiently(task, WORK[task["do"]])
    with open(task["result"], "w") as file:
        json.dump(result, file)
    return 0


def another_lock(task: dict[str, Any]) -> dict[str, Any]:
    """Refuse a stage in an image that was made from another lock than that in the stage's key.

    Our images hold the hash of what they were made from; others are not ours to judge.
    """
    held, lock = Path(sys.prefix, "lock.sha256"), Path("requirements.lock")
    if task["do"] != "reproduce" or not held.exists() or not lock.exists():
        return {}
    ours, wanted = held.read_text().strip(), hashlib.sha256(lock.read_bytes()).hexdigest()
    if ours == wanted:
        return {}
    what = (
        f"This image was made from another {lock} ({ours[:12]}) than that of the run "
        f"({wanted[:12]}): the result would not be what its key says."
    )
    fix = "make the images and their workers anew (`make compose-up`), then trigger a new run."
    return {"refused": [what, fix]}


def keep_locks_apart(task: dict[str, Any]) -> None:
    """Keep DVC's locks of paths apart from those of other containers, be they workers or stages.

    They name processes by numbers that mean something else in each container: DVC would take the
    living for dead. Stages that may not run at once are kept apart by Airflow.
    """
    from dvc import rwlock

    if task["parent"] and not Path(".dvc/leeway-run.json").exists():
        return  # no workspace of a run: others use it, by DVC's own names
    name = locks_of(None if task["parent"] else task["stage"])
    rwlock.RWLOCK_FILE, rwlock.RWLOCK_LOCK = name, f"{name}.lock"
    if not task["parent"]:
        # What an earlier try left: its container is gone, whatever has its number now.
        Path(".dvc/tmp", name).unlink(missing_ok=True)


def locks_of(stage: str | None) -> str:
    """The file of the locks of a stage in a container, or of all who see each other's processes."""
    if stage is None:
        return f"rwlock-{os.stat('/proc/self/ns/pid').st_ino}"
    return "rwlock-" + "".join(c if c.isalnum() else "-" for c in stage)


def die_with_parent(parent: int) -> None:
    """End the whole group when the parent ends, however it ends; 0 is no parent: a container."""
    signal.signal(signal.SIGTERM, end_group)
    # Airflow's workers ignore it, and so would we and all steps.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent and os.getppid() != parent:
        end_group()


def end_group(*_: object) -> None:
    """Kill this process and all that it started."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


def unchanged(task: dict[str, Any]) -> dict[str, Any]:
    """The stages that have nothing to do, whose outs are in the cache."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        found: list[str] = []
        wanted = {stage.addressing: stage for stage in repo.index.stages}
        with repo.lock:
            for name in task["stages"]:
                stage = wanted[name]
                before = {s.addressing for s in repo.index.graph.successors(stage)}
                if before & set(task["stages"]) <= set(found) and same(stage, repo):
                    found.append(name)
        if task["remote"]:
            # Another worker will read them: what this one has in its cache is not enough.
            found = unspoilt(repo, [wanted[name] for name in found])
            if found:  # none would mean all
                repo.push(targets=found)
        return {"unchanged": found}


def unspoilt(repo: Any, stages: list[Any]) -> list[str]:
    """Those of the stages that make nothing damaged that the remote lacks, nor read it."""
    outs = {s.addressing: [out for out in s.outs if in_cache(out)] for s in stages}
    there = in_remote(repo, [out for held in outs.values() for out in held])
    kept: list[str] = []
    for stage in stages:
        before = {s.addressing for s in repo.index.graph.successors(stage)} & outs.keys()
        # Each that is damaged must go, and not the first alone.
        bad = sum(damaged(out, there=there) for out in outs[stage.addressing])
        if before <= set(kept) and not bad:
            kept.append(stage.addressing)
    return kept


def stale(task: dict[str, Any]) -> dict[str, Any]:
    """The stages that are not what the lock says, or whose outs cannot be had from the cache.

    What always runs, and what makes nothing, has no state to be held against.
    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        stages = [stage for stage in repo.index.stages if stage.addressing in task["stages"]]
        judged = [s for s in stages if s.outs and not s.always_changed and not s.is_callback]
        good = recorded if task["remote"] else same
        with repo.lock:
            return {"stale": [stage.addressing for stage in judged if not good(stage, repo)]}


def same(stage: Any, repo: Any) -> bool:
    """Whether a stage is what its lock entry says, and its outs can be had from the cache."""
    if stage.always_changed or stage.is_callback or not stage.outs:
        return False
    if stage.is_data_source and not stage.is_import:
        return cached(stage)
    absent = [d for d in stage.deps if not hasattr(d, "params") and not d.exists]
    agreed = all(as_made(dep, repo, unsure=False) for dep in absent)
    return agreed and not stage.changed(allow_missing=True) and cached(stage)


def recorded(stage: Any, repo: Any) -> bool:
    """Whether the lock alone says that a stage is up to date: its files are on other workers.

    They have checked what they read, and pushed what they made.
    """
    if not all(out.hash_info for out in stage.outs):
        return False
    if stage.is_data_source and not stage.is_import:
        return True
    for dep in stage.deps:
        of_others = not hasattr(dep, "params") and outs_around(repo, dep.fs_path)
        if not (as_made(dep, repo, unsure=True) if of_others else not dep.status()):
            return False
    return not stage.changed_stage()


def as_made(dep: Any, repo: Any, *, unsure: bool) -> bool:
    """Whether what the lock says that a stage read is what it says that other stages made.

    DVC believes a lock where the files are absent, as they are in a new workspace: without this, a
    stage whose input was made anew by a run of another part of the graph would look unchanged.

    Args:
        unsure: the answer for a folder that several outs make up: only its files can tell.
    """
    for out in outs_around(repo, dep.fs_path):
        if out.fs_path == dep.fs_path:
            found = out.hash_info
        elif Path(out.fs_path) in Path(dep.fs_path).parents:
            out.get_dir_cache()  # the list of its files, from the remote if need be
            part = out.get_obj(filter_info=dep.fs_path)
            found = part.hash_info if part else None
        else:
            return unsure
        if found != dep.hash_info:
            return False
    return True


def outs_around(repo: Any, path: str) -> list[Any]:
    """The outs that are at a path, in it, or around it."""
    place = Path(path)
    return [
        out
        for out in repo.index.outs
        if out.fs_path == path
        or Path(out.fs_path) in place.parents
        or place in Path(out.fs_path).parents
    ]


def cached(stage: Any) -> bool:
    """Whether the cache holds every file of every out."""
    for out in stage.outs:
        if not out.use_cache or not out.hash_info:
            if not out.exists:
                return False
            continue
        if out.changed_cache():
            return False
    return True


def reproduce(task: dict[str, Any]) -> dict[str, Any]:
    """Bring one stage up to date; its inputs are fetched from the cache if they are not there."""
    from dvc.exceptions import ReproductionError
    from dvc.repo import Repo, lock_repo

    try:
        with Repo(".") as repo:
            # Nobody commits from a workspace: no hints to do so, and no lock of git's index.
            repo.scm_context.quiet, repo.scm_context.autostage = True, False
            began = time.time()
            # Another stage may be writing the lock file, and DVC does not do so at a stroke.
            with lock_repo(repo):
                bring(repo, stage_of(repo, task["stage"]), remote=task["remote"])
            repo.reproduce(targets=[task["stage"]], single_item=True, pull=task["remote"])
            with lock_repo(repo):
                stage = stage_of(repo, task["stage"])
            if spoilt(stage, began):
                repo.reproduce(targets=[task["stage"]], single_item=True)
            if task["remote"]:
                repo.push(targets=[task["stage"]])
    except Damaged as error:
        return error.refusal
    except ReproductionError as error:
        problem = " ".join(str(cause) for cause in (error, *causes(error)))
        if any(sign in problem for sign in BUSY):
            raise
        return {"status": status_of(problem), "problem": problem}
    return {"status": 0}


def push(task: dict[str, Any]) -> dict[str, Any]:
    """Push the outs of stages to the default remote."""
    return refused_or(lambda repo: repo.push(targets=task["stages"]), "push")


def fetch(task: dict[str, Any]) -> dict[str, Any]:
    """Check out paths from the cache, or pull them from the default remote."""
    if task["remote"]:
        return refused_or(lambda repo: repo.pull(targets=task["paths"], force=True), "pull")
    return refused_or(lambda repo: repo.checkout(targets=task["paths"], force=True), "checkout")


def refused_or(work: Callable[[Any], Any], name: str) -> dict[str, Any]:
    """What DVC refuses, in its own words; nothing if it did the work."""
    from dvc.exceptions import DvcException
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        with Repo(".") as repo:
            work(repo)
    except LockError:
        raise
    except DvcException as error:
        said = " ".join(str(cause) for cause in (error, *causes(error)))
        fix = "see that the cache and the remote can be reached, then clear this task."
        return {"refused": [f"`dvc {name}` failed: {said}", fix]}
    return {}


def patiently(task: dict[str, Any], work: Callable[[dict[str, Any]], Any]) -> Any:
    """Do the work; while another process holds a lock, wait and try again.

    Raises:
        LockError, ReproductionError: the lock was still held after `lock_wait_s`.
    """
    from dvc.exceptions import ReproductionError
    from dvc.lock import LockError

    until, pause_s = time.monotonic() + task["lock_wait_s"], 0.05
    while True:
        try:
            return work(task)
        except (LockError, ReproductionError):
            forget_dead()
            if time.monotonic() > until:
                raise
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 2)


def forget_dead() -> None:
    """Take locks of processes that ended out of DVC's list of readers and writers.

    DVC asks only whether a process of that number exists, and so waits for ever for one that
    nobody has reaped, as happens in containers, or for a stranger that got the number later.
    """
    from dvc.repo import Repo
    from dvc.rwlock import _edit_rwlock

    with Repo(".") as repo, _edit_rwlock(repo.tmp_dir, repo.fs, False) as held:
        for path, readers in list(held["read"].items()):
            held["read"][path] = [reader for reader in readers if works(reader)]
            if not held["read"][path]:
                del held["read"][path]
        for path, writer in list(held["write"].items()):
            if not works(writer):
                del held["write"][path]


def works(holder: dict[str, Any]) -> bool:
    """Whether the process that holds a lock is there, and is the one that took it."""
    try:
        state = Path(f"/proc/{holder['pid']}/stat").read_text().rpartition(")")[2].split()[0]
        words = Path(f"/proc/{holder['pid']}/cmdline").read_bytes().split(b"\0")
    except (OSError, KeyError):
        return False
    command = str(holder.get("cmd", ""))
    return state != "Z" and any(len(word) > 3 and word.decode() in command for word in words)


def stage_of(repo: Any, name: str) -> Any:
    """The stage with this name, as the files of the repository are now."""
    return next(stage for stage in repo.index.stages if stage.addressing == name)


def bring(repo: Any, stage: Any, *, remote: bool) -> None:
    """Check out what the stage reads, and the kept folders that it extends, if absent.

    From a remote all of it is pulled: what is here may be what an earlier try of a stage before
    this one made, on another worker. Without one a part of a folder comes with the whole: of half
    a folder DVC would say that it changed.

    Raises:
        Damaged: what the stage reads cannot be had from the cache as it was made.
    """
    paths = [d.fs_path for d in stage.deps if not hasattr(d, "params") and (remote or not d.exists)]
    read = [(path, out) for path in paths for out in outs_around(repo, path) if in_cache(out)]
    kept = [out for out in stage.outs if out.persist and not out.exists and out.hash_info]
    for out in kept:
        damaged(out)  # the step makes what is lost
    wanted = {str(out.fs_path) for out in kept}
    for path, out in read:
        damaged(out) if remote else see_that_sound(repo, out)
        wanted.add(path if remote and Path(out.fs_path) in Path(path).parents else out.fs_path)
    if wanted and remote:
        repo.pull(targets=sorted(wanted), force=True, allow_missing=True)
    elif wanted:
        repo.checkout(targets=sorted(wanted), force=True, allow_missing=True)


def in_cache(out: Any) -> bool:
    """Whether the lock says what the cache holds of an out."""
    return bool(out.use_cache and out.hash_info)


class Damaged(Exception):
    """The cache does not hold what the lock says."""

    def __init__(self, path: str, stage: Any) -> None:
        name = stage.addressing
        what = f"{path}, an out of {name!r}, is damaged in the cache, or no longer there."
        fix = f"clear the task of stage {name!r}, which makes it again, and then this one."
        if stage.is_data_source or stage.frozen:
            fix = f"bring it back, as by `dvc fetch {path}`, then clear this task."
        self.refusal = {"refused": [what, fix], "again": name}
        super().__init__(what)


def sound(task: dict[str, Any]) -> dict[str, Any]:
    """See that some paths, and what the remote lacks of some stages, may be given to others."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        try:
            for path in task["paths"]:
                for out in filter(in_cache, outs_around(repo, os.path.abspath(path))):
                    see_that_sound(repo, out)
            stages = [stage for stage in repo.index.stages if stage.addressing in task["stages"]]
            outs = [out for stage in stages for out in stage.outs if in_cache(out)]
            there = in_remote(repo, outs)
            for out in outs:
                see_that_sound(repo, out, there)
        except Damaged as error:
            return error.refusal
    return {}


def in_remote(repo: Any, outs: list[Any]) -> set[str]:
    """The objects of outs, by their names in the cache, that the default remote holds."""
    held = {oid for out in outs for _, oid in objects(out)}
    return set(repo.cloud.get_remote_odb().oids_exist(list(held))) if held else set()


def see_that_sound(repo: Any, out: Any, there: Set[str] = frozenset()) -> None:
    """Raise Damaged if the cache does not hold an out as the lock says."""
    damaged(out, there=there)
    for path, oid in objects(out):
        if oid not in there and not os.path.exists(out.cache.oid_to_path(oid)):
            raise Damaged(os.path.relpath(path, repo.root_dir), out.stage)


def spoilt(stage: Any, began: float) -> bool:
    """Whether outs that were in the cache before are damaged there; they are removed.

    So it is with a stage that DVC did not run, because the cache seemed to hold what it makes.
    """
    found = [out for out in stage.outs if in_cache(out) and damaged(out, before=began)]
    for out in found:
        if stage.frozen or stage.is_data_source:
            raise Damaged(str(out), stage)
        print(f"{out} is damaged in the cache: it is made again", flush=True)
        out.remove()
    return bool(found)


def damaged(out: Any, *, before: float = math.inf, there: Set[str] = frozenset()) -> bool:
    """Remove from the cache what has another content than the lock says, and say if there was any.

    DVC would go on to take it for good, for it looks no further than at the mode of a file.

    Args:
        before: only what was in the cache at this time.
        there: names in the cache of what need not be looked at.
    """
    from dvc_data.hashfile.hash import file_md5

    found = False
    for _, oid in objects(out):
        file = out.cache.oid_to_path(oid)
        with suppress(FileNotFoundError):
            if oid in there or os.stat(file).st_mtime > before:
                continue
            if file_md5(file, name=out.cache.hash_name) != oid.removesuffix(".dir"):
                os.unlink(file)
                found = True
    return found


def objects(out: Any) -> Iterator[tuple[str, str]]:
    """The files of an out, with their names in the cache; a folder's list first."""
    yield out.fs_path, out.hash_info.value
    if out.hash_info.isdir:
        for key, _, info in out.get_obj() or ():
            yield out.fs.join(out.fs_path, *key), info.value


def causes(error: BaseException) -> list[BaseException]:
    """What an error came from, outermost first."""
    found = []
    while error.__cause__ is not None:
        error = error.__cause__
        found.append(error)
    return found


def status_of(problem: str) -> int:
    """The exit status of the step, which DVC only puts into words."""
    import re

    match = re.search(r"exited with (-?\d+)", problem)
    return int(match[1]) if match else 255


WORK = {
    "unchanged": unchanged,
    "reproduce": reproduce,
    "stale": stale,
    "sound": sound,
    "push": push,
    "fetch": fetch,
}

if __name__ == "__main__":
    raise SystemExit(main(work))
