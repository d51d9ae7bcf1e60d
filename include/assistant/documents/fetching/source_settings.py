"""What sources.yaml says of the sources of documents, and params.yaml of their limits."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
)

from include import step

MB = 1_000_000
NEEDED = {
    "package": ("package", "version", "sha256"),
    "installed": ("package", "version"),
    "files": ("folder",),
    "location": ("location",),
}


def name_of_source(name: str) -> str:
    """A name that a folder may have; ValueError for another."""
    if not re.fullmatch("[a-z0-9][a-z0-9_-]*", name):
        raise ValueError("a source is named by a-z, 0-9 and dashes")
    return name


Name = Annotated[str, AfterValidator(name_of_source)]


class Limits(BaseModel):
    """How much a source may hold, whatever it says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_mb: float = Field(gt=0, description="most megabytes of a page")
    total_mb: float = Field(gt=0, description="most megabytes of the pages of a source")
    entries: int = Field(ge=1, description="most entries of an archive or folder")
    unpacked_mb: float = Field(gt=0, description="most megabytes that an archive may unpack to")
    ratio: float = Field(ge=1, description="most times larger than packed, if it is more than 1 MB")


class Source(BaseModel):
    """Where pages are, which files are pages, and what holds for them.

    A source is of one of four kinds:

    - package: the source archive or the wheel of a package, fetched from the package index.
    - installed: files that an installed package has brought along.
    - files: of this repository.
    - location: any folder, or a URL that fsspec reads.

    Folders of this machine have to be among the deps of the stage; see seen.py.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    kind: Literal["package", "installed", "files", "location"] = Field(description="where it is")
    title: str = Field(min_length=1, description="name of the source for people")
    package: str = Field(default="", description="name of the package, as pip has it")
    version: str = Field(default="", description="version of the package, exactly")
    file: Literal["sdist", "wheel"] = Field(
        default="sdist", description="which file of the package"
    )
    sha256: str = Field(default="", description="hash of that file, 64 hex digits")
    folder: str = Field(default="", description="folder of files, from that of sources.yaml")
    location: str = Field(default="", description="path, or URL of a folder")
    edition: str = Field(
        default="", description="any text; another one fetches what is at the URL again"
    )
    licence: str = Field(min_length=1, description="SPDX identifier of what its pages are under")
    root: str = Field(default="", description="folder in the source that the patterns start from")
    pages: tuple[str, ...] = Field(
        min_length=1, description="patterns of the pages below root; ** is any folder"
    )
    leave_out: tuple[str, ...] = Field(
        default=(), description="patterns of pages that are not taken"
    )
    url: str = Field(
        default="{path}",
        description="where people read a page: {path} below root, {page} is it without its ending",
    )

    @field_validator("package", "version", "sha256", "folder", "location", "edition")
    @classmethod
    def fits_the_kind(cls, value: str, info: ValidationInfo) -> str:
        kind, name = info.data.get("kind"), str(info.field_name)
        if kind is None:
            return value  # that is wrong, and said already
        needed = name in NEEDED[kind]
        if needed and not value:
            raise ValueError(f"a source of the kind {kind} needs it")
        if value and not needed and (kind, name) != ("location", "edition"):
            raise ValueError(f"a source of the kind {kind} has none")
        if name == "sha256" and needed and not re.fullmatch("[0-9a-f]{64}", value):
            raise ValueError("it has to be 64 hex digits")
        return value

    @field_validator("root")
    @classmethod
    def root_is_inside(cls, root: str) -> str:
        if root.startswith("/") or ".." in root.split("/"):
            raise ValueError("it has to be a folder in the source")
        return "/".join(part for part in root.split("/") if part not in ("", "."))


class Sources(RootModel[Annotated[dict[Name, Source], Field(min_length=1)]]):
    """The sources by their names."""


def read_sources(path: Path) -> dict[Name, Source]:
    """The sources that a file names.

    Raises:
        ParamsError: it is not there, or a source in it is not as it must be.
    """
    return step.read_params("sources", Sources, path).root
