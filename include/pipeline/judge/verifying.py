"""Whether an artifact of a commit, and what was said of it, are there as they were made."""

from contextlib import suppress
from typing import Any

from include.errors import did_you_mean
from include.pipeline.child.integrity import Damaged, see_that_sound
from include.pipeline.child.orders import Refused
from include.pipeline.child.stages import in_cache
from include.pipeline.judge.describing import path_of, place, see_that_current, upstream
from include.pipeline.orders import Verified, Verify

FIX = "run the pipeline again, or bring it back where it is, as by `dvc push`."


def verified(order: Verify) -> Verified:
    """The hashes of a commit, whose artifact and verdict have been read from the cache.

    What the cache lacks, or holds damaged, comes from the remote: what stays there is what was
    compared with its hash.

    Raises:
        Refused: one of them was not made, is nowhere to be had as it was made, or was made from
            other data than is beside it.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    with Repo(".") as repo:
        with repo.switch(order.commit):
            lost = [out.hash_info for out in unsound(repo, order)]
            if not lost:
                return told(repo, order)
        # By the settings of the working tree, which know how to log in.
        with suppress(DvcException, OSError):
            repo.cloud.pull(lost)
        with repo.switch(order.commit):
            if gone := [place(repo, out) for out in unsound(repo, order)]:
                what = f"Neither the cache nor the remote has {gone[0]} of {order.commit[:10]} as "
                raise Refused(f"{what}it was made.", FIX)
            return told(repo, order)


def unsound(repo: Any, order: Verify) -> list[Any]:
    """Those of the two that the cache does not hold with their hashes; damaged ones go."""
    found = []
    for out in filter(in_cache, wanted(repo, order)):
        try:
            see_that_sound(repo, out)
        except Damaged:
            found.append(out)
    return found


def wanted(repo: Any, order: Verify) -> list[Any]:
    """The outs that are the artifact and the verdict.

    Raises:
        Refused: the commit has not made one of them.
    """
    made = {place(repo, out): out for out in repo.index.outs if out.hash_info}
    paths = [path_of(repo, order), order.verdict]
    for path in paths:
        if path not in made:
            what = f"The commit {order.commit[:10]} has not made {path}."
            raise Refused(what + did_you_mean(path, made), "name an experiment that has.")
    return [made[path] for path in paths]


def told(repo: Any, order: Verify) -> Verified:
    """What the verdict says, and the hashes of all that the commit has.

    Raises:
        Refused: a stage before the verdict read other data than the commit has.
    """
    artifact, verdict = wanted(repo, order)
    before = upstream(repo, verdict.stage)
    see_that_current(repo, before)
    # A stage beside these, which the run left out, says what an older run read.
    hashes = {
        place(repo, one): str(one.hash_info.value)
        for stage in before
        for one in (*stage.deps, *stage.outs)
        if one.hash_info and one.protocol == "local" and not hasattr(one, "params")
    }
    # An out that DVC does not keep is a file of git.
    inside = in_cache(verdict)
    file = verdict.cache.oid_to_path(verdict.hash_info.value) if inside else verdict.fs_path
    with (open if inside else repo.fs.open)(file, "rb") as held:
        text = held.read().decode(errors="replace")
    return Verified(
        path=place(repo, artifact),
        hash=str(artifact.hash_info.value),
        text=text,
        verdict_hash=str(verdict.hash_info.value),
        hashes=hashes,
    )
