"""A Parquet file is read whoever wrote it, and its times are the same instants."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.errors import DataError
from include.flights.ingestion import parquet_files

TEN = datetime(2013, 1, 1, 10, tzinfo=UTC)


def read(**columns: pa.Array) -> pl.DataFrame:
    """What another program wrote, as it is read."""
    data = io.BytesIO()
    pq.write_table(pa.table(columns), data)
    return parquet_files.table_of(data.getvalue(), "flights.parquet")


@pytest.mark.parametrize(
    "zone", ["UTC", "+00:00", "+05:30", "-05:00", "America/New_York", "Eastern Standard Time"]
)
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_time_of_any_zone_keeps_its_instant(zone: str, unit: str) -> None:
    times = pa.array([TEN.replace(tzinfo=None), None], pa.timestamp(unit, zone))
    assert read(time_hour=times)["time_hour"].to_list() == [TEN, None]


def test_columns_beside_a_time_with_an_offset_keep_their_types() -> None:
    table = read(
        time_hour=pa.array([TEN], pa.timestamp("us", "+05:30")),
        local=pa.array([datetime(2013, 1, 1, 5)], pa.timestamp("us")),
        carrier=pa.array(["AA"]).dictionary_encode(),
        flight=pa.array([1], pa.int16()),
        distance=pa.array([Decimal("1.50")], pa.decimal128(5, 2)),
    )
    assert table.schema == {
        "time_hour": pl.Datetime("us", "UTC"),
        "local": pl.Datetime("us"),
        "carrier": pl.Categorical(),
        "flight": pl.Int16(),
        "distance": pl.Decimal(5, 2),
    }
    assert table.row(0) == (TEN, datetime(2013, 1, 1, 5), "AA", 1, Decimal("1.50"))


def test_a_type_that_polars_does_not_have_is_no_damage() -> None:
    with pytest.raises(DataError) as raised:
        read(distance=pa.array([Decimal("1.50")], pa.decimal256(60, 2)))
    assert str(raised.value) == (
        "flights.parquet cannot be read: precision must be between 1 and 38, got 60.\n"
        "  Next: write the file again, with types that polars has."
    )
