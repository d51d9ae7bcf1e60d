"""Unpack what a source has packed, and never more of it than the limits say.

A few kilobytes can unpack to more than any machine holds, by mistake or by intent. So the size is
watched while it grows: what a file says of itself is not believed.
"""

import gzip
import io
import zipfile
from typing import IO

from pydantic import BaseModel, ConfigDict, Field

from include.errors import DataError, at_most_ten

MB = 1_000_000
GZIP = b"\x1f\x8b"
# polars would unpack these by itself, whatever comes out.
OTHERS = {b"\x28\xb5\x2f\xfd": "zstd", b"x\x01": "zlib", b"x\x9c": "zlib", b"x\xda": "zlib"}
# Python unpacks these in steps of any size.
UNBOUNDED = (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


class Limits(BaseModel):
    """How large that may be which is packed in a file of the source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unpacked_mb: int = Field(default=1000, ge=1, description="most megabytes of an unpacked file")
    ratio: int = Field(
        default=100, ge=1, description="most times larger than packed, if it is more than 1 MB"
    )
    entries: int = Field(default=1000, ge=1, description="most entries of a zip archive")

    def check(self, where: str, packed: int, size: int) -> None:
        """Raise DataError if so many bytes are more than may come out of so many.

        Args:
            where: what the file is called in an error.
        """
        too_many = f"{where} ({packed:,} bytes) unpacks to more than "
        if size > self.unpacked_mb * MB:
            raise refusal(f"{too_many}{self.unpacked_mb:,} MB.", "unpacked_mb")
        if size > max(self.ratio * packed, MB):
            raise refusal(f"{too_many}{self.ratio:,} times its size.", "ratio")


def refusal(what: str, limit: str) -> DataError:
    """A limit, and where it is set."""
    setting = f"ingest_flights.limits.{limit} in params.yaml"
    return DataError(what, f"see that it is the right file; if so, raise {setting}.")


def unzip(data: bytes, where: str, limits: Limits) -> tuple[str, bytes]:
    """The one CSV file in a zip archive: what it is called in a message, and its bytes.

    Raises:
        DataError: there is another number of them, or it is too large, or locked.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > limits.entries:
            raise refusal(
                f"{where} holds {len(entries):,} entries; at most {limits.entries:,} may be in a "
                "zip archive.",
                "entries",
            )
        found = [entry for entry in entries if is_csv(entry.filename)]
        if len(found) != 1:
            names = at_most_ten(archive.namelist()) or "nothing"
            raise DataError(f"{where} holds {names}, not one CSV file.", "zip one CSV file alone.")
        name = f"{found[0].filename} in {where}"
        packed = min(found[0].compress_size, len(data))
        limits.check(name, packed, found[0].file_size)
        try:
            if found[0].compress_type in UNBOUNDED:
                raise NotImplementedError("That compression method is not supported")
            with archive.open(found[0].filename) as file:
                return name, unpacked(file, packed, name, limits)
        except RuntimeError as error:  # a password, or a method that Python does not know
            problem = str(error).rstrip(".")
            fix = "zip it again, with the usual method and without a password."
            raise DataError(f"{where} cannot be unpacked: {problem}.", fix) from None


def is_csv(name: str) -> bool:
    """Whether an entry of an archive is one of the user's, not what macOS puts beside each."""
    of_macos = name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")
    return name.lower().endswith(".csv") and not of_macos


def plain(data: bytes, where: str, limits: Limits) -> bytes:
    """The bytes of a CSV file, which gzip may have packed.

    Raises:
        DataError: it is too large, packed twice, or packed by something else.
    """
    if data.startswith(GZIP):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            text = unpacked(file, len(data), where, limits)
        if text.startswith(GZIP):
            raise DataError(f"{where} is packed twice by gzip.", "pack it once.")
        data = text
    for sign, method in OTHERS.items():
        if data.startswith(sign):
            what = f"{where} is packed by {method}, which is not read."
            raise DataError(what, "unpack it, or pack it with gzip or zip.")
    return data


def unpacked(file: IO[bytes] | gzip.GzipFile, packed: int, where: str, limits: Limits) -> bytes:
    """All that comes out of a packed file, unless it is too much."""
    out, size = io.BytesIO(), 0
    while chunk := file.read(MB):
        size += len(chunk)
        limits.check(where, packed, size)
        out.write(chunk)
    return out.getvalue()
