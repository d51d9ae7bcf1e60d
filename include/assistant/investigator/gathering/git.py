"""The few things that are read of a repository; nothing is written."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from include.errors import PipelineError

LOCK, GRAPH = "dvc.lock", "dvc.yaml"


def git(repo: Path, *words: str, given: bytes | None = None) -> bytes:
    """What git prints.

    Raises:
        PipelineError: it refused.
    """
    # A repository that is read as root may belong to somebody else, as in a container.
    trusted = ["-c", "safe.directory=*"] if os.geteuid() == 0 else []
    quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    command = ["git", "-C", str(repo), *trusted, *quiet, *words]
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        problem = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no word"]
        what = f"`git {' '.join(words[:2])}` failed in {repo}: {problem[0]}."
        raise PipelineError(what, "name the repository by --repository.")
    return done.stdout


def lines(repo: Path, *words: str) -> list[str]:
    """The lines that git prints."""
    return git(repo, *words).decode(errors="replace").splitlines()


def contents(repo: Path, names: Iterable[str]) -> Iterator[bytes | None]:
    """The contents of objects, such as COMMIT or COMMIT:path; None for one that is not there."""
    asked = [*names]
    if not asked:
        return
    held = git(repo, "cat-file", "--batch", given="".join(f"{one}\n" for one in asked).encode())
    place = 0
    for _ in asked:
        end = held.index(b"\n", place)
        head = held[place:end].split(b" ")
        if len(head) == 3 and head[2].isdigit():
            size = int(head[2])
            yield held[end + 1 : end + 1 + size]
            place = end + 2 + size
        else:
            yield None
            place = end + 1


def locks_at(repo: Path, commit: str) -> dict[str, Any]:
    """The lockfiles of a commit, by the folder that each lies in."""
    listed = lines(repo, "ls-tree", "-r", "--name-only", commit)
    paths = [path for path in listed if path == LOCK or path.endswith(f"/{LOCK}")]
    held = contents(repo, [f"{commit}:{path}" for path in paths])
    return {folder_of(path): parsed(text or b"") for path, text in zip(paths, held, strict=True)}


def projects_in(repo: Path) -> list[str]:
    """The folders of a working tree that have stages, whether or not their lockfiles are kept."""
    paths = lines(
        repo, "ls-files", "--", *(f"{way}{name}" for way in ("", "*/") for name in (GRAPH, LOCK))
    )
    return sorted({folder_of(path) for path in paths})


def locks_in(repo: Path, folders: Iterable[str]) -> dict[str, Any]:
    """The lockfiles that lie in some folders of a working tree, by folder."""
    there = {folder: repo / folder / LOCK for folder in folders}
    return {folder: parsed(path.read_bytes()) for folder, path in there.items() if path.is_file()}


def folder_of(path: str) -> str:
    """The folder of a file of stages, as they are named by it; empty for the root."""
    return path.rpartition("/")[0]


def parsed(text: bytes) -> Any:
    """YAML by the fast reader; nothing, if it is none."""
    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
