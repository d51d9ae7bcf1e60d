"""Whether the cache holds what the lockfile says."""

import math
import os
from collections.abc import Iterator, Set
from contextlib import suppress
from typing import Any

from .orders import Refused
from .stages import in_cache


class Damaged(Refused):
    """The cache does not hold what the lockfile says."""

    def __init__(self, path: str, stage: Any) -> None:
        name = stage.addressing
        what = f"{path}, an out of {name!r}, is damaged in the cache, or no longer there."
        fix = f"clear the task of stage {name!r}, which makes it again, and then this one."
        if stage.is_data_source or stage.frozen:
            fix = f"bring it back, as by `dvc fetch {path}`, then clear this task."
        super().__init__(what, fix, again=name)


def see_that_sound(repo: Any, out: Any, there: Set[str] = frozenset()) -> None:
    """Raise Damaged if the cache does not hold an out as the lockfile says."""
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
    """Remove from the cache what has another content than the lockfile says; say if there was any.

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
