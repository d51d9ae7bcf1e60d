"""The few things that are read of a repository; nothing is written."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from include.assistant.investigator.evidence import from_json, writable
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
    given = os.fsencode("".join(f"{one}\n" for one in asked))
    held = git(repo, "cat-file", "--batch", given=given)
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


def paths(repo: Path, *words: str) -> list[str]:
    """The paths that git prints, whatever letters they have; none of two lines."""
    listed = git(repo, *words[:1], "-z", *words[1:]).split(b"\0")
    return [os.fsdecode(path) for path in listed if path and b"\n" not in path]


def locks_at(repo: Path, commit: str) -> dict[str, Any]:
    """The lockfiles of a commit, by the folder that each lies in."""
    listed = paths(repo, "ls-tree", "-r", "--name-only", commit)
    found = [path for path in listed if path == LOCK or path.endswith(f"/{LOCK}")]
    held = contents(repo, [f"{commit}:{path}" for path in found])
    return {folder_of(path): parsed(text or b"") for path, text in zip(found, held, strict=True)}


def projects_in(repo: Path) -> list[Path]:
    """The folders of a working tree that have stages, whether or not their lockfiles are kept."""
    wanted = (f"{way}{name}" for way in ("", "*/") for name in (GRAPH, LOCK))
    return sorted({(repo / path).parent for path in paths(repo, "ls-files", "--", *wanted)})


def locks_in(repo: Path, folders: Iterable[Path]) -> dict[str, Any]:
    """The lockfiles that lie in some folders of a working tree, by folder."""
    found = [path for folder in folders if (path := folder / LOCK).is_file()]
    return {
        folder_of(path.relative_to(repo).as_posix()): parsed(path.read_bytes()) for path in found
    }


def folder_of(path: str) -> str:
    """The folder of a file of stages, as they are named by it; empty for the root."""
    return writable(path.rpartition("/")[0])


def parsed(text: bytes) -> dict[str, Any]:
    """A lockfile as JSON would have it; of a damaged one, the stages that can be read."""
    try:
        held = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        found = from_json(json.dumps(held, default=str, skipkeys=True).encode())
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    stages = found.get("stages") if isinstance(found, dict) else None
    some = stages.items() if isinstance(stages, dict) else ()
    return {"stages": {name: one for name, one in some if is_stage(one)}}


def is_stage(held: object) -> bool:
    """Whether an entry of a lockfile has the form of a stage."""
    return isinstance(held, dict) and isinstance(held.get("params") or {}, dict)
