"""DVC in a process of its own: `python -m include.pipeline.child` reads its task as JSON.

It is copied into containers, and so is one file, which imports nothing but DVC and the standard
library there.

The process leads a group. When the process that started it dies, even by kill -9, it is told so,
and ends the group: no step goes on without the task that it belongs to.
"""

import ctypes
import fnmatch
import hashlib
import json
import math
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
BUSY = ("Unable to acquire lock", "is busy, it is being blocked by")
OURS = frozenset({".git", ".dvc"})  # what git and DVC obey
Order = Callable[[dict[str, Any]], dict[str, Any]]
Lock = dict[str, Any]  # what a lock file says of a stage


def main(work: Callable[[dict[str, Any]], int]) -> int:
    """Be a new process: do what the first argument asks."""
    task = json.loads(sys.argv[1])
    os.environ.pop("PYTHONPATH", None)
    if task["python_path"]:
        os.environ["PYTHONPATH"] = task["python_path"]
    return work(task)


def work(task: dict[str, Any], orders: Mapping[str, Order] | None = None) -> int:
    """Do a task, and write the result to the file it names."""
    die_with_parent(task["parent"])
    keep_locks_apart(task)
    refuse_what_leads_out()
    if not task["parent"]:
        save_no_runs()
    order = (orders or {"reproduce": reproduce})[task["do"]]
    try:
        result = patiently(task, order)
    except Changed as error:
        result = error.refusal
    with open(task["result"], "w") as file:
        json.dump(result, file, default=str)  # values of params may be dates
    return 0


def another_environment(stage: Any) -> dict[str, Any]:
    """Refuse a stage where another environment is installed than its deps name.

    Our images and `make setup` note what they installed; others are not ours to judge.
    """
    note = Path(sys.prefix, "environments.sha256")
    if not note.exists():
        return {}
    held = {name: digest for digest, name in map(str.split, note.read_text().splitlines())}
    for dep in files_read(stage):
        name, file = os.path.relpath(dep.fs_path, stage.repo.root_dir), Path(dep.fs_path)
        if not fnmatch.fnmatchcase(name, "environments/*.txt") or not file.is_file():
            continue
        wanted = hashlib.sha256(file.read_bytes()).hexdigest()
        if wanted == (ours := held.get(name)):
            continue
        other = f"another {name} ({ours[:12]}) than" if ours else f"no {name}, so not"
        what = (
            f"This image or environment was made from {other} that of the run ({wanted[:12]}): "
            f"the result of stage {stage.addressing!r} would not be what its key says."
        )
        fix = "make it anew (`make compose-up`, or `make setup` where the worker is in no image), "
        return {"refused": [what, f"{fix}then trigger a new run."]}
    return {}


def keep_locks_apart(task: dict[str, Any]) -> None:
    """Keep DVC's locks of paths apart from those of other containers, be they workers or stages.

    They name processes by numbers that mean something else in each container: DVC would take the
    living for dead. Stages that may not run at once are kept apart by Airflow.
    """
    from dvc import rwlock

    if not task["workspace"]:
        return  # others use this folder, by DVC's own names
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


def refuse_what_leads_out() -> None:
    """Keep DVC at the files of the run and the cache, whatever a step wrote there."""
    refuse_lists_that_lead_out()
    refuse_objects_that_lead_out()
    refuse_what_is_no_file()


def refuse_objects_that_lead_out() -> None:
    """Let DVC take no path for the name of an object: it would read, write or remove what is there.

    A step may write such a name into a lock, or into the list of a folder.
    """
    from dvc_data.hashfile.db.local import LocalHashFileDB
    from dvc_objects.db import ObjectDB

    for kind in (ObjectDB, LocalHashFileDB):
        setattr(kind, "oid_to_path", within_store(kind.oid_to_path))  # noqa: B010


def within_store(real: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    """Where an object is, if its name is none of a place outside of its store."""

    def checked(store: Any, oid: str) -> str:
        if "/" in oid or oid.startswith("."):
            what = f"A lock, or the list of a folder, names an object {oid!r}, and that is a path."
            raise Changed(what, "let no stage write there, then trigger a new run.")
        return real(store, oid)

    return checked


def refuse_what_is_no_file() -> None:
    """Let DVC open files alone: at a pipe that a step made it would wait for ever."""
    from dvc_objects.fs.local import FsspecLocalFileSystem

    real: Any = FsspecLocalFileSystem.open

    def checked(self: Any, path: str, mode: str = "r", **named: Any) -> Any:
        if "r" in mode and not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
            raise Changed(f"{path} is no file: a step made a pipe of it.", "remove it.")
        return real(self, path, mode, **named)

    setattr(FsspecLocalFileSystem, "open", checked)  # noqa: B010


def refuse_lists_that_lead_out() -> None:
    """Let DVC take the list of a folder for damaged if it names what is not inside the folder.

    DVC would check it out: a step that wrote such a list would write wherever its worker can.
    """
    from dvc_data.hashfile.tree import Tree
    from dvc_objects.errors import ObjectFormatError

    real = Tree.from_list

    def checked(entries: list[dict[str, Any]], **named: Any) -> Any:
        for path in (entry.get("relpath") for entry in entries):
            if not isinstance(path, str) or not inside(path):
                raise ObjectFormatError(f"the list of a folder names {path!r}, which is not in it")
        return real(entries, **named)

    setattr(Tree, "from_list", checked)  # noqa: B010


def save_no_runs() -> None:
    """Leave DVC's run cache to the worker: what a container wrote there, other runs would trust.

    DVC removes an entry that is torn, which it cannot do here: it then is none.
    """
    from dvc.stage.cache import StageCache

    real = StageCache._load_cache

    def load(self: Any, key: str, value: str) -> Any:
        with suppress(OSError):
            return real(self, key, value)
        return None

    setattr(StageCache, "_load_cache", load)  # noqa: B010
    StageCache.save = lambda self, stage: None


def inside(path: str) -> bool:
    """Whether a path leads into the folder that it begins at, by plain names."""
    return "\0" not in path and not {"", ".", ".."} & {*path.split("/")}


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


def outs_around(repo: Any, path: str) -> list[Any]:
    """The outs that are at a path, in it, or around it."""
    from dvc.fs import localfs

    trie, key = repo.index.outs_trie, localfs.parts(path)
    found = [node.value for node in trie.prefixes(key)]
    return found + (list(trie.values(prefix=key)) if trie.has_subtrie(key) else [])


def reproduce(task: dict[str, Any]) -> dict[str, Any]:
    """Bring one stage up to date; its inputs are fetched from the cache if they are not there."""
    from dvc.exceptions import ReproductionError
    from dvc.repo import Repo

    try:
        with Repo(".") as repo:
            # Nobody commits from a workspace: no hints to do so, and no lock of git's index.
            repo.scm_context.quiet, repo.scm_context.autostage = True, False
            return reproduced(repo, task)
    except Damaged as error:
        return error.refusal
    except ReproductionError as error:
        problem = " ".join(str(cause) for cause in (error, *causes(error)))
        if any(sign in problem for sign in BUSY):
            raise
        return {"status": status_of(problem), "problem": problem}


def reproduced(repo: Any, task: dict[str, Any]) -> dict[str, Any]:
    """Let DVC reproduce a stage in a workspace that holds what a clone with all data would."""
    from dvc.repo import lock_repo

    name, began = task["stage"], time.time()
    # Another stage may be writing the lock file, and DVC does not do so at a stroke.
    with lock_repo(repo):
        stage = stage_of(repo, name)
        see_that_as_opened([stage], task["opened"])
        if refusal := another_environment(stage):
            return refusal
        put_back(stage, task["begin"])
        bring(repo, stage, remote=task["remote"], fetch=task["fetch"])
        recall(stage, task["recall"])
        bring_own(repo, stage, fetch=task["fetch"])
        read, start = made_from(repo, stage), locked(stage)
    repo.reproduce(targets=[name], single_item=True)
    with lock_repo(repo):
        stage = stage_of(repo, name)
    if spoilt(stage, began):
        repo.reproduce(targets=[name], single_item=True)
        with lock_repo(repo):
            stage = stage_of(repo, name)
    for out in stage.outs:
        be_here(out)
    if task["remote"]:
        repo.push(targets=[name])
    return {"status": 0, "made": {"read": read, "start": start, "entry": locked(stage)}}


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
    return next(stage for stage in stages_of(repo) if stage.addressing == name)


def stages_of(repo: Any) -> list[Any]:
    """All stages, as the files of the repository are now.

    Raises:
        Changed: a dvc.yaml or a lock is there, but is no file: a folder, or a link out of what can
            be seen from here.
    """
    from dvc.stage.exceptions import StageFileIsNotDvcFileError

    try:
        return list(repo.index.stages)
    except StageFileIsNotDvcFileError as error:
        what = f"DVC cannot read what stages there are, for a step of the run changed it: {error}."
        raise Changed(what, "let no stage write there, then trigger a new run.") from None


class Changed(Exception):
    """A step changed what says how stages run, or what they made."""

    def __init__(self, what: str, fix: str) -> None:
        self.refusal = {"refused": [what, fix]}
        super().__init__(what)


def told_of(stage: Any) -> dict[str, Any]:
    """What dvc.yaml says of a stage that decides what its worker runs, reads and writes."""
    return {
        "cmd": stage.cmd,
        "wdir": os.path.relpath(stage.wdir, stage.repo.root_dir),
        "deps": [str(dep.def_path) for dep in stage.deps],
        "outs": [[str(out.def_path), out.use_cache, out.persist] for out in stage.outs],
    }


def see_that_as_opened(stages: Sequence[Any], opened: Mapping[str, Any] | None) -> None:
    """Raise Changed if dvc.yaml says something else of a stage than when the run was opened.

    Or if what DVC writes for the stage, or lets it write, is by a link out of the workspace.

    Args:
        opened: what it said then, by stage; None where all steps run as the worker itself.
    """
    if opened is None:
        return
    for stage in stages:
        for path in written_for(stage):
            see_that_within(Path(stage.repo.root_dir), path)
        if stage.addressing not in opened or told_of(stage) != opened[stage.addressing]:
            what = f"Stage {stage.addressing!r} is not what it was as the run began: a step of the "
            what += "run changed dvc.yaml, or a value that it reads."
            raise Changed(what, "let no stage write there, then trigger a new run.")


def written_for(stage: Any) -> list[Path]:
    """The files that DVC writes for a stage, and the folders of its outs."""
    lockfile = getattr(stage.dvcfile, "_lockfile", None)
    folders = [Path(out.fs_path).parent for out in stage.outs if out.protocol == "local"]
    files = [stage.dvcfile.path, *([lockfile.path] if lockfile else [])]
    return [*map(Path, files), *folders, *(folder / ".gitignore" for folder in folders)]


def put_back(stage: Any, begin: Lock | None) -> None:
    """Let the lock say of a stage what it said as the run began, whatever a step wrote there."""
    if begin is None or as_text(locked(stage)) == as_text(begin):
        return
    print(f"the lock of {stage.addressing!r} is as the run began: a step changed it", flush=True)
    take_over(stage, begin)


def as_text(entry: Lock) -> str:
    """An entry of a lock, to be compared with one that came by way of JSON."""
    return json.dumps(entry, sort_keys=True, default=str)


def bring(repo: Any, stage: Any, *, remote: bool, fetch: bool) -> None:
    """Check out what the stage reads, where it is not there as `dvc checkout` has it.

    Of a folder that several stages make up, each part comes. What a stage of this run made, or
    changed since, stays as it is. From a remote of workers that share no disk all of it is pulled:
    what is here may be what an earlier try of a stage before this one made, on another worker.

    Raises:
        Damaged: what the stage reads cannot be had as it was made.
    """
    read = [(dep, out) for dep in files_read(stage) for out in outs_around(repo, dep.fs_path)]
    read = [(dep, out) for dep, out in read if in_cache(out)]
    if remote:
        wanted = set()
        for dep, out in read:
            damaged(out)
            part = Path(out.fs_path) in Path(dep.fs_path).parents
            wanted.add(dep.fs_path if part else out.fs_path)
        for _, out in read:
            see_that_no_link_leads_out(out)
        if wanted:
            repo.pull(targets=sorted(wanted), force=True, allow_missing=True)
        for _, out in read:
            be_here(out)
        return
    outs = list(dict.fromkeys(out for _, out in read if not is_here(out)))
    if fetch:
        fetch_lost(repo, outs)
    for out in outs:
        see_that_sound(repo, out)
    check_out(outs)


def bring_own(repo: Any, stage: Any, *, fetch: bool) -> None:
    """Check out what the lock says of a stage: all if it is unchanged, else what it goes on with.

    What is lost of it, the step makes. A frozen stage has no step: DVC notes its new command and
    params, and keeps what it made.
    """
    kept = stage.frozen or not stage.changed(allow_missing=True)
    outs = [out for out in stage.outs if (kept or out.persist) and in_cache(out)]
    outs = [out for out in outs if not is_here(out)]
    for out in outs:
        damaged(out)
    if fetch:
        fetch_lost(repo, outs)
    check_out([out for out in outs if not out.changed_cache()])


def files_read(stage: Any) -> list[Any]:
    """The deps of a stage that are files of this machine: a file of params may be an out as well.

    A frozen stage reads nothing.
    """
    if stage.frozen or stage.is_repo_import or stage.is_db_import:
        return []
    return [dep for dep in stage.deps if getattr(dep, "protocol", "") == "local"]


def fetch_lost(repo: Any, outs: Sequence[Any]) -> None:
    """Let DVC fetch what the cache lacks of outs, if a remote has it."""
    from dvc.exceptions import DvcException

    stages = sorted({out.stage.addressing for out in outs if out.changed_cache()})
    if stages:
        with suppress(DvcException):  # who needs what is lost says so
            repo.fetch(targets=stages)


def check_out(outs: Sequence[Any]) -> None:
    """Check out from the cache, in the place of what is there."""
    for out in outs:
        see_that_no_link_leads_out(out)
        out.checkout(force=True)
        be_here(out)


def see_that_no_link_leads_out(out: Any) -> None:
    """Take away links to folders that a step left where an out is to be: DVC would follow them.

    Raises:
        Changed: a folder above the out is a link out of the workspace.
    """
    see_that_within(Path(out.repo.root_dir), Path(out.fs_path).parent)
    place = Path(out.fs_path)
    inner = (Path(at, name) for at, names, _ in os.walk(place) for name in names)
    for path in [place, *inner]:
        if path.is_symlink() and (path.is_dir() or path == place):
            path.unlink()


def see_that_within(root: Path, path: Path) -> None:
    """Raise Changed if a path in the workspace is, or is below, a link out of it that a step made.

    What git and DVC obey is out of it as well. A link that git holds is the repository's own.
    """
    real, top = path.resolve(), root.resolve()
    if not path.is_relative_to(root) or (
        real.is_relative_to(top) and {".git", ".dvc"}.isdisjoint(real.relative_to(top).parts)
    ):
        return
    links = [place for place in (path, *path.parents) if place.is_symlink()]
    for link in (place for place in links if place.is_relative_to(root)):
        name = os.path.relpath(link, root)
        git = ["git", "-C", str(root), "-c", "safe.directory=*"]
        asked = (
            [*git, "ls-files", "--error-unmatch", name],
            [*git, "diff", "--quiet", "HEAD", name],
        )
        if any(
            subprocess.run(words, capture_output=True, check=False).returncode for words in asked
        ):
            what = f"{name} is a link to {os.readlink(link)}, out of the workspace: a step of the "
            raise Changed(
                f"{what}run made it.", "let no stage write there, then trigger a new run."
            )


def is_here(out: Any) -> bool:
    """Whether an out is in the workspace as a whole: checked out to its end, or made here."""
    return bool(out.exists) and here(out).exists()


def be_here(out: Any) -> None:
    """Say that an out is here: half a folder would look like one that a stage has changed."""
    with suppress(FileExistsError):  # a link is not followed
        os.close(os.open(here(out), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))


def here(out: Any) -> Path:
    """A file that is there if an out is."""
    return Path(".dvc/tmp", f"leeway-here-{hashlib.sha256(out.fs_path.encode()).hexdigest()[:24]}")


def made_from(repo: Any, stage: Any) -> dict[str, str]:
    """The stages whose outs a stage reads, and what they have made by now."""
    outs = [out for dep in files_read(stage) for out in outs_around(repo, dep.fs_path)]
    before = {out.stage.addressing: out.stage for out in outs if out.stage is not stage}
    return {name: made_by(other) for name, other in sorted(before.items())}


def made_by(stage: Any) -> str:
    """A hash of what the lock says that a stage made."""
    outs = sorted((out.def_path, str(out.hash_info.value)) for out in stage.outs)
    return hashlib.sha256(json.dumps(outs).encode()).hexdigest()[:24]


def locked(stage: Any) -> Lock:
    """What the lock file says of a stage; empty if nothing, or if it is of a .dvc file."""
    return all_locked([stage])[stage.addressing]


def all_locked(stages: Iterable[Any]) -> dict[str, Lock]:
    """What lock files say of stages. Each is read once: DVC would read it for each stage."""
    files, found = dict[str, Any](), dict[str, Lock]()
    for stage in stages:
        held: Any = {}
        if stage.cmd:
            path = stage.dvcfile._lockfile.path
            if path not in files:
                files[path] = stage.dvcfile.lockfile_contents.get("stages") or {}
            held = files[path].get(stage.name)
        found[stage.addressing] = dict(held or {})
    return found


def lock(stages: Mapping[Any, Lock]) -> None:
    """Let lock files say of stages what other runs' did, as DVC writes it; nothing, if empty."""
    from dvc.utils.serialize import modify_yaml

    files = {stage.dvcfile._lockfile.path for stage in stages}
    for file in sorted(files):
        with modify_yaml(file) as held:
            held.setdefault("schema", "2.0")
            held.setdefault("stages", {})
            for stage, entry in stages.items():
                if stage.dvcfile._lockfile.path == file:
                    held["stages"][stage.name] = entry
                    if not entry:
                        del held["stages"][stage.name]


def recall(stage: Any, file: str | None) -> None:
    """Take over what an earlier run made of the same, where the lock says something else.

    What the lock says and DVC finds unchanged stays. A stage that has to run begins where the
    nearest earlier run ended: it goes on with the folders that it keeps.

    Args:
        file: what earlier runs made of this stage, the newest first.
    """
    if not file or not Path(file).exists() or not stage.changed(allow_missing=True):
        return
    held: list[Lock] = json.loads(Path(file).read_text())
    first = locked(stage)
    for entry in held:
        fill(stage, entry)
        if not stage.changed(allow_missing=True) and stage_is_cached(stage):
            return take_over(stage, entry)
    take_over(stage, nearest([*held, *filter(None, [first])], wanted(stage)))


def take_over(stage: Any, entry: Lock) -> None:
    """Let a stage, and the lock file, be what another run's lock said."""
    fill(stage, entry)
    lock({stage: entry})
    stage.dvcfile._reset()


def stage_is_cached(stage: Any) -> bool:
    """Whether every out can be had: from the cache, or as git has it."""
    return all(
        not (out.changed_cache() if out.use_cache else out.workspace_status()) for out in stage.outs
    )


def fill(stage: Any, lock: Lock) -> None:
    """Let a stage be what a lock says."""
    from dvc.stage.loader import StageLoader

    StageLoader.fill_from_lock(stage, lock or {"cmd": None})
    stage.cmd_changed = bool(lock) and lock.get("cmd") != stage.cmd
    for out in stage.outs:
        out.obj = None


def wanted(stage: Any) -> Lock:
    """What a stage is made from now, as far as it is known: command, params and deps."""
    params = {str(dep.def_path): dep.read_params() for dep in stage.params}
    deps = [dep for dep in files_read(stage) if not hasattr(dep, "params") and dep.exists]
    hashes = [{"path": dep.def_path, "md5": dep.get_hash().value} for dep in deps]
    return {"cmd": stage.cmd, "params": params, "deps": hashes}


def nearest(held: Sequence[Lock], to: Lock) -> Lock:
    """The lock that differs least: in deps, then in params, then by the last value not above.

    So a run of one more month begins with the month before, whatever ran since.
    """
    target = inputs_of(to)
    differing = [{k for k, v in target.items() if inputs_of(lock).get(k) != v} for lock in held]

    def rank(names: Set[str]) -> tuple[int, int]:
        params = sum(name.startswith("param ") for name in names)
        return len(names) - params, params

    least, names = min(map(rank, differing)), set[str]().union(*differing)
    pairs = zip(held, differing, strict=True)
    left = [lock for lock, others in pairs if rank(others) == least]
    for name in sorted(names):
        kind = type(target[name])
        values: list[Any] = [v for lock in left if type(v := inputs_of(lock).get(name)) is kind]
        if kind in (int, float, str) and values:
            below = [value for value in values if value <= target[name]]
            best = max(below) if below else min(values)
            left = [lock for lock in left if inputs_of(lock).get(name) == best]
    return left[0]


def inputs_of(lock: Lock) -> dict[str, Any]:
    """What a lock says that a stage was made from, each part by its name."""
    found: dict[str, Any] = {"cmd": [lock.get("cmd")]}
    found |= {f"dep {dep['path']}": [dep.get("md5")] for dep in lock.get("deps", [])}
    for file, values in lock.get("params", {}).items():
        found |= {f"param {file}:{name}": value for name, value in values.items()}
    return found


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


def see_that_sound(repo: Any, out: Any, there: Set[str] = frozenset()) -> None:
    """Raise Damaged if the cache does not hold an out as the lock says."""
    damaged(out, there=there)
    if out.hash_info.isdir and out.get_obj() is None:
        raise Damaged(os.path.relpath(out.fs_path, repo.root_dir), out.stage)
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


if __name__ == "__main__":
    raise SystemExit(main(work))
