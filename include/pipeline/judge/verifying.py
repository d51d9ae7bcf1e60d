"""Whether an artifact of a commit, and what was said of it, are there as they were made."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from include.errors import did_you_mean
from include.pipeline.child.integrity import Damaged, see_that_sound
from include.pipeline.child.orders import Refused
from include.pipeline.child.stages import in_cache
from include.pipeline.judge.describing import path_of, place, see_that_current, upstream
from include.pipeline.orders import Read, Verified, Verify

T = TypeVar("T")
Find = Callable[[Any], Sequence[Any]]  # the outs of a repository that are meant
FIX = "run the pipeline again, or bring it back where it is, as by `dvc push`."


def verified(order: Verify) -> Verified:
    """The hashes of a commit, whose artifact and verdict have been read from the cache.

    Raises:
        Refused: one of them was not made, is nowhere to be had as it was made, or was made from
            other data than is beside it.
    """
    return with_sound(order.commit, lambda repo: wanted(repo, order), told)


def read(order: Read) -> str:
    """The text of a file that a commit has made.

    Raises:
        Refused: it was not made, or is nowhere to be had as it was made.
    """
    return with_sound(order.commit, lambda repo: made(repo, order.commit, [order.path]), text_of)


def with_sound(commit: str, find: Find, tell: Callable[..., T]) -> T:
    """What is told of outs of a commit that are as they were made.

    What the cache lacks, or holds damaged, comes from the remote: what stays there is what was
    compared with its hash.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    with Repo(".") as repo:
        with repo.switch(commit):
            found = find(repo)
            lost = [out.hash_info for out in unsound(repo, found)]
            if not lost:
                return tell(repo, *found)
        # By the settings of the working tree, which know how to log in.
        with suppress(DvcException, OSError):
            repo.cloud.pull(lost)
        with repo.switch(commit):
            found = find(repo)
            if gone := [place(repo, out) for out in unsound(repo, found)]:
                what = f"Neither the cache nor the remote has {gone[0]} of {commit[:10]} as "
                raise Refused(f"{what}it was made.", FIX)
            return tell(repo, *found)


def unsound(repo: Any, outs: Iterable[Any]) -> list[Any]:
    """Those outs that the cache does not hold with their hashes; damaged ones go."""
    found = []
    for out in filter(in_cache, outs):
        try:
            see_that_sound(repo, out)
        except Damaged:
            found.append(out)
    return found


def wanted(repo: Any, order: Verify) -> list[Any]:
    """The outs that are the artifact and the verdict."""
    return made(repo, order.commit, [path_of(repo, order), order.verdict])


def made(repo: Any, commit: str, paths: Sequence[str]) -> list[Any]:
    """The outs at paths.

    Raises:
        Refused: the commit has not made one of them.
    """
    known = {place(repo, out): out for out in repo.index.outs if out.hash_info}
    for path in paths:
        if path not in known:
            what = f"The commit {commit[:10]} has not made {path}."
            raise Refused(what + did_you_mean(path, known), "name an experiment that has.")
    return [known[path] for path in paths]


def text_of(repo: Any, out: Any) -> str:
    """What a file says. An out that DVC does not keep is a file of git."""
    inside = in_cache(out)
    file = out.cache.oid_to_path(out.hash_info.value) if inside else out.fs_path
    with (open if inside else repo.fs.open)(file, "rb") as held:
        return str(held.read().decode(errors="replace"))


def told(repo: Any, artifact: Any, verdict: Any) -> Verified:
    """What the verdict says, and the hashes of all that the commit has.

    Raises:
        Refused: a stage before the verdict read other data than the commit has.
    """
    before = upstream(repo, verdict.stage)
    see_that_current(repo, before)
    # A stage beside these, which the run left out, says what an older run read.
    hashes = {
        place(repo, one): str(one.hash_info.value)
        for stage in before
        for one in (*stage.deps, *stage.outs)
        if one.hash_info and one.protocol == "local" and not hasattr(one, "params")
    }
    return Verified(
        path=place(repo, artifact),
        hash=str(artifact.hash_info.value),
        text=text_of(repo, verdict),
        verdict_hash=str(verdict.hash_info.value),
        hashes=hashes,
    )
