"""Write rows where a source, a saved dataset or a log has its Parquet files.

A file is written aside and takes its place at once: a reader never sees half of one, and a file
that is a link into a cache is replaced, not written through.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from feast.errors import SavedDatasetLocationAlreadyExists

from include.errors import DataError, at_most_ten, did_you_mean
from include.feature_store import arrow, files, sources

WRITTEN = "_written-"


class DatasetExists(DataError, SavedDatasetLocationAlreadyExists):
    """The place of a saved dataset is taken: the error that Feast knows, in our words."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix

    def __str__(self) -> str:
        return f"{self.what}\n  Next: {self.fix}"


def append(table: pa.Table, location: str, name: str) -> None:
    """Add rows to a file, after those that it holds, or to a folder as its last file.

    Raises:
        DataError: the place is a pattern or a URL, or the rows do not fit what is there.
    """
    path = local(location, f"The source of {name}")
    if files.is_pattern(path):
        raise DataError(
            f"The source of {name}, {path}, is a pattern: rows go to a file or a folder.",
            "give the source the folder of its files.",
        )
    if path.is_file():
        add_to_file(table, path, name)
    else:
        add_to_folder(table, path, name)


def add_to_file(table: pa.Table, path: Path, name: str) -> None:
    """Write a file anew with rows at its end. Two that write at once wait for each other."""
    with locked(path.parent):
        with sources.reading(name):
            held = pq.ParquetFile(path)
        with held, aside(path) as work:
            table = fitting(table, held.schema_arrow, str(path))
            with pq.ParquetWriter(work, held.schema_arrow, compression="zstd") as writer:
                for group in range(held.num_row_groups):
                    writer.write_table(held.read_row_group(group))
                writer.write_table(table)


def add_to_folder(table: pa.Table, folder: Path, name: str) -> None:
    """Write a file whose name comes after those of the folder."""
    held = sources.parts(str(folder), name)
    schema = arrow.schema(sources.common(held, sources.names(held), f"The source of {name}"))
    last = files.files(folder)[-1]
    stem = last.name.split(WRITTEN)[0].removesuffix(files.SUFFIX)
    write(fitting(table, schema, str(folder)), last.with_name(f"{stem}{WRITTEN}{unique()}"))


def log(table: pa.Table, location: str, partition_by: list[str]) -> None:
    """Add rows to a folder, in a folder column=value for each value of the given columns."""
    folder = local(location, "The destination of the logs")
    if not partition_by:
        return write(table, folder / f"log{WRITTEN}{unique()}")
    index = pl.DataFrame(pl.from_arrow(table.select(partition_by))).with_row_index("__row")
    for values, rows in index.partition_by(partition_by, as_dict=True).items():
        pairs = zip(partition_by, values, strict=True)
        inner = folder.joinpath(*(f"{name}={quote(str(value), safe='')}" for name, value in pairs))
        write(table.take(rows["__row"].to_arrow()), inner / f"log{WRITTEN}{unique()}")
    return None


def save(table: pa.Table, location: str, overwrite: bool) -> None:
    """Write a table to a .parquet file, or as the one file of a folder.

    Raises:
        DatasetExists: something is there, and `overwrite` is not set.
    """
    path = local(location, "The place of the saved dataset")
    if path.exists() and not overwrite:
        raise DatasetExists(
            f"The saved dataset {path} exists already.",
            "name a new .parquet file or folder, or set allow_overwrite=True.",
        )
    if path.suffix == files.SUFFIX and not path.is_dir():
        return write(table, path)
    old = files.below(path) if path.is_dir() else []
    write(table, path / "data.parquet", instead_of=old)
    return None


def local(location: str, what: str) -> Path:
    """A path on this machine.

    Raises:
        DataError: it is a URL.
    """
    if "://" in location:
        raise DataError(
            f"{what} is {location}: rows are written to local files only.",
            "give it a path, or write there by other means.",
        )
    return Path(location)


def fitting(table: pa.Table, schema: pa.Schema, where: str) -> pa.Table:
    """The rows with the columns and types of a schema.

    Raises:
        DataError: a column is missing or unknown, or a value has no place in its type.
    """
    for name in table.column_names:
        if name not in schema.names:
            raise DataError(
                f"The rows have a column {name!r} that {where} lacks."
                f"{did_you_mean(name, schema.names)}",
                f"drop it; the columns are {at_most_ten(schema.names)}.",
            )
    sources.check_columns(
        table.column_names, schema.names, f"The rows for {where} are wrong: the table"
    )
    try:
        return table.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        problem = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"The rows do not fit {where}: {problem}.",
            "give the columns the types of the source.",
        ) from error


def unique() -> str:
    """A file name that comes after those made before."""
    return f"{time.time_ns()}-{uuid.uuid4().hex[:8]}{files.SUFFIX}"


def write(table: pa.Table, path: Path, instead_of: Iterable[Path] = ()) -> None:
    """Write a table aside, then let it take the place of what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with aside(path) as work:
        pq.write_table(table, work, compression="zstd")
        for old in instead_of:
            old.unlink()


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A name for a file that takes its place when the block ends well, and goes when not."""
    work = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        yield work
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process of this machine write to a file of the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
