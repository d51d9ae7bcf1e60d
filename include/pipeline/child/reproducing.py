"""Bring one stage up to date."""

import fnmatch
import hashlib
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from .entries import entry_of, made_from, put_back
from .gpus import gpu_seconds
from .integrity import spoilt
from .orders import Made, Refused, Reproduce, Reproduced, Usage, causes
from .recalling import recall
from .spawning import Taken, spawning
from .stages import files_read, see_that_as_opened, stage_of
from .transfer import be_here, bring, bring_own

# No image installs all of it: who has it among its deps there reads what is locked.
RESOLUTION = "environments/development.txt"
BUSY = ("Unable to acquire lock", "is busy, it is being blocked by")


def reproduce(order: Reproduce, contained: bool = False) -> Reproduced:
    """Bring one stage up to date; its inputs are fetched from the cache if they are not there."""
    with spawning() as taken, gpu_seconds(contained) as gpu_s:
        found = done(order)
    return replace(found, usage=usage(taken, gpu_s[0]))


def done(order: Reproduce) -> Reproduced:
    """How a stage ended."""
    from dvc.exceptions import ReproductionError
    from dvc.repo import Repo

    try:
        with Repo(".") as repo:
            # Nobody commits from a workspace: no hints to do so, and no lock of git's index.
            repo.scm_context.quiet, repo.scm_context.autostage = True, False
            return reproduced(repo, order)
    except ReproductionError as error:
        problem = " ".join(str(cause) for cause in (error, *causes(error)))
        if any(sign in problem for sign in BUSY):
            raise
        return Reproduced(status_of(problem), problem)


def reproduced(repo: Any, order: Reproduce) -> Reproduced:
    """Let DVC reproduce a stage in a workspace that holds what a clone with all data would."""
    from dvc.repo import lock_repo

    name, began = order.stage, time.time()
    # Another stage may be writing the lockfile, and DVC does not do so at a stroke.
    with lock_repo(repo):
        stage = stage_of(repo, name)
        see_that_as_opened([stage], {name: order.opened} if order.opened else None)
        see_that_environment_is_its_own(stage)
        put_back(stage, order.begin)
        bring(repo, stage, remote=order.remote, fetch=order.fetch)
        recall(stage, order.recall)
        bring_own(repo, stage, fetch=order.fetch)
        read, start = made_from(repo, stage), entry_of(stage)
    repo.reproduce(targets=[name], single_item=True)
    with lock_repo(repo):
        stage = stage_of(repo, name)
    if spoilt(stage, began):
        repo.reproduce(targets=[name], single_item=True)
        with lock_repo(repo):
            stage = stage_of(repo, name)
    for out in stage.outs:
        be_here(out)
    if order.remote:
        repo.push(targets=[name])
    return Reproduced(made=Made(read, start, entry_of(stage)))


def usage(taken: Taken, gpu_s: float) -> Usage:
    """What this process took, and all that it started and waited for; of memory, the command."""
    each = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu_s = sum(one.ru_utime + one.ru_stime for one in each)
    return Usage(cpu_s, taken.peak_kib * 1024 / 1e9, gpu_s)


def see_that_environment_is_its_own(stage: Any) -> None:
    """Refuse a stage where another environment is installed than its deps name.

    Our images and `make setup` note what they installed; others are not ours to judge.

    Raises:
        Refused: it is another.
    """
    note = Path(sys.prefix, "environments.sha256")
    if not note.exists():
        return
    held = {name: digest for digest, name in map(str.split, note.read_text().splitlines())}
    for dep in files_read(stage):
        name, file = os.path.relpath(dep.fs_path, stage.repo.root_dir), Path(dep.fs_path)
        if not fnmatch.fnmatchcase(name, "environments/*.txt") or not file.is_file():
            continue
        if name == RESOLUTION and name not in held:
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
        raise Refused(what, f"{fix}then trigger a new run.")


def status_of(problem: str) -> int:
    """The exit status of the step, which DVC only puts into words."""
    import re

    match = re.search(r"exited with (-?\d+)", problem)
    return int(match[1]) if match else 255
