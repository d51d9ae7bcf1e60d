"""One packaged model, loaded and checked: what a request is answered with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from include.serving.manifest import check_packages, read_manifest
from include.serving.probe import Probed, difference
from include.serving.rows import Rows

SAME_PACKAGES = "install the bento's env/python/requirements.txt exactly."


class Model(Probed, Protocol):
    """What can be served."""

    @property
    def levels(self) -> Mapping[str, frozenset[str]]:
        """The values of each category that the model knows."""


# Makes a model of the folder that packaging wrote: manifest.json, and the weights beside it.
Read = Callable[[Path], Model]


@dataclass(frozen=True)
class Served:
    """A packaged model in memory. Nothing in it changes while it answers."""

    manifest: Mapping[str, Any]
    model: Model
    levels: Mapping[str, frozenset[str]]
    rows: Rows
    fault: str  # why it must not answer; empty if it may
    registered: str = ""  # the version of the registry, as v0.0.3; empty: it is in none
    md5: str = ""  # of the bento file; empty: it came with the code

    @classmethod
    def of(cls, manifest: Mapping[str, Any], model: Model, **known: str) -> "Served":
        """A model with all that a request needs of it, made once."""
        kinds = {feature["name"]: feature["kind"] for feature in manifest["features"]}
        rows = Rows(kinds, manifest["max_rows"])
        return cls(manifest, model, model.levels, rows, fault_of(manifest, model), **known)

    @cached_property
    def version(self) -> str:
        """The bento's name and version, which is a hash of all that is in it."""
        return f"{self.manifest['name']}:{self.manifest['version']}"


def load(folder: Path, read: Read, **known: str) -> Served:
    """Load a packaged model, after each of its files.

    Raises:
        DataError: a file is missing, or is not the one that was packaged.
        PipelineError: a package that it computes with is not installed.
    """
    manifest = read_manifest(folder)
    check_packages(manifest)
    return Served.of(manifest, read(folder), **known)


def fault_of(manifest: Mapping[str, Any], model: Model) -> str:
    """What is wrong if this machine does not answer as the one that packaged the model."""
    further = difference(manifest, model)
    if further is None:
        return ""
    return f"Probabilities here differ by {further:.1e} from those at packaging."
