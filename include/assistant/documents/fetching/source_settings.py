"""What params.yaml says of a source of documents."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MB = 1_000_000
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class Limits(BaseModel):
    """How much a source may hold, whatever it says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_mb: float = Field(default=5, gt=0, description="most megabytes of a page")
    total_mb: float = Field(
        default=100, gt=0, description="most megabytes of the pages of a source"
    )
    entries: int = Field(default=50_000, ge=1, description="most entries of an archive or folder")
    unpacked_mb: float = Field(
        default=1000, gt=0, description="most megabytes that an archive may unpack to"
    )
    ratio: float = Field(
        default=100, ge=1, description="most times larger than packed, if it is more than 1 MB"
    )


class Pages(BaseModel):
    """Which files of a source are pages, and what holds for them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, description="name of the source for people")
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

    @field_validator("root")
    @classmethod
    def root_is_inside(cls, root: str) -> str:
        if root.startswith("/") or ".." in root.split("/"):
            raise ValueError("it has to be a folder in the source")
        return root.strip("/")


class PackageSource(Pages):
    """Pages in the source archive or the wheel of a package, fetched from the package index."""

    kind: Literal["package"] = Field(description="package")
    package: str = Field(min_length=1, description="name of the package")
    version: str = Field(min_length=1, description="version, exactly")
    file: Literal["sdist", "wheel"] = Field(default="sdist", description="which of its files")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="hash of the file")


class InstalledSource(Pages):
    """Pages that an installed package has brought along."""

    kind: Literal["installed"] = Field(description="installed")
    package: str = Field(min_length=1, description="name of the package, as pip has it")
    version: str = Field(min_length=1, description="version, exactly")


class FilesSource(Pages):
    """Pages in this repository; what the stage reads has to be among its deps."""

    kind: Literal["files"] = Field(description="files")
    folder: str = Field(min_length=1, description="folder, from that of params.yaml")


class LocationSource(Pages):
    """Pages in any folder or behind any URL that fsspec reads."""

    kind: Literal["location"] = Field(description="location")
    location: str = Field(min_length=1, description="path, or URL of a folder")
    edition: str = Field(
        default="", description="any text; another one fetches what is at the URL again"
    )


Source = Annotated[
    PackageSource | InstalledSource | FilesSource | LocationSource, Field(discriminator="kind")
]
