"""Which documents are of another version than the package that is locked: they have gone stale."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, RootModel

from include import step
from include.environments import pins_of


class Source(BaseModel):
    """A source of documents, as far as it has a version."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    package: str | None = Field(default=None, description="name of the package that it is of")
    version: str | None = Field(default=None, description="version of it")


class Sources(RootModel[Mapping[str, Source]]):
    """The file sources.yaml, as far as it says of what versions the documents are."""


@dataclass(frozen=True)
class Stale:
    """A source that is of another version than is locked."""

    source: str
    package: str
    version: str
    locked: str


def stale_sources(sources: Path, lock: Path) -> list[Stale]:
    """The sources whose package is locked at another version, by name.

    A package that is not locked is not at work here: of its documents nobody can tell.

    Raises:
        ParamsError: the file of sources cannot be read.
    """
    named, pins = step.read_params("sources", Sources, sources).root, pins_of(lock)
    found = []
    for name, source in sorted(named.items()):
        locked = pins.get(canonicalize_name(source.package)) if source.package else None
        if source.package and source.version and locked and source.version != locked:
            found.append(Stale(name, source.package, source.version, locked))
    return found
