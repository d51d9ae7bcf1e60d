"""Take a bento out of DVC's cache or its remote, see that it is whole, and unpack it."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from include.errors import DataError, PipelineError
from include.following.wanted import Wanted
from include.serving import bento_file
from include.serving.hashes import file_md5
from include.serving.manifest import MODEL, is_whole, read_manifest

BENTOS = "bentos"  # beside the file that says what is live; each bento by its hash


def take(repo: Path, wanted: Wanted, live: Path) -> Path:
    """Unpack the file of a version, unless it is; the folder of the bento, seen from `live`.

    Raises:
        DataError: the file is not what was registered, or is no bento of this service.
        PipelineError: neither the cache nor the remote has it.
    """
    place = room(live) / wanted.md5
    if not is_whole(place):
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as aside:
            file = Path(aside) / "model.bento"
            copy(repo, wanted, file)
            unpack(file, wanted, place)
    return place.relative_to(live)


def take_file(file: Path, live: Path) -> tuple[Wanted, Path]:
    """Unpack a file of the working tree, which has no version.

    Raises:
        DataError: it is no bento of this service.
    """
    wanted = Wanted("", file_md5(file))
    place = room(live) / wanted.md5
    if not is_whole(place):
        unpack(file, wanted, place)
    return wanted, place.relative_to(live)


def room(live: Path) -> Path:
    """The folder of the unpacked bentos."""
    (live / BENTOS).mkdir(parents=True, exist_ok=True)
    return live / BENTOS


def copy(repo: Path, wanted: Wanted, target: Path) -> None:
    """Copy the file from DVC's cache, or from its default remote.

    Raises:
        PipelineError: neither has it, or the remote cannot be read.
    """
    from dvc.config import NoRemoteError
    from dvc.repo import Repo

    # DVC writes into a working tree that it opens, and into no commit.
    rev = None if os.access(repo / ".dvc", os.W_OK) else "HEAD"
    with Repo(str(repo), rev=rev) as opened:
        stores = [opened.cache.local]
        with suppress(NoRemoteError):
            stores.append(opened.cloud.get_remote_odb())
        for store in stores:
            path = store.oid_to_path(wanted.md5)
            try:
                if store.fs.exists(path):
                    store.fs.get(path, str(target))
                    return
            except Exception as error:  # of the libraries of a dozen clouds
                what = f"DVC's remote did not give {wanted.version} ({wanted.md5}): "
                what += f"{type(error).__name__}: {error}"
                raise PipelineError(what, "see that `dvc pull` works here.") from error
    remote = "its remote" if len(stores) > 1 else "a remote, for there is none"
    what = f"The file {wanted.md5} of {wanted.version} is in neither DVC's cache nor {remote}."
    raise PipelineError(what, "run `dvc push` where the version was made.")


def unpack(file: Path, wanted: Wanted, place: Path) -> None:
    """Unpack a bento into its place, whole or not at all.

    Raises:
        DataError: it is not what was registered, or no bento of this service.
    """
    name, fix = wanted.version or str(file), "make it anew with `dvc repro`, or pull it again."
    if (found := file_md5(file)) != wanted.md5:
        what = f"The file of {name} is {found}, and {wanted.md5} was registered."
        raise DataError(what, "remove it from DVC's cache, and run `dvc fetch`.")
    aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))
    try:
        bento_file.unpack(file, aside)
        read_manifest(aside / MODEL)
        aside.chmod(0o755)  # for the user of another container
        shutil.rmtree(place, ignore_errors=True)
        aside.rename(place)
    except (*bento_file.UNREADABLE, ValueError) as error:
        what = f"The file of {name} is no bento that can be read: {type(error).__name__}."
        raise DataError(what, fix) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
