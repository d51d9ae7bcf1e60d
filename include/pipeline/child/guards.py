"""Keep DVC at the files of the run and of the cache, whatever a step wrote there."""

import os
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .orders import Changed

OURS = frozenset({".git", ".dvc"})  # what git and DVC obey


def refuse_what_leads_out() -> None:
    """Keep DVC at the files of the run and the cache, whatever a step wrote there."""
    refuse_lists_that_lead_out()
    refuse_objects_that_lead_out()
    refuse_what_is_no_file()


def refuse_objects_that_lead_out() -> None:
    """Let DVC take no path for the name of an object: it would read, write or remove what is there.

    A step may write such a name into a lockfile, or into the list of a folder.
    """
    from dvc_data.hashfile.db.local import LocalHashFileDB
    from dvc_objects.db import ObjectDB

    for kind in (ObjectDB, LocalHashFileDB):
        setattr(kind, "oid_to_path", within_store(kind.oid_to_path))  # noqa: B010


def within_store(real: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
    """Where an object is, if its name is none of a place outside of its store."""

    def checked(store: Any, oid: str) -> str:
        if "/" in oid or oid.startswith("."):
            what = (
                f"A lockfile, or the list of a folder, names an object {oid!r}, and that is a path."
            )
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
