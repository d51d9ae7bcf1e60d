"""Read a CSV file as text; where it is none, csv_faults says why."""

from collections.abc import Collection

import polars as pl

from include.errors import DataError
from include.flights.ingestion import csv_faults, unpacking
from include.flights.ingestion.unpacking import Limits

# In the name of a column these say that the header was not read as it was meant.
STRANGE = set('"\r\n\0\N{REPLACEMENT CHARACTER};\t|')


def table_of(
    data: bytes, where: str, missing: Collection[str], limits: Limits | None = None
) -> pl.DataFrame:
    """The file as text, with nulls where nothing stands.

    Args:
        where: what the file is called in an error.
        missing: columns in which NA, R's word for it, means that there is no value. In the others
            it is a value like any other: a carrier may be called so.
        limits: of what gzip packed.

    Raises:
        DataError: the file is not UTF-8 with commas, a line does not fit the header, or it is too
            large when it is unpacked.
    """
    data = unpacking.plain(data, where, limits or Limits())
    if data.endswith((b"\n\n", b"\n\r\n")):  # polars makes a row of nulls of an empty line
        data = data.rstrip(b"\r\n") + b"\n"
    try:
        # As text: types are given, not guessed, so that a word in a number column is found.
        table = pl.read_csv(data, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        problem = str(error).splitlines()[0]
        raise DataError(*csv_faults.explain(data, where, problem)) from error
    if is_suspect(table) and (fault := csv_faults.find(data, where)):
        raise DataError(*fault)
    return table.with_columns(
        pl.col(name).replace(["", "NA"] if name in missing else [""], None)
        for name in table.columns
    )


def is_suspect(table: pl.DataFrame) -> bool:
    """Whether the file may say something else: polars fills up a line that is too short."""
    strange = any(not STRANGE.isdisjoint(name) for name in table.columns)
    return strange or table.to_series(-1).has_nulls()
