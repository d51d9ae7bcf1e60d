"""What the stage ingest_flights promises, on a source of a few flights.

Long because each way in which a file can be wrong is a case of its own.
"""

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from include import step
from include.flights import columns, ingest_flights
from include.flights.ingest_flights import with_date
from include.flights.ingestion import (
    casts,
    csv_files,
    parquet_files,
    raw_tables,
    sources,
    times,
)
from include.flights.ingestion.raw_tables import type_flights

ZONES = {
    "BOS": "America/New_York",
    "IAH": "America/Chicago",
    "LAX": "America/Los_Angeles",
    "SJU": "America/Puerto_Rico",
}
COMMAND = [
    *("--raw-flights", "data/raw/flights"),
    *("--raw-weather", "data/raw/weather"),
    *("--raw-reference", "data/raw/reference"),
]
FLIGHT: dict[str, object] = {
    "year": 2013,
    "month": 1,
    "day": 1,
    "dep_time": 517,
    "sched_dep_time": 515,
    "dep_delay": 2,
    "arr_time": 830,
    "sched_arr_time": 819,
    "arr_delay": 11,
    "carrier": "UA",
    "flight": 1545,
    "tailnum": "N14228",
    "origin": "EWR",
    "dest": "IAH",
    "air_time": 227,
    "distance": 1400,
    "time_hour": "2013-01-01T10:00:00Z",
}
WEATHER: dict[str, object] = {
    "origin": "EWR",
    "year": 2013,
    "month": 1,
    "day": 1,
    "time_hour": "2013-01-01T10:00:00Z",
    "temp": 39.0,
    "dewp": 26.1,
    "humid": 59.4,
    "wind_dir": 270,
    "wind_speed": 10.4,
    "wind_gust": None,
    "precip": 0.0,
    "pressure": 1012.0,
    "visib": 10.0,
}
PLANE = {
    "tailnum": "N14228",
    "year": 1999,
    "type": "Fixed wing multi engine",
    "engine": "Turbo-fan",
    "manufacturer": "BOEING",
    "model": "737-824",
    "engines": 2,
    "seats": 149,
}


def type_source(source: pl.DataFrame) -> pl.DataFrame:
    """The flights of a source as the stage writes them."""
    table = sources.typed(source, columns.SOURCE_FLIGHTS, "flights")
    return type_flights(with_date(table, "flights"), ZONES)


def typed(**changes: object) -> dict[str, object]:
    """One flight of the source, with some of its values changed, as the stage writes it."""
    source = pl.DataFrame(
        [{name: str(v) for name, v in {**FLIGHT, **changes}.items() if v is not None}]
    )
    missing = [name for name in FLIGHT if name not in source.columns]
    source = source.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    table = type_source(source)
    assert table.schema == columns.FLIGHTS
    return table.row(0, named=True)


def utc(flight: dict[str, object], name: str) -> str | None:
    time = flight[f"{name}_utc"]
    return None if time is None else f"{time:%m-%d %H:%M}"


def test_times_are_worked_out_in_the_zones_of_both_ends() -> None:
    # Newark 05:15 EST is 10:15 UTC; Houston 08:19 CST is 14:19 UTC.
    flight = typed()
    assert utc(flight, "sched_dep") == "01-01 10:15"
    assert utc(flight, "dep") == "01-01 10:17"
    assert utc(flight, "sched_arr") == "01-01 14:19"
    assert utc(flight, "arr") == "01-01 14:30"
    assert flight["sched_dep_local"] == datetime(2013, 1, 1, 5, 15)
    assert flight["sched_arr_local"] == datetime(2013, 1, 1, 8, 19)
    assert flight["flight_id"] == "2013-01-01_UA1545_EWR"


SCHEDULES = {
    # local day, hhmm, its UTC hour, destination, local arrival, arrival in UTC
    "the day after": ((1, 1), 2359, "01-02T04", "SJU", 445, "01-02 08:45"),
    "at midnight": ((1, 1), 2100, "01-02T02", "BOS", 2400, "01-02 05:00"),
    "just after midnight, further west": ((1, 1), 2330, "01-02T04", "IAH", 45, "01-02 06:45"),
    "the day before in UTC": ((1, 1), 2000, "01-02T01", "LAX", 2315, "01-02 07:15"),
    "at a clock time before departure, westward": (
        (1, 1),
        600,
        "01-01T11",
        "IAH",
        559,
        "01-01 11:59",
    ),
    "in summer": ((7, 1), 515, "07-01T09", "IAH", 719, "07-01 12:19"),
    # 2013-03-10 02:00 EST is followed by 03:00 EDT.
    "after clocks go forward in the night": ((3, 9), 2330, "03-10T04", "BOS", 330, "03-10 07:30"),
    "before clocks go forward": ((3, 10), 30, "03-10T05", "BOS", 145, "03-10 06:45"),
    "at a time that its own day does not have": (
        (3, 10),
        1800,
        "03-10T22",
        "BOS",
        230,
        "03-11 06:30",
    ),
    # 2013-11-03 02:00 EDT is followed by 01:00 EST.
    "after clocks go back in the night": ((11, 2), 2330, "11-03T03", "BOS", 330, "11-03 08:30"),
    "at the first of two equal times": ((11, 3), 30, "11-03T04", "BOS", 130, "11-03 05:30"),
    "where clocks do not change": ((7, 1), 2300, "07-02T03", "SJU", 300, "07-02 07:00"),
}


@pytest.mark.parametrize(
    ("day", "departs", "hour", "dest", "arrives", "expected"), SCHEDULES.values(), ids=SCHEDULES
)
def test_a_flight_arrives_when_the_clock_next_shows_the_time(
    day: tuple[int, int], departs: int, hour: str, dest: str, arrives: int, expected: str
) -> None:
    flight = typed(
        month=day[0],
        day=day[1],
        sched_dep_time=departs,
        sched_arr_time=arrives,
        dest=dest,
        time_hour=f"2013-{hour}:00:00Z",
    )
    assert utc(flight, "sched_arr") == expected


def test_a_departure_at_2400_is_kept_as_it_was_written() -> None:
    flight = typed(
        sched_dep_time=2350, dep_time=2400, dep_delay=10, time_hour="2013-01-02T04:00:00Z"
    )
    assert flight["dep_hhmm"] == 2400
    assert utc(flight, "dep") == "01-02 05:00"


def test_an_airport_of_unknown_zone_has_no_time_of_arrival() -> None:
    flight = typed(dest="XYZ")
    assert (utc(flight, "sched_arr"), utc(flight, "arr")) == (None, None)
    assert utc(flight, "dep") == "01-01 10:17"
    assert flight["arr_delay_min"] == 11


FATES = {
    "flown": ({}, False, False, "01-01 14:30"),
    "cancelled": ({"dep_time": None, "dep_delay": None, "arr_delay": None}, True, False, None),
    "diverted": ({"arr_delay": None}, False, True, None),
}


@pytest.mark.parametrize(("changes", "cancelled", "diverted", "arrived"), FATES.values(), ids=FATES)
def test_cancelled_and_diverted_flights_are_kept_and_told_apart(
    changes: dict[str, object], cancelled: bool, diverted: bool, arrived: str | None
) -> None:
    flight = typed(**changes)
    assert (flight["cancelled"], flight["diverted"]) == (cancelled, diverted)
    assert utc(flight, "arr") == arrived


def test_equal_flights_keep_the_order_of_the_source() -> None:
    source = pl.DataFrame([{**FLIGHT, "tailnum": f"N{row}"} for row in range(300)])
    table = type_source(source)
    assert table["tailnum"].to_list() == [f"N{row}" for row in range(300)]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of CSV files with a flight and an hour of weather on the 1st and 28th of 3 months."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "source"
    folder.mkdir()
    write_source(folder)
    write_params(folder)
    return folder


def write_source(folder: Path) -> None:
    days = [(month, day) for month in (1, 2, 3) for day in (1, 28)]
    at = [
        {"month": month, "day": day, "time_hour": f"2013-{month:02}-{day:02}T10:00:00Z"}
        for month, day in days
    ]
    tables: dict[str, list[dict[str, object]]] = {
        "flights": [{**FLIGHT, **time} for time in reversed(at)],
        "weather": [{**WEATHER, **time} for time in at],
        "planes": [{**PLANE, "tailnum": "N2"}, {**PLANE, "tailnum": "N1"}],
        "airports": [{"faa": "IAH", "name": "Houston", "tzone": "America/Chicago"}],
        "airlines": [{"carrier": "UA", "name": "United"}],
    }
    for name, rows in tables.items():
        pl.DataFrame(rows).write_csv(folder / f"{name}.csv")


def write_params(folder: Path, end: str = "2013-04-01", **changes: object) -> None:
    settings: dict[str, object] = {
        "location": str(folder),
        "tables": {
            name: f"{name}.csv" for name in ("flights", "weather", "planes", "airports", "airlines")
        },
        "time_zones": {"SJU": "America/Puerto_Rico"},
        **changes,
    }
    window = {"start": "2013-01-01", "end": end}
    Path("params.yaml").write_text(yaml.safe_dump({"window": window, "ingest_flights": settings}))


def run() -> int:
    return step.run(ingest_flights.ingest_flights, COMMAND)


def change(path: Path, edit: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    edit(pl.read_csv(path, infer_schema=False)).write_csv(path)


def contents(folder: str = "data/raw") -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def inodes(folder: str) -> dict[str, tuple[int, int]]:
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in Path(folder).glob("*.parquet")
    }


MONTHS = ["2013-01.parquet", "2013-02.parquet", "2013-03.parquet"]


def test_each_month_of_the_window_is_a_typed_sorted_file(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert sorted(os.listdir("data/raw/flights")) == [*MONTHS, "_keys.json"]
    assert sorted(os.listdir("data/raw/weather")) == [*MONTHS, "_keys.json"]
    flights = pl.read_parquet("data/raw/flights/2013-02.parquet")
    assert flights.schema == columns.FLIGHTS
    assert flights["date"].to_list() == [date(2013, 2, 1), date(2013, 2, 28)]
    assert pl.read_parquet("data/raw/weather/2013-02.parquet").schema == columns.WEATHER
    assert pl.read_parquet("data/raw/reference/planes.parquet")["tailnum"].to_list() == ["N1", "N2"]
    assert capsys.readouterr().out.splitlines()[0] == "3 months, 3 of them new; 6 flights"


def test_a_month_later_writes_one_month_and_equals_a_cold_run(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_params(source, end="2013-03-01")
    assert run() == 0
    before = inodes("data/raw/flights"), inodes("data/raw/weather")
    write_params(source)
    assert run() == 0
    assert "3 months, 1 of them new; 6 flights" in capsys.readouterr().out
    after = inodes("data/raw/flights"), inodes("data/raw/weather")
    for old, new in zip(before, after, strict=True):
        assert {name: new[name] for name in old} == old
    grown = contents()
    os.rename("data", "grown")
    assert run() == 0
    assert contents() == grown


def test_months_beyond_the_window_go_and_days_beyond_it_too(source: Path) -> None:
    assert run() == 0
    write_params(source, end="2013-02-28")
    assert run() == 0
    assert sorted(os.listdir("data/raw/flights")) == [*MONTHS[:2], "_keys.json"]
    # The 28th is the first day that is not seen.
    february = pl.read_parquet("data/raw/flights/2013-02.parquet")
    assert february["date"].to_list() == [date(2013, 2, 1)]


def test_a_month_in_the_past_is_final(source: Path) -> None:
    # The source is not hashed: it may be far away, and its past does not change.
    assert run() == 0
    before = inodes("data/raw/flights")
    change(source / "flights.csv", lambda rows: rows.with_columns(tailnum=pl.lit("NEW")))
    assert run() == 0
    assert inodes("data/raw/flights") == before


def test_of_a_file_of_all_months_only_new_months_are_typed(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_params(source, end="2013-03-01")
    assert run() == 0

    def spoil(month: int) -> None:
        bad = (pl.col("month") == str(month)) & (pl.col("day") == "1")
        change(
            source / "flights.csv",
            lambda rows: rows.with_columns(
                distance=pl.when(bad).then(pl.lit("far")).otherwise("distance")
            ),
        )

    spoil(1)
    write_params(source)
    assert run() == 0
    write_params(source, end="2013-02-01")
    assert run() == 0
    capsys.readouterr()
    change(source / "flights.csv", lambda rows: rows.with_columns(distance=pl.lit("1400")))
    spoil(3)
    write_params(source)
    assert run() == 1
    # February is made, and the fault of March is told by its row in the file.
    assert "'far' (first in row 2 of 6)" in capsys.readouterr().err
    assert sorted(os.listdir("data/raw/flights")) == [*MONTHS[:2], "_keys.json"]


def test_another_setting_makes_every_month_again(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    write_params(source, time_zones={"SJU": "UTC"})
    assert run() == 0
    assert "3 months, 3 of them new" in capsys.readouterr().out


CODE = {
    "the stage": ingest_flights,
    "the tables": raw_tables,
    "the sources": sources,
    "the types": casts,
    "the times": times,
    "the CSV files": csv_files,
    "the Parquet files": parquet_files,
}


@pytest.mark.parametrize("module", CODE.values(), ids=CODE)
def test_other_code_makes_every_month_again(
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: object,
) -> None:
    assert run() == 0
    copy = source / "code.py"
    copy.write_text("changed = True\n")
    monkeypatch.setattr(module, "__file__", str(copy))
    assert run() == 0
    assert "3 months, 3 of them new" in capsys.readouterr().out.splitlines()[-2]


def test_a_month_may_have_a_file_of_its_own(source: Path) -> None:
    assert run() == 0
    whole = {name: data for name, data in contents().items() if name.endswith("parquet")}
    for name in ("flights", "weather"):
        table = pl.read_csv(source / f"{name}.csv")
        for month in (1, 2, 3):
            rows = table.filter(pl.col("month") == month)
            rows.write_parquet(source / f"{name}-2013-0{month}.parquet")
        (source / f"{name}.csv").unlink()
    tables = {name: f"{name}-{{month}}.parquet" for name in ("flights", "weather")}
    others = {name: f"{name}.csv" for name in ("planes", "airports", "airlines")}
    write_params(source, tables={**tables, **others})
    os.rename("data", "whole")
    assert run() == 0
    assert {name: data for name, data in contents().items() if name.endswith("parquet")} == whole


def test_na_is_a_carrier_and_an_airport_but_no_tail_number(source: Path) -> None:
    code = {"carrier": pl.lit("NA"), "origin": pl.lit("NA"), "dest": pl.lit("NA")}
    number = {"tailnum": pl.lit("NA"), "dep_delay": pl.lit("NA")}
    change(source / "flights.csv", lambda rows: rows.with_columns(**code, **number))
    change(source / "weather.csv", lambda rows: rows.with_columns(origin=code["origin"]))
    change(source / "airlines.csv", lambda rows: rows.with_columns(carrier=code["carrier"]))
    change(source / "airports.csv", lambda rows: rows.with_columns(faa=code["dest"]))
    assert run() == 0
    flight = pl.read_parquet("data/raw/flights/2013-01.parquet").row(0, named=True)
    assert [flight[name] for name in ("flight_id", "carrier", "origin", "dest")] == [
        *("2013-01-01_NA1545_NA", "NA", "NA", "NA"),
    ]
    assert (flight["tailnum"], flight["dep_delay_min"]) == (None, None)
    # The list of airports names the zone of NA.
    assert f"{flight['sched_arr_utc']:%H:%M}" == "14:19"
    assert pl.read_parquet("data/raw/weather/2013-01.parquet")["origin"].to_list() == ["NA"] * 2
    assert pl.read_parquet("data/raw/reference/airlines.parquet")["carrier"].to_list() == ["NA"]


def test_parquet_that_says_the_same_gives_the_same(source: Path) -> None:
    assert run() == 0
    whole = {name: data for name, data in contents().items() if name.endswith("parquet")}
    for name in ("flights", "weather"):
        table = pl.read_csv(source / f"{name}.csv")
        numbers = [column for column, kind in table.schema.items() if kind.is_integer()]
        # As pandas leaves integers with gaps, and R its factors.
        table.with_columns(
            pl.col(numbers).cast(pl.Float64), pl.col("origin").cast(pl.Categorical)
        ).write_parquet(source / f"{name}.parquet")
    tables = {name: f"{name}.parquet" for name in ("flights", "weather")}
    others = {name: f"{name}.csv" for name in ("planes", "airports", "airlines")}
    write_params(source, tables={**tables, **others})
    os.rename("data", "whole")
    assert run() == 0
    assert {name: data for name, data in contents().items() if name.endswith("parquet")} == whole


def test_a_fraction_in_a_column_of_integers_is_refused(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pl.read_csv(source / "flights.csv").with_columns(dep_delay=pl.lit(2.9))
    table.write_parquet(source / "flights.parquet")
    names = ("weather", "planes", "airports", "airlines")
    write_params(source, tables={"flights": "flights.parquet"} | {n: f"{n}.csv" for n in names})
    assert run() == 1
    assert capsys.readouterr().err == (
        "ingest_flights: flights has 6 values in 'dep_delay' that are not Int16: 2.9 (first in row "
        "1 of 6).\n  Next: correct these values in the source, or leave them empty.\n"
    )


def drop_february(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("month") != "2")


def set_first(**values: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Put values into the first row."""
    first = pl.int_range(pl.len()) == 0
    return lambda rows: rows.with_columns(
        pl.when(first).then(pl.lit(value, pl.String)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


WINDOW = "set window.start and window.end in params.yaml to months that the source has."
BAD_SOURCES: dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "a renamed column": (
        "flights",
        lambda rows: rows.rename({"dep_delay": "dep_delays"}),
        (
            "flights has no column 'dep_delay'; it has year, month, day, dep_time, sched_dep_time, "
            "dep_delays, arr_time, sched_arr_time, arr_delay, carrier and 7 more. Did you mean "
            "'dep_delays'?\n  Next: rename the column to 'dep_delay' in the source."
        ),
    ),
    "a text in a number column": (
        "weather",
        set_first(temp="warm"),
        (
            "weather has 1 values in 'temp' that are not Float32: 'warm' (first in row 1 of 6).\n"
            "  Next: correct these values in the source, or leave them empty."
        ),
    ),
    "an empty month": (
        "flights",
        drop_february,
        (
            "flights has no row for 2013-02-01 to 2013-03-01; the source holds 2013-01-01 to "
            f"2013-03-28.\n  Next: {WINDOW}"
        ),
    ),
    "an empty month of weather": (
        "weather",
        drop_february,
        (
            "weather has no row for 2013-02-01 to 2013-03-01; the source holds 2013-01-01 to "
            f"2013-03-28.\n  Next: {WINDOW}"
        ),
    ),
    "no row at all": (
        "flights",
        lambda rows: rows.clear(),
        (
            "flights has no row for 2013-01-01 to 2013-02-01; the source holds no row at all.\n"
            f"  Next: {WINDOW}"
        ),
    ),
    "a day that is none": (
        "flights",
        set_first(month="2", day="30"),
        (
            "flights has 1 rows whose year, month and day are no date: 2013-2-30 (first in row 1 of "
            "6).\n  Next: correct these rows in the source, or remove them."
        ),
    ),
    "a day that is missing": (
        "flights",
        set_first(month=None),
        (
            "flights has 1 rows whose year, month and day are no date: 2013-None-28 (first in row 1 "
            "of 6).\n  Next: correct these rows in the source, or remove them."
        ),
    ),
}


@pytest.mark.parametrize(("table", "edit", "message"), BAD_SOURCES.values(), ids=BAD_SOURCES)
def test_a_bad_source_is_an_error_with_the_way_out(
    source: Path,
    capsys: pytest.CaptureFixture[str],
    table: str,
    edit: Callable[[pl.DataFrame], pl.DataFrame],
    message: str,
) -> None:
    change(source / f"{table}.csv", edit)
    assert run() == 1
    assert capsys.readouterr().err == f"ingest_flights: {message}\n"


def test_a_month_that_is_yet_to_come_is_an_error_and_the_past_is_kept(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_params(source, end="2013-05-01")
    assert run() == 1
    assert capsys.readouterr().err == (
        "ingest_flights: flights has no row for 2013-04-01 to 2013-05-01; the source holds "
        f"2013-01-01 to 2013-03-28.\n  Next: {WINDOW}\n"
    )
    # What was ingested before the gap is not made again.
    assert sorted(os.listdir("data/raw/flights")) == [*MONTHS, "_keys.json"]
    write_params(source)
    assert run() == 0
    assert "3 months, 0 of them new; 6 flights" in capsys.readouterr().out


def test_a_missing_file_is_named_and_nothing_is_lost(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    before = contents()
    (source / "planes.csv").unlink()
    capsys.readouterr()
    assert run() == 1
    assert capsys.readouterr().err == (
        f"ingest_flights: {source}/planes.csv does not exist.\n  Next: change "
        "ingest_flights.location or ingest_flights.tables in params.yaml.\n"
    )
    assert contents() == before
    assert sorted(os.listdir("data/raw")) == ["flights", "reference", "weather"]


def test_a_truncated_zip_is_named(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import zipfile

    path = source / "flights.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(source / "flights.csv", "flights.csv")
    path.write_bytes(path.read_bytes()[:200])
    files = ("weather", "planes", "airports", "airlines")
    write_params(source, tables={"flights": path.name} | {name: f"{name}.csv" for name in files})
    assert run() == 1
    assert capsys.readouterr().err == (
        f"ingest_flights: {path} (200 bytes) cannot be read: File is not a zip file.\n"
        "  Next: fetch the file again; it is cut short or damaged.\n"
    )


def test_a_misspelt_table_is_named(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("flights", "weather", "planes", "airports", "airlines", "plains")
    write_params(source, tables={name: f"{name}.csv" for name in names})
    assert run() == 1
    assert capsys.readouterr().err == (
        "ingest_flights: params.yaml has an unknown setting ingest_flights.tables.plains. Did you "
        "mean 'planes'?\n  Next: rename or remove it.\n"
    )


def test_a_zone_that_is_none_is_named(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_params(source, time_zones={"IAH": "America/Huston"})
    assert run() == 1
    assert capsys.readouterr().err == (
        "ingest_flights: The time zone of IAH is 'America/Huston', which is not known.\n"
        "  Next: correct it in ingest_flights.time_zones of params.yaml, or in the source's list "
        "of airports.\n"
    )
