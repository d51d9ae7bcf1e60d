"""Read a Parquet file, also where its times have an offset instead of a time zone's name."""

import base64
import io
import re

import polars as pl

from include.errors import DataError
from include.flights.ingestion.unpacking import MB, Limits, refusal

BYTES_PER_VALUE = 8
OFFSET = re.compile(rb"[+-]\d\d:?\d\d")


def table_of(data: bytes, where: str, limits: Limits | None = None) -> pl.DataFrame:
    """The file as it is; times whose zone polars does not know come in UTC, as the same instants.

    Raises:
        DataError: the file holds a type that polars does not have, or is too large when it is
            unpacked.
    """
    check_size(data, where, limits or Limits())
    try:
        # polars panics, with much on the screen, at a zone such as +05:30, which pyarrow writes.
        schema = pl.read_parquet_metadata(data).get("ARROW:schema", "")
        if OFFSET.search(base64.b64decode(schema)):
            return read_in_utc(data)
        return pl.read_parquet(data)
    except pl.exceptions.PanicException:
        return read_in_utc(data)
    except pl.exceptions.InvalidOperationError as error:
        what = f"{where} cannot be read: {str(error).splitlines()[0].rstrip('.')}."
        raise DataError(what, "write the file again, with types that polars has.") from None


def check_size(data: bytes, where: str, limits: Limits) -> None:
    """Raise DataError if the file is too large when it is unpacked, by what its end says of it.

    A million equal values are packed into a few bytes, and rightly so: no ratio is too much.
    """
    import pyarrow as pa
    import pyarrow.parquet

    try:
        held = pa.parquet.read_metadata(io.BytesIO(data))
    except (pa.ArrowException, OSError):  # polars says better what is wrong
        return
    packed = sum(held.row_group(number).total_byte_size for number in range(held.num_row_groups))
    size = max(packed, held.num_rows * held.num_columns * BYTES_PER_VALUE)
    if size > limits.unpacked_mb * MB:
        shape = f"{held.num_rows:,} rows of {held.num_columns:,} columns"
        what = f"{where} ({len(data):,} bytes) holds {shape}, about {size / MB:,.0f} MB"
        raise refusal(f"{what}; at most {limits.unpacked_mb:,} MB are read.", "unpacked_mb")


def read_in_utc(data: bytes) -> pl.DataFrame:
    """The file, with all times that have a zone in UTC."""
    import pyarrow as pa
    import pyarrow.parquet

    try:
        table = pa.parquet.read_table(io.BytesIO(data))
    except pa.ArrowException as error:
        raise OSError(str(error)) from None
    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz:
            utc = table.column(number).cast(pa.timestamp(field.type.unit, "UTC"))
            table = table.set_column(number, field.name, utc)
    return pl.DataFrame(pl.from_arrow(table))
