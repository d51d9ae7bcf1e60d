"""Give what a root worker made to the user of a container."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from include.pipeline.places.container import user_of
from include.pipeline.places.where import Where


def hand_over(where: Where, folder: Path, cache: Path) -> None:
    """Let the user of a container write to what a worker made that is root."""
    (cache / "runs").mkdir(parents=True, exist_ok=True)  # Docker would make them, as root
    if os.geteuid() == 0:
        uid, _, gid = user_of(where).partition(":")
        give(folder, int(uid), int(gid or uid), files=True)
        give(cache, int(uid), int(gid or uid), files=False)


def give(folder: Path, uid: int, gid: int, *, files: bool) -> None:
    """Give a folder, but for git's own, to the user of the container: a root worker made it.

    Steps of other stages may be at work in it. What they put in the place of a file or a folder,
    as a link to another's, must not be given away: each is changed by a handle of its own, no link
    is followed, and what root did not make, or has two names, stays as it is.
    """
    for _, inner, names, at in os.fwalk(folder, follow_symlinks=False):
        inner[:] = [name for name in inner if name != ".git"]
        if os.fstat(at).st_uid == 0:
            os.fchown(at, uid, gid)
        for name in names if files else ():
            with suppress(FileNotFoundError):  # of another stage that works beside this one
                give_file(name, at, uid, gid)


def give_file(name: str, at: int, uid: int, gid: int) -> None:
    """Give a file in an open folder, if it is root's, and has this one name."""
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=at)
    try:
        held = os.fstat(handle)
        if held.st_uid == 0 and held.st_nlink == 1 and stat.S_ISREG(held.st_mode):
            os.chown(f"/proc/self/fd/{handle}", uid, gid)  # the very file, whatever its name is now
    finally:
        os.close(handle)
