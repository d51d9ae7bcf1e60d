"""Where the raw tables come from: a Python package's files, or any fsspec URL."""

import importlib.util
import io
import sys
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from include.errors import DataError, at_most_ten, did_you_mean
from include.flights.ingestion import parquet_files
from include.flights.ingestion.casts import convert

PACKAGE = "package://"


def read_table(location: str, name: str, month: date | None = None) -> pl.DataFrame:
    """Read one table of a source, as text where the file has no types.

    Args:
        location: a folder: `package://PACKAGE/FOLDER`, a path, or a URL that fsspec reads
            (file, s3, http...).
        name: the file in it, ending in .parquet, .csv or .csv.zip; `{month}` stands for 2013-01.

    Raises:
        DataError: the file is missing, cut short, or of a kind that is not read.
    """
    url = f"{resolve(location)}/{name}"
    if month is not None:
        url = url.replace("{month}", f"{month:%Y-%m}")
    data = read_bytes(url)
    try:
        if url.endswith(".parquet"):
            return parquet_files.read(data, url)
        if url.endswith(".zip"):
            data = unzip(url, data)
        elif not url.endswith(".csv"):
            raise DataError(
                f"{url} is not .parquet, .csv or .csv.zip.", "convert it, or rename it."
            )
        # As text: types are given, not guessed, so that a word in a number column is found.
        return pl.read_csv(data, infer_schema=False, null_values=["", "NA"])
    except (pl.exceptions.PolarsError, OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{url} ({len(data):,} bytes) cannot be read: {problem}.",
            "fetch the file again; it is cut short or damaged.",
        ) from error


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


def unzip(url: str, data: bytes) -> bytes:
    """The one CSV file in a zip archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv")]
        if len(names) != 1:
            found = at_most_ten(archive.namelist()) or "nothing"
            raise DataError(f"{url} holds {found}, not one CSV file.", "zip one CSV file alone.")
        return archive.read(names[0])


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
    return pl.DataFrame([convert(table[name], kind, origin) for name, kind in schema.items()])
