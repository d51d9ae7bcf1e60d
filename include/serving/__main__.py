"""Serve a bento file, as often as one likes: `python -m include.serving FILE`.

It is `bentoml import` and `bentoml serve` in one: BentoML refuses a version that its store holds,
and `NAME:latest` need not be the version of the file. Further options are for `bentoml serve`.
"""

import argparse
import os
import sys
import tarfile
from pathlib import Path

import yaml

from include.errors import DataError, PlatformError
from include.serving.bento_file import UNREADABLE
from include.serving.gate import read_token
from include.serving.manifest import is_whole
from include.serving.places import from_here

HOST = "127.0.0.1"  # this machine alone, where BentoML would listen to all the world


def main(argv: list[str]) -> int:
    """Import the file if need be, and become its server; 1 if there is nothing to serve."""
    parser = argparse.ArgumentParser(prog="python -m include.serving", description=__doc__)
    parser.add_argument("bento", type=Path, help="a file that `bentoml import` reads")
    given, options = parser.parse_known_args(argv)
    from_here()
    try:
        read_token()
        tag = imported(given.bento)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    os.environ.setdefault("BENTOML_HOST", HOST)
    print(f"serving {tag}", flush=True)
    command = [sys.executable, "-m", "bentoml", "serve", tag, *options]
    os.execv(sys.executable, command)


def imported(path: Path) -> str:
    """The tag of the bento in a file, which is in BentoML's store then.

    Raises:
        DataError: there is no such file, or it is no bento.
    """
    tag = tag_of(path)
    os.environ["BENTOML_DO_NOT_TRACK"] = "true"
    import bentoml

    try:
        held = Path(bentoml.get(tag).path)
        if is_whole(held):  # an import may have been killed
            return tag
        bentoml.delete(tag)
    except bentoml.exceptions.NotFound:
        pass
    # An absolute path: BentoML takes the first folder of another for the name of a host.
    bentoml.import_bento(str(path.absolute()))
    return tag


def tag_of(path: Path) -> str:
    """The name and version of the bento in a file."""
    fix = "run `dvc repro`, which makes it, or `dvc pull` it."
    try:
        with tarfile.open(path, "r:xz") as archive:
            file = archive.extractfile("bento.yaml")
            assert file is not None
            about = yaml.safe_load(file)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", fix) from None
    except (*UNREADABLE, KeyError, OSError) as error:
        what = f"{path} is no bento that can be read: {type(error).__name__}."
        raise DataError(what, fix) from None
    return f"{about['name']}:{about['version']}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
