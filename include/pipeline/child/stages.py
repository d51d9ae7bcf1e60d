"""What dvc.yaml says of stages, as the files of the repository are now."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .guards import see_that_within
from .orders import Changed


def stage_of(repo: Any, name: str) -> Any:
    """The stage with this name, as the files of the repository are now."""
    return next(stage for stage in stages_of(repo) if stage.addressing == name)


def stages_of(repo: Any) -> list[Any]:
    """All stages, as the files of the repository are now.

    Raises:
        Changed: a dvc.yaml or a lockfile is there, but is no file: a folder, or a link out of what
            can be seen from here.
    """
    from dvc.stage.exceptions import StageFileIsNotDvcFileError

    try:
        return list(repo.index.stages)
    except StageFileIsNotDvcFileError as error:
        what = f"DVC cannot read what stages there are, for a step of the run changed it: {error}."
        raise Changed(what, "let no stage write there, then trigger a new run.") from None


def outs_around(repo: Any, path: str) -> list[Any]:
    """The outs that are at a path, in it, or around it."""
    from dvc.fs import localfs

    trie, key = repo.index.outs_trie, localfs.parts(path)
    found = [node.value for node in trie.prefixes(key)]
    return found + (list(trie.values(prefix=key)) if trie.has_subtrie(key) else [])


def files_read(stage: Any) -> list[Any]:
    """The deps of a stage that are files of this machine: a file of params may be an out as well.

    A frozen stage reads nothing.
    """
    if stage.frozen or stage.is_repo_import or stage.is_db_import:
        return []
    return [dep for dep in stage.deps if getattr(dep, "protocol", "") == "local"]


def in_cache(out: Any) -> bool:
    """Whether the lockfile says what the cache holds of an out."""
    return bool(out.use_cache and out.hash_info)


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
