"""Which documents are of another version than the package that is locked: they have gone stale."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from include.environments import pins_of
from include.errors import DataError


class Source(BaseModel):
    """A source that was fetched, as far as it has a version."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    package: str = Field(description="name of the package that it is of; empty for none")
    version: str = Field(description="version of it")


class Sources(RootModel[Mapping[str, Source]]):
    """The file sources.json of fetch_docs, as far as it says of what versions the documents are."""


@dataclass(frozen=True)
class Stale:
    """A source that is of another version than is locked."""

    source: str
    package: str
    version: str
    locked: str


def stale_sources(sources: Path, lock: Path) -> list[Stale]:
    """The sources that were fetched of another version than is locked, by name.

    A package that is not locked is not at work here: of its documents nobody can tell.

    Raises:
        DataError: a file does not say what was fetched, or what is locked.
    """
    try:
        fetched = Sources.model_validate_json(sources.read_bytes()).root
    except (OSError, ValidationError):
        what = f"{sources} does not say of which versions the documents are."
        raise DataError(what, "run `dvc repro`, which makes it.") from None
    pins = {name: version.lstrip("= ") for name, version in pins_of(lock).items()}  # of ===
    if not pins:
        what = f"{lock} gives no package an exact version, so that nobody knows what is in use."
        raise DataError(what, "name the file that does, as one of environments/, as its dep.")
    found = []
    for name, source in sorted(fetched.items()):
        locked = pins.get(canonicalize_name(source.package)) if source.package else None
        if locked and not same(source.version, locked):
            found.append(Stale(name, source.package, source.version, locked))
    return found


def same(one: str, other: str) -> bool:
    """Whether two versions are one, as 5.6 and 5.6.0 are; the build of a machine is none."""
    try:
        return Version(Version(one).public) == Version(Version(other).public)
    except InvalidVersion:  # of what follows another order, as a tag does
        return one == other
