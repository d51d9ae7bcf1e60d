"""Bring what a stage reads, and what it goes on with, into the workspace."""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .guards import see_that_within
from .integrity import damaged, see_that_sound
from .stages import files_read, in_cache, outs_around


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
    """Check out what the lockfile says of a stage: all if it is unchanged, else what it keeps.

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
