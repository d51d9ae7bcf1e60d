"""What leaves a workspace, or comes into it: sound, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from include.pipeline.child.integrity import damaged, objects, see_that_sound
from include.pipeline.child.orders import Refused, causes
from include.pipeline.child.stages import in_cache, outs_around
from include.pipeline.child.transfer import check_out, fetch_lost, see_that_no_link_leads_out
from include.pipeline.orders import Fetch, Push, Sound


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


def sound(order: Sound) -> None:
    """See that some paths, and what the remote lacks of some stages, may be given to others."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        for path in order.paths:
            for out in filter(in_cache, outs_around(repo, os.path.abspath(path))):
                fetch_lost(repo, [out])
                see_that_sound(repo, out)
        stages = [stage for stage in repo.index.stages if stage.addressing in order.stages]
        outs = [out for stage in stages for out in stage.outs if in_cache(out)]
        there = in_remote(repo, outs)
        for out in outs:
            see_that_sound(repo, out, there)


def in_remote(repo: Any, outs: list[Any]) -> set[str]:
    """The objects of outs, by their names in the cache, that their remotes hold."""
    from dvc.config import NoRemoteError

    found = set[str]()
    for name in dict.fromkeys(out.remote for out in outs):
        held = {oid for out in outs if out.remote == name for _, oid in objects(out)}
        with suppress(NoRemoteError):  # there is no default: what has none stays here
            found |= set(repo.cloud.get_remote_odb(name).oids_exist(list(held)))
    return found


def push(order: Push) -> None:
    """Push the outs of stages to their remotes."""
    with refused("push") as repo:
        targets = list(order.stages)
        if not repo.config["core"].get("remote"):  # DVC refuses to push what has none
            outs = [out for stage in repo.index.stages for out in stage.outs if out.remote]
            targets = [out.fs_path for out in outs if out.stage.addressing in order.stages]
        if targets:  # none would mean all
            repo.push(targets=targets)


def fetch(order: Fetch) -> None:
    """Check out paths from the cache, or pull them from the default remote."""
    with refused("pull" if order.apart else "checkout") as repo:
        around = (outs_around(repo, os.path.abspath(path)) for path in order.paths)
        outs = [out for found in around for out in found if in_cache(out)]
        if not order.apart:
            return check_out(outs)
        for out in outs:
            see_that_no_link_leads_out(out)
        repo.pull(targets=list(order.paths), force=True)


@contextmanager
def refused(name: str) -> Iterator[Any]:
    """The repository; what DVC refuses to do with it is refused in its own words.

    Args:
        name: of DVC's command that does the same.
    """
    from dvc.exceptions import DvcException
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        with Repo(".") as repo:
            yield repo
    except LockError:  # which is waited for
        raise
    except DvcException as error:
        said = " ".join(str(cause) for cause in (error, *causes(error)))
        fix = "see that the cache and the remote can be reached, then clear this task."
        raise Refused(f"`dvc {name}` failed: {said}", fix) from None
