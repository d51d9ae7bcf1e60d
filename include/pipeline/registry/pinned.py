"""A version, pinned: its commit and the hash of what it is, and so the same bytes for ever.

A tag can be moved, and a worker may have neither the tag nor the commit. Who knows the hash needs
no more than DVC's cache, or one of its remotes.
"""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.registry.declared import artifacts, paths_in
from include.pipeline.registry.tags import read

LIVE = "live"  # the version of a run that takes what is live as it begins
NONE = "none"  # the version where nothing is live, and what of a pin is not known
PARTS = ("version", "commit", "md5")  # what a section of params holds of a version
FETCH = "run `leeway registry show --fetch`, which asks the remote, then try again."


@dataclass(frozen=True)
class Pin:
    """A version, and what it is."""

    version: str = NONE
    commit: str = NONE
    md5: str = NONE  # of the out that is the artifact, as DVC has it


def pinned(
    repo: Path, artifact: str, wanted: Pin, look_up: Callable[[Path, str, str], str] | None = None
) -> Pin:
    """The whole of a pin: what it lacks is looked up in the registry of this clone.

    Args:
        look_up: gives the hash of what a commit has made, as `hash_of` does.

    Raises:
        PipelineError: there is no such artifact or version, its commit has not made it, or the pin
            says something else than the registry.
    """
    repo = with_tags(repo)
    registry = read(repo, artifact)
    commits = {version.name: version.commit for version in registry.versions}
    whole = NONE not in (wanted.commit, wanted.md5)
    if wanted.version not in commits and whole and wanted.commit not in commits.values():
        return wanted  # a clone without the tag: the pin says all that is needed
    if not commits:
        known = artifacts(repo)
        hint = "" if artifact in known else did_you_mean(artifact, known)
        what = f"The registry of this clone has no version of {artifact!r}, so none that is "
        raise PipelineError(f"{what}{wanted.version}.{hint}", FETCH)
    commit = registry.version(wanted.version).commit
    if wanted.commit not in (NONE, commit):
        what = f"{wanted.version} of {artifact} is the commit {commit[:10]}, not "
        fix = f"set what stands beside {wanted.version} to {NONE}, or name another version."
        raise PipelineError(f"{what}{wanted.commit[:10]}.", fix)
    said = registry.made(registry.version(wanted.version)).get("hash", NONE)
    if NONE not in (said, wanted.md5) and said != wanted.md5:
        what = f"{wanted.version} of {artifact} has the hash {said}, not {wanted.md5}."
        raise PipelineError(what, f"set what stands beside {wanted.version} to {NONE}.")
    md5 = wanted.md5 if wanted.md5 != NONE else (look_up or hash_of)(repo, commit, artifact)
    return Pin(wanted.version, commit, md5)


def with_tags(repo: Path) -> Path:
    """The repository itself, also from a folder of DVC's for an experiment, which has no tags."""
    for folder in repo.resolve().parents:
        if (folder.parent.parent.name, folder.parent.name, folder.name) == (".dvc", "tmp", "exps"):
            return folder.parents[2]
    return repo


def hash_of(repo: Path, commit: str, artifact: str) -> str:
    """The hash of an artifact, by the dvc.yaml and the lockfile of a commit, as DVC reads them.

    Raises:
        PipelineError: the commit is not here, or has not made the artifact.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    path, found = "", list[str]()
    try:
        with Repo(str(repo)) as held, held.switch(commit):
            path = paths_in(held).get(artifact, "")
            made = [out for out in held.index.outs if out.is_in_repo and out.hash_info]
            found = [str(out.hash_info.value) for out in made if place(held, out) == path]
    except DvcException as error:
        what = f"DVC cannot read the commit {commit[:10]}, a version of {artifact}: {error}"
        raise PipelineError(what, FETCH) from None
    if found:
        return found[0]
    what = f"The commit {commit[:10]} has not made {path or 'what its dvc.yaml calls'} {artifact}."
    raise PipelineError(what, "name a version whose run made it: see `leeway registry show`.")


def place(held: Any, out: Any) -> str:
    """The path of an out, from the root of the repository."""
    return str(held.fs.relpath(out.fs_path, held.root_dir)).replace(os.sep, "/")


def bytes_of(repo: Path, md5: str) -> Path:
    """The file of a hash in DVC's cache, brought there from a remote if need be, and verified.

    Raises:
        PipelineError: neither the cache nor a remote of DVC has it.
    """
    if not re.fullmatch("[0-9a-f]{32}", md5):
        what = f"{md5!r} is no hash of a file, of 32 digits and letters from a to f."
        raise PipelineError(what, f"set it to {NONE}, or to what dvc.lock has.")
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc_data.hashfile.hash_info import HashInfo

    with Repo(str(repo)) as held:
        file, problems = Path(held.cache.local.oid_to_path(md5)), []
        default = held.config["core"].get("remote")
        remotes = sorted(held.config["remote"], key=lambda name: (name != default, name))
        if is_whole(file, md5):
            return file
        for remote in remotes:
            try:
                held.cloud.pull([HashInfo("md5", md5)], remote=remote)
            except (DvcException, OSError) as error:
                problems.append(f"{remote}: {error}")
            if is_whole(file, md5):
                return file
    asked = f"nor one of its remotes ({at_most_ten(problems or remotes)})" if remotes else ""
    what = f"DVC's cache does not have the object {md5}" + (f", {asked}" if asked else "") + "."
    fix = "run `dvc push --all-commits` where it was made, and let this clone have that remote."
    raise PipelineError(what, fix)


def is_whole(file: Path, md5: str) -> bool:
    """Whether the cache has an object; one that is damaged is removed, so that it is fetched."""
    from dvc_data.hashfile.hash import file_md5

    with suppress(FileNotFoundError):
        if file_md5(str(file)) == md5:
            return True
        file.unlink()
    return False
