"""Stage ingest_flights: raw flights and weather as one typed Parquet file a month."""

import logging
from datetime import date
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import partitions, step
from include.errors import DataError, at_most_ten
from include.flights import columns
from include.flights.ingestion import (
    casts,
    csv_files,
    parquet_files,
    raw_tables,
    sources,
    times,
    unpacking,
)
from include.flights.ingestion.raw_tables import MAY_BE_MISSING, type_flights, type_weather
from include.flights.ingestion.unpacking import Limits
from include.flights.splits import Window, add_months
from include.step import Kept, Out

log = logging.getLogger(__name__)
DAY = ("year", "month", "day")


class Tables(BaseModel):
    """Names of the source's files; `{month}` in flights or weather stands for 2013-01."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flights: str = Field(description="file of flights")
    weather: str = Field(description="file of hourly weather")
    planes: str = Field(description="file of aircraft")
    airports: str = Field(description="file of airports")
    airlines: str = Field(description="file of carriers")


class Params(BaseModel):
    """Section ingest_flights of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location: str = Field(min_length=1, description="folder of the source: package://, path or URL")
    tables: Tables = Field(description="names of the source's files")
    time_zones: dict[str, str] = Field(
        description="time zones of airports that the source's list of airports lacks"
    )
    limits: Limits = Field(default=Limits(), description="how large that may be which is packed")


def ingest_flights(
    raw_flights: Kept, raw_weather: Kept, raw_reference: Out, window: Window, params: Params
) -> None:
    """Read the months of the window that are not there yet."""
    reference = read_reference(params)
    raw_reference.mkdir()
    for name, table in reference.items():
        table.write_parquet(raw_reference / f"{name}.parquet")
    zones = time_zones(reference["airports"], params)
    months = {f"{month:%Y-%m}": month for month in window.months()}
    keys = {label: month_key(month, window, params, zones) for label, month in months.items()}
    source = Source(params, window)

    def flights(label: str, folder: Path) -> None:
        table = source.read("flights", months[label], columns.SOURCE_FLIGHTS)
        type_flights(table, zones).write_parquet(folder / f"{label}.parquet")

    def weather(label: str, folder: Path) -> None:
        table = source.read("weather", months[label], columns.SOURCE_WEATHER)
        type_weather(table).write_parquet(folder / f"{label}.parquet")

    made = partitions.update(raw_flights, keys, flights)
    partitions.update(raw_weather, keys, weather)
    rows = partitions.scan(raw_flights).select(pl.len()).collect().item()
    print(f"{len(months)} months, {len(made)} of them new; {rows:,} flights", flush=True)


class Source:
    """The source's monthly tables. A file of all months is read once, and only its days are typed.

    The rest is typed for the months that are asked for: a month more does not cost all history.
    """

    def __init__(self, params: Params, window: Window) -> None:
        self.params, self.window = params, window
        self.whole: dict[str, tuple[pl.DataFrame, pl.Series]] = {}

    def read(self, name: str, month: date, schema: dict[str, pl.DataType]) -> pl.DataFrame:
        """The rows of one month, inside the window, in the source's columns and with their day.

        Raises:
            DataError: the source has no row for the month.
        """
        origin = f"{name} of {month:%Y-%m}" if self.is_monthly(name) else name
        table, days = self.table(name, month, schema, origin)
        first, last = max(month, self.window.start), min(add_months(month, 1), self.window.end)
        asked = days.is_between(first, last, closed="left")
        if not asked.any():
            known = days.dt.to_string().sort()
            held = "no row at all" if known.is_empty() else f"{known[0]} to {known[-1]}"
            raise DataError(
                f"{name} has no row for {first} to {last}; the source holds {held}.",
                "set window.start and window.end in params.yaml to months that the source has.",
            )
        try:
            rows = sources.typed(table.filter(asked), schema, origin)
        except DataError:
            sources.typed(table, schema, origin)  # says in which row of the file
            raise
        return rows.with_columns(date=days.filter(asked))

    def is_monthly(self, name: str) -> bool:
        """Whether a table has a file for each month."""
        return "{month}" in str(getattr(self.params.tables, name))

    def table(
        self, name: str, month: date, schema: dict[str, pl.DataType], origin: str
    ) -> tuple[pl.DataFrame, pl.Series]:
        """The file that holds a month, as it is, and the local day of each row."""
        if self.is_monthly(name):
            return dated(read_table(self.params, name, month), schema, origin)
        if name not in self.whole:
            self.whole[name] = dated(read_table(self.params, name), schema, origin)
        return self.whole[name]


def dated(
    table: pl.DataFrame, schema: dict[str, pl.DataType], origin: str
) -> tuple[pl.DataFrame, pl.Series]:
    """A table as it is, and the local day of each row.

    Raises:
        DataError: a column is missing, or a row has no day.
    """
    sources.typed(table.head(0), schema, origin)
    days = sources.typed(table, {name: schema[name] for name in DAY}, origin)
    return table, with_date(days, origin)["date"]


def read_table(params: Params, name: str, month: date | None = None) -> pl.DataFrame:
    """One table of the source, as it is written there."""
    file = str(getattr(params.tables, name))
    return sources.read_table(params.location, file, month, MAY_BE_MISSING[name], params.limits)


def with_date(table: pl.DataFrame, origin: str) -> pl.DataFrame:
    """Add the local day; DataError if a row has none, which would be lost without a word."""
    written = pl.concat_str(DAY, separator="-")
    dated = table.with_columns(date=written.str.to_date("%Y-%m-%d", strict=False))
    wrong = dated["date"].is_null().arg_true()
    if len(wrong):
        days = dated[wrong.head(20)].select(DAY).unique(maintain_order=True)
        texts = ("-".join(map(str, day)) for day in days.iter_rows())
        raise DataError(
            f"{origin} has {len(wrong):,} rows whose year, month and day are no date: "
            f"{at_most_ten(texts)} (first in row {wrong[0] + 1:,} of {table.height:,}).",
            "correct these rows in the source, or remove them.",
        )
    return dated


def read_reference(params: Params) -> dict[str, pl.DataFrame]:
    """The tables without time: planes, airports, airlines, sorted by their keys."""
    tables = {}
    for name, schema in columns.SOURCE_REFERENCE.items():
        table = read_table(params, name)
        tables[name] = sources.typed(table, schema, name).sort(
            next(iter(schema)), maintain_order=True
        )
    return tables


def time_zones(airports: pl.DataFrame, params: Params) -> dict[str, str]:
    """Airport to time zone, from the source and, where it is silent, from the params."""
    listed = airports.filter(pl.col("tzone").is_not_null())
    return dict(listed.select("faa", "tzone").iter_rows()) | params.time_zones


def month_key(month: date, window: Window, params: Params, zones: dict[str, str]) -> str:
    """All that a month is made from, but for the source's bytes: a month in the past is final."""
    first, last = max(month, window.start), min(add_months(month, 1), window.end)
    code = Path(__file__), casts, csv_files, parquet_files, raw_tables, sources, times, unpacking
    schemas = columns.SOURCE_FLIGHTS, columns.SOURCE_WEATHER, columns.FLIGHTS, columns.WEATHER
    used = sorted(zones.items())
    # What was read within the limits is the same, whatever they are.
    read = params.model_copy(update={"limits": None})
    return partitions.content_key(*code, *schemas, read, used, first, last)


if __name__ == "__main__":
    raise SystemExit(step.run(ingest_flights))
