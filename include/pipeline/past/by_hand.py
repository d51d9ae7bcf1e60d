"""What the files of an experiment say, where it has no record: `dvc exp run`, or an older Leeway.

Its params are those that the lockfile at its root has, its metrics those files of metrics that git
holds; those in DVC's cache are read there, if it has them. Each file is read once, in however many
experiments it is.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from configparser import ConfigParser, Error
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from include.pipeline.git.command import git
from include.pipeline.git.objects import objects
from include.pipeline.lockfile import LOADER
from include.pipeline.params_file import flatten, shown
from include.pipeline.past.record import MOST, numbers_in

Held = Mapping[str, tuple[str, bytes]]
BIGGEST = 10_000_000  # bytes of a file of metrics that is read
CACHES = ("files/md5/{}/{}", "{}/{}")  # of DVC 3, and of those before


@dataclass(frozen=True)
class Files:
    """What the files of an experiment say."""

    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    problem: str = ""


def files_of(repo: Path, commits: Iterable[str]) -> dict[str, Files]:
    """What the files of experiments say, by their commits."""
    commits = list(commits)
    prefix = git(repo, "rev-parse", "--show-prefix")
    names = [f"{sha}:{prefix}{file}" for sha in commits for file in ("dvc.yaml", "dvc.lock")]
    texts, read = objects(repo, names), Reader()
    found, wanted = {}, {}
    for sha in commits:
        graph, lock = (
            read(texts.get(f"{sha}:{prefix}{file}")) for file in ("dvc.yaml", "dvc.lock")
        )
        found[sha], wanted[sha] = lock, metrics_of(graph, lock)
    names = [f"{sha}:{prefix}{path}" for sha, paths in wanted.items() for path in paths]
    blobs = objects(repo, names)
    return {
        sha: Files(params_of(lock), *numbers(repo, sha, prefix, wanted[sha], blobs, read))
        for sha, lock in found.items()
    }


class Reader:
    """Reads YAML and JSON, each content once."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def __call__(self, held: tuple[str, bytes] | None) -> Any:
        """What a file holds; None if that is nothing that can be read."""
        if held is None or len(held[1]) > BIGGEST:
            return None
        name, content = held
        if name not in self.known:
            self.known[name] = parsed(content)
        return self.known[name]


def parsed(content: bytes) -> Any:
    """What JSON or YAML says; None if it is neither."""
    text = content.decode(errors="replace")
    try:
        return json.loads(text) if text.startswith("{") else yaml.load(text, LOADER)
    except (ValueError, yaml.YAMLError, RecursionError):
        return None


def params_of(lock: Any) -> dict[str, Any]:
    """The values that the stages of a lockfile were made from, by name."""
    found: dict[str, Any] = {}
    for entry in mapping(mapping(lock).get("stages")).values():
        for file, values in mapping(mapping(entry).get("params")).items():
            held = flatten(values).items()
            found |= {shown(str(file), name): value for name, value in held}
    return found


def metrics_of(graph: Any, lock: Any) -> dict[str, str]:
    """The files of metrics that a dvc.yaml names, and their hashes in the lockfile; '' if none.

    A path of a template is that of each out which fits.
    """
    held = mapping(graph)
    bodies = [mapping(body) for body in mapping(held.get("stages")).values()]
    bodies += [mapping(body.get("do")) for body in bodies if "do" in body]
    named = [*listed(held.get("metrics"))]
    for body in bodies:
        wdir = str(body.get("wdir") or "")
        named += [f"{wdir}/{path}" if wdir else path for path in listed(body.get("metrics"))]
    made = outs_of(lock)
    found: dict[str, str] = {}
    for path in map(os.path.normpath, named):
        if "${" in path:
            form = ".+".join(map(re.escape, re.split(r"\$\{.*?\}", path)))
            found |= {out: md5 for out, md5 in made.items() if re.fullmatch(form, out)}
        else:
            found[path] = made.get(path, "")
    return found


def listed(entries: object) -> list[str]:
    """The paths of a list of outs: each a path, or a mapping of it to what is said of it."""
    found = []
    for entry in entries if isinstance(entries, list) else []:
        found += [str(name) for name in entry] if isinstance(entry, dict) else [str(entry)]
    return found


def outs_of(lock: Any) -> dict[str, str]:
    """The hashes of files that stages made, by path."""
    entries = mapping(mapping(lock).get("stages")).values()
    outs = (mapping(entry).get("outs") for entry in entries)
    each = (mapping(out) for some in outs if isinstance(some, list) for out in some)
    return {str(out.get("path")): str(out.get("md5") or "") for out in each}


def mapping(held: object) -> dict[Any, Any]:
    """What is a mapping, else an empty one."""
    return held if isinstance(held, dict) else {}


def numbers(
    repo: Path, sha: str, prefix: str, paths: Mapping[str, str], blobs: Held, read: Reader
) -> tuple[dict[str, float], str]:
    """The numbers of files of metrics, and which of these files nobody has here."""
    found: dict[str, float] = {}
    absent = []
    for path, md5 in paths.items():
        held = blobs.get(f"{sha}:{prefix}{path}") or in_cache(repo, md5)
        if held is None:
            absent.append(path)
            continue
        found |= dict(islice(numbers_in(read(held), f"{path}:"), MOST - len(found)))
    return found, f"neither git nor DVC's cache has {', '.join(absent)}" if absent else ""


def in_cache(repo: Path, md5: str) -> tuple[str, bytes] | None:
    """A file of DVC's cache, where that is in the repository."""
    for form in CACHES if re.fullmatch(r"[0-9a-f]{32}", md5) else ():
        path = cache_of(repo) / form.format(md5[:2], md5[2:])
        if path.is_file() and path.stat().st_size <= BIGGEST:
            return md5, path.read_bytes()
    return None


def cache_of(repo: Path) -> Path:
    """The folder of DVC's cache, as the repository's own settings have it."""
    found = repo / ".dvc" / "cache"
    for name in ("config", "config.local"):
        settings = ConfigParser(interpolation=None)
        with suppress(Error, UnicodeDecodeError):
            settings.read(repo / ".dvc" / name)
            if said := settings.get("cache", "dir", fallback=""):
                found = repo / ".dvc" / said
    return found
