"""The file that says which models should answer.

The file is written by one process, in one piece, and read by every worker, whether they share a
machine or a volume. The folders that it names lie beside it.
"""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import DataError

FOLDER = "LEEWAY_SERVE_LIVE"  # names the folder of the file
EXAMPLE = "LEEWAY_SERVE_EXAMPLE"  # names a file that holds what a client may ask, to try it
FILE = "live.json"


class Pointed(BaseModel):
    """A model that should answer, and where its bento is unpacked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: str = Field(description="of the registry, as v0.0.3; empty if it is in none")
    md5: str = Field(min_length=1, description="of the bento file, as DVC has it")
    folder: Path = Field(description="of the unpacked bento, from that of the file")


class Pointer(BaseModel):
    """What the file says."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    champion: Pointed | None = None
    challenger: Pointed | None = None
    refused: dict[str, str] = Field(
        default_factory=dict, description="why a model of the registry cannot be had, by its role"
    )


def live_folder() -> Path | None:
    """The folder of the file; None where the model that came with the code is all there is."""
    named = os.environ.get(FOLDER, "").strip()
    return Path(named) if named else None


def read_pointer(folder: Path) -> Pointer:
    """What the file says; nothing if it is not there as yet.

    Raises:
        DataError: it cannot be read.
    """
    file = folder / FILE
    try:
        return Pointer.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Pointer()
    except (OSError, ValidationError) as error:
        what = f"{file} does not say which model is live: {str(error).splitlines()[0]}."
        raise DataError(what, "start `python -m include.following`, which writes it.") from None
