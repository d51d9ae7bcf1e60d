"""Where the raw tables come from: a Python package's files, or any fsspec URL."""

import importlib.util
import os
import zipfile
import zlib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from include.errors import DataError, at_most_ten, did_you_mean, masked
from include.flights.ingestion import csv_faults, csv_files, parquet_files, unpacking
from include.flights.ingestion.casts import convert
from include.flights.ingestion.unpacking import Limits

PACKAGE = "package://"
# The first bytes of a file by the end of its name; CSV may begin with anything but the others.
BEGIN = {"parquet": b"PAR1", "zip": b"PK", "csv": b""}
PAGE = (b"<!doctype", b"<!DOCTYPE", b"<html", b"<HTML")
NO_CSV = (b"PAR1", b"PK\x03\x04", b"version https://git-lfs", *PAGE)


def read_table(
    location: str,
    name: str,
    month: date | None = None,
    missing: Collection[str] = (),
    limits: Limits | None = None,
) -> pl.DataFrame:
    """Read one table of a source, as text where the file has no types.

    Args:
        location: a folder: `package://PACKAGE/FOLDER`, a path, or a URL that fsspec reads
            (file, s3, http...).
        name: the file in it, ending in .parquet, .csv or .csv.zip; `{month}` stands for 2013-01.
        missing: columns of text in which NA in a CSV file means that there is no value.
        limits: of what is packed.

    Raises:
        DataError: the file is missing, cut short, too large when it is unpacked, or of a kind that
            is not read; or its URL holds a password.
    """
    limits = limits or Limits()
    url = place_of(location, name)
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
            return parquet_files.table_of(data, url, limits)
        where, text = unpacking.unzip(data, url, limits) if kind == "zip" else (url, data)
        return csv_files.table_of(text, where, missing, limits)
    except (pl.exceptions.PolarsError, OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = f"{url} ({len(data):,} bytes) cannot be read: {problem}."
        raise DataError(what, csv_faults.CUT_SHORT) from error


def place_of(location: str, name: str) -> str:
    """The path or URL of a file of a source.

    Raises:
        DataError: it holds a password, or leads out of its package.
    """
    url = f"{location.rstrip('/')}/{name}"
    if masked(url) != url:
        raise DataError(
            f"{url} holds a password or token, which dvc.lock and the experiment would keep.",
            "take it out of params.yaml, and give it to fsspec in the environment, as FSSPEC_HTTP="
            """'{"headers": {"Authorization": "Basic ..."}}' or FSSPEC_FTP_PASSWORD.""",
        )
    folder = resolve(location)
    return resolve(url) if location.startswith(PACKAGE) else f"{folder}/{name}"


def resolve(location: str) -> str:
    """Turn `package://PACKAGE/FOLDER` into the path of the installed package."""
    if not location.startswith(PACKAGE):
        return location.rstrip("/")
    package, _, folder = location.removeprefix(PACKAGE).partition("/")
    # The package is not imported, nor one around it: its data files are all that is wanted.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"{location} names the package {package!r}, which is not installed.",
            "run `make setup`, or change ingest_flights.location in params.yaml.",
        )
    root = os.path.normpath(spec.submodule_search_locations[0])
    found = os.path.normpath(f"{root}/{folder}")
    if found != root and not found.startswith(f"{root}{os.sep}"):
        raise DataError(
            f"{location} leads out of the package {package!r}, to {found}.",
            "name a folder of the package, or give ingest_flights.location as a path.",
        )
    return found


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
        raise DataError(f"{url} cannot be opened: {said(error)}.", fix) from None
    except (TypeError, AttributeError) as error:  # of stores that need more than a URL
        fix = "use a protocol that needs nothing but a URL, such as https, s3 or file."
        raise DataError(f"{url} cannot be opened: {said(error)}.", fix) from None
    except Exception as error:  # each library under fsspec raises what it likes
        raise DataError(
            f"{url} cannot be read: {said(error)}.",
            "see that the place answers and that this user may read there, then run it again.",
        ) from None


def said(error: Exception) -> str:
    """What a library says of an error, as a part of a sentence."""
    return str(error).strip().rstrip(".") or type(error).__name__


def check_begin(url: str, kind: str, data: bytes) -> None:
    """Raise DataError if a file is something else than its name says, such as a page of HTML."""
    begin = data[:100].lstrip()
    foreign = kind == "csv" and begin.startswith(NO_CSV)
    if data and (foreign or not begin.startswith(BEGIN[kind])):
        what = f"{url} is not what its name says: it begins with {data[:16]!r}."
        fix = "fetch the file again, or name it for what it is: .parquet, .csv or .csv.zip."
        raise DataError(what, fix)


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
