"""Where the raw tables come from: a Python package's files, or any fsspec URL."""

import importlib.util
import io
import sys
import zipfile
import zlib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from include.errors import DataError, at_most_ten, did_you_mean
from include.flights.ingestion import csv_faults, csv_files, parquet_files
from include.flights.ingestion.casts import convert

PACKAGE = "package://"
# The first bytes of a file by the end of its name; CSV may begin with anything but the others.
BEGIN = {"parquet": b"PAR1", "zip": b"PK", "csv": b""}
PAGE = (b"<!doctype", b"<!DOCTYPE", b"<html", b"<HTML")
NO_CSV = (b"PAR1", b"PK\x03\x04", b"version https://git-lfs", *PAGE)


def read_table(
    location: str, name: str, month: date | None = None, missing: Collection[str] = ()
) -> pl.DataFrame:
    """Read one table of a source, as text where the file has no types.

    Args:
        location: a folder: `package://PACKAGE/FOLDER`, a path, or a URL that fsspec reads
            (file, s3, http...).
        name: the file in it, ending in .parquet, .csv or .csv.zip; `{month}` stands for 2013-01.
        missing: columns of text in which NA in a CSV file means that there is no value.

    Raises:
        DataError: the file is missing, cut short, or of a kind that is not read.
    """
    url = f"{resolve(location)}/{name}"
    if month is not None:
        url = url.replace("{month}", f"{month:%Y-%m}")
    kind = url.lower().rpartition(".")[2]
    if kind not in BEGIN:
        fix = "convert it, or rename it."
        raise DataError(f"{url} is not .parquet, .csv or .csv.zip.", fix)
    data = read_bytes(url)
    check_begin(url, kind, data)
    try:
        if kind == "parquet":
            return parquet_files.read(data, url)
        where, text = unzip(url, data) if kind == "zip" else (url, data)
        return csv_files.read(text, where, missing)
    except (pl.exceptions.PolarsError, OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = f"{url} ({len(data):,} bytes) cannot be read: {problem}."
        raise DataError(what, csv_faults.CUT_SHORT) from error


def resolve(location: str) -> str:
    """Turn `package://PACKAGE/FOLDER` into the path of the installed package."""
    if not location.startswith(PACKAGE):
        return location.rstrip("/")
    package, _, folder = location.removeprefix(PACKAGE).partition("/")
    # The package is not imported: its data files are all that is wanted.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"{location} names the package {package!r}, which is not installed.",
            "run `make setup`, or change ingest_flights.location in params.yaml.",
        )
    return str(Path(spec.submodule_search_locations[0]) / folder)


def read_bytes(url: str) -> bytes:
    """Read a file by path, or by URL through fsspec."""
    try:
        if "://" not in url:
            return Path(url).read_bytes()
        import fsspec

        store, path = fsspec.core.url_to_fs(url)
        return bytes(store.cat_file(path))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DataError(
            f"{url} does not exist.",
            "change ingest_flights.location or ingest_flights.tables in params.yaml.",
        ) from None
    except (ImportError, ValueError) as error:
        fix = "use a protocol that fsspec knows, or install its package."
        raise DataError(f"{url} cannot be opened: {error}.", fix) from error
    except errors_of_stores() as error:
        problem = str(error).rstrip(".") or type(error).__name__
        raise DataError(
            f"{url} cannot be read: {problem}.",
            "see that the place answers and that this user may read there, then run it again.",
        ) from error


def errors_of_stores() -> tuple[type[Exception], ...]:
    """What the libraries under fsspec raise, beside OSError; those that are loaded by now."""
    own = (("aiohttp", "ClientError"), ("botocore.exceptions", "BotoCoreError"))
    loaded = [getattr(sys.modules[name], error) for name, error in own if name in sys.modules]
    return (OSError, *loaded)


def check_begin(url: str, kind: str, data: bytes) -> None:
    """Raise DataError if a file is something else than its name says, such as a page of HTML."""
    begin = data[:100].lstrip()
    foreign = kind == "csv" and begin.startswith(NO_CSV)
    if data and (foreign or not begin.startswith(BEGIN[kind])):
        what = f"{url} is not what its name says: it begins with {data[:16]!r}."
        fix = "fetch the file again, or name it for what it is: .parquet, .csv or .csv.zip."
        raise DataError(what, fix)


def unzip(url: str, data: bytes) -> tuple[str, bytes]:
    """The one CSV file in a zip archive: what it is called in a message, and its bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if is_csv(name)]
        if len(names) != 1:
            found = at_most_ten(archive.namelist()) or "nothing"
            raise DataError(f"{url} holds {found}, not one CSV file.", "zip one CSV file alone.")
        try:
            return f"{names[0]} in {url}", archive.read(names[0])
        except RuntimeError as error:  # a password, or a method that Python does not know
            problem = str(error).rstrip(".")
            fix = "zip it again, with the usual method and without a password."
            raise DataError(f"{url} cannot be unpacked: {problem}.", fix) from None


def is_csv(name: str) -> bool:
    """Whether an entry of an archive is one of the user's, not what macOS puts beside each."""
    of_macos = name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")
    return name.lower().endswith(".csv") and not of_macos


def typed(table: pl.DataFrame, schema: Mapping[str, pl.DataType], origin: str) -> pl.DataFrame:
    """Take the columns of `schema` from a table, in its types.

    Raises:
        DataError: a column is missing (a renamed one is offered), or holds a value that is not
            of its type.
    """
    for name in schema:
        if name not in table.columns:
            extra = [column for column in table.columns if column not in schema]
            raise DataError(
                f"{origin} has no column {name!r}; it has {at_most_ten(table.columns)}."
                f"{did_you_mean(name, extra)}",
                f"rename the column to {name!r} in the source.",
            )
        if f"{name}_duplicated_0" in table.columns:  # so polars calls the second one
            what = f"{origin} has the column {name!r} more than once."
            raise DataError(what, "rename or remove all but one of them in the source.")
    return pl.DataFrame([convert(table[name], kind, origin) for name, kind in schema.items()])
