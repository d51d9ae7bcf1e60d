"""The folders of a run in a container or pod, and what it may do with each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from include.pipeline.child import files
from include.pipeline.git.command import lent, objects_of, parts
from include.pipeline.workspace import marker_of, own

# Of DVC's settings; the others name remotes, databases and servers.
DVC_SECTIONS = {
    f"[{name}]"
    for name in ("core", "cache", "parsing", "hydra", "feature", "exp", "plots", "state", "index")
}


class Mount(NamedTuple):
    """A folder or file of this machine in a container or pod."""

    path: str
    mode: str  # ro or rw
    source: str = ""  # where it is on this machine, if that is another path


def folders_of(folder: Path, top: Path, cache: Path, repo: Path) -> list[Mount]:
    """The folders of a run, and how they may be used: workspace, cache, and the clone's objects.

    A step must not write what git and DVC obey, a remote's settings for one: the worker runs both
    in this folder; nor DVC's run cache, whose entries later runs take for what stages made. As
    mounts of their own these folders can be neither moved nor replaced, and so are those that they
    are in. What holds logins is not there to be read: a step needs none, for its worker does what
    needs a network.

    Args:
        folder: of DVC in the workspace.
        top: root of the workspace, which may lie above it.
        repo: root of the DVC repository that was cloned.
    """
    return [
        Mount(str(top), "rw"),
        *(Mount(str(place), "rw") for place in below(folder, top)),
        Mount(str(top / ".git"), "ro"),
        Mount(str(folder / ".dvc"), "ro"),
        Mount(str(folder / ".dvc" / "tmp"), "rw"),
        Mount(str(cache), "rw"),
        Mount(str(cache / "runs"), "ro"),
        *(
            Mount(str(place), "ro")
            for place in lent(top / ".git" / "objects") or [objects_of(repo)]
        ),
        *(Mount(str(path), "ro", str(shown)) for path, shown in shown_of(folder, top).items()),
    ]


def below(folder: Path, top: Path) -> list[Path]:
    """The folders from the root of a workspace down to that of DVC, without the root."""
    return [p for p in reversed((folder, *folder.parents)) if top in p.parents]


def shown_of(folder: Path, top: Path) -> dict[Path, Path]:
    """Files that hold logins or addresses, and what a container has in their place."""
    texts: dict[Path, Callable[[Path], str]] = {
        top / ".git" / "config": git_settings,
        folder / ".dvc" / "config.local": dvc_settings,
        marker_of(top): nothing,
    }
    found = {}
    for path, text in texts.items():
        if path.exists():
            found[path] = shown = own(top) / "shown" / path.name
            if not shown.exists():
                files.write(shown, text(path))
                shown.chmod(0o644)
    return found


def nothing(path: Path) -> str:
    """What a container sees of a run as a whole."""
    return "{}"


def git_settings(path: Path) -> str:
    """What git needs to read a clone."""
    kept = ("get-regexp", r"^(core|extensions|filter)\.")
    entries = parts(path.parent, "config", "--local", "-z", f"--{kept[0]}", kept[1])
    found = []
    for name, _, value in (entry.partition("\n") for entry in entries):
        section, _, key = name.rpartition(".")
        kind, _, inner = section.partition(".")
        title = f'[{kind} "{inner}"]' if inner else f"[{kind}]"
        found.append(f"{title}\n\t{key} = {json.dumps(value, ensure_ascii=False)}\n")
    return "".join(found)


def dvc_settings(path: Path) -> str:
    """What of DVC's settings is no remote, and has no login: sections of plain choices."""
    found, kept = [], False
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith("["):
            kept = line.strip() in DVC_SECTIONS
        if kept and line.split("=")[0].strip() != "remote":
            found.append(line)
    return "".join(found)
