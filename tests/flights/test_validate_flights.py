"""What the stage validate_flights promises, on months small enough to work out by hand."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from small_months import Place, changed, edit, flights, weather

from include.errors import DataError, ParamsError, PipelineError
from include.flights import columns
from include.flights.splits import Window


@pytest.fixture(scope="session")
def checked_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("checked") / "place").fill().run()


@pytest.fixture
def place(checked_place: Place, tmp_path: Path) -> Place:
    """A place where the good months were checked: what a test changes is checked again."""
    return checked_place.copy(tmp_path / "place")


def test_good_months_pass_unchanged(checked_place: Place) -> None:
    place = checked_place
    assert place.made("validated/flights/2013-01").equals(flights(1))
    assert place.made("validated/weather/2013-02").equals(weather(2))
    assert place.made("validated/reference/planes")["tailnum"].to_list() == ["N1UA"]
    assert place.metrics() == {
        "rows": 40,
        "quarantined": 0,
        "quarantined_share": 0.0,
        "broken_rows": {},
        "failed_warnings": {},
    }


def test_an_impossible_time_is_set_aside_with_all_its_reasons(place: Place) -> None:
    place.spoil("flights", pl.col("arr_utc") - pl.duration(hours=3), pl.lit(2401).alias("dep_hhmm"))
    place.run()
    [(row, reason)] = place.aside()
    assert row == 3
    assert reason.split("; ") == [
        "the departure is a clock time, 0 to 2400",
        "the clock at departure shows schedule plus delay",
        "a flight lands after it left, within a day",
        "a flight is not in the air for longer than it was under way",
    ]
    assert place.made("quarantine/flights/2013-01").columns == [*columns.FLIGHTS, "row", "reason"]
    kept = place.made("validated/flights/2013-01")
    assert kept.equals(flights(1).filter(pl.int_range(pl.len()) != 3))
    assert place.metrics()["quarantined"] == 1


def test_each_row_that_cannot_be_true_is_set_aside(place: Place) -> None:
    month = "the flight belongs to its month, and to the window"
    broken = [
        (pl.lit(1261).alias("arr_hhmm"), "the minutes of the arrival are 0 to 59"),
        (pl.lit(1).alias("dep_hhmm"), "the clock at departure shows schedule plus delay"),
        (pl.lit(date(2013, 2, 1)).alias("date"), month),
        (pl.lit(date(2012, 12, 31)).alias("date"), month),
        (pl.lit("EWR").alias("dest"), "a flight goes somewhere else"),
        (pl.lit("XXX").alias("origin"), "the airport of departure is known"),
        (pl.lit(True).alias("cancelled"), "cancelled and diverted agree with the times"),
        (pl.lit(None).alias("carrier"), "carrier is filled"),
        (pl.lit(0).alias("distance_mi"), "the distance is 1 to 10,000 miles"),
        (
            pl.col("sched_dep_utc") + pl.duration(hours=1),
            "the schedule says the same in local time",
        ),
    ]
    table = flights(1)
    for row, (change, _) in enumerate(broken):
        table = changed(table, (row,), change)
    place.put("flights", 1, table)
    place.run()
    assert [row for row, _ in place.aside()] == list(range(len(broken)))
    for (_, reason), (_, rule) in zip(place.aside(), broken, strict=True):
        assert rule in reason


def test_weather_that_cannot_be_true_is_set_aside(place: Place) -> None:
    later = pl.lit(datetime(2013, 2, 1, 5, tzinfo=UTC)).alias("observed_utc")
    place.put("weather", 1, changed(weather(1), (3,), later))
    place.put("weather", 2, changed(weather(2), (4,), pl.lit(1048).alias("wind_speed_mph")))
    place.run()
    assert place.aside("weather") == [
        (3, "the observation belongs to its month, and to the window")
    ]
    february = place.made("quarantine/weather/2013-02").select("row", "reason").rows()
    assert february == [(4, "wind_speed_mph is 0 to 150 miles an hour")]


def test_midnight_may_be_written_as_2400(place: Place) -> None:
    late = (pl.lit(60 * 15).alias("dep_delay_min"), pl.lit(2400).alias("dep_hhmm"))
    utc = (pl.col("dep_utc") + pl.duration(hours=15), pl.col("arr_utc") + pl.duration(hours=15))
    arrival = (pl.lit(900).alias("arr_delay_min"), pl.lit(100).alias("arr_hhmm"))
    place.spoil("flights", *late, *utc, *arrival)  # the flight of 09:00 leaves at 24:00
    assert place.run().aside() == []


def test_weather_late_in_the_last_local_evening_belongs_to_the_month(place: Place) -> None:
    place.spoil("weather", pl.lit(datetime(2013, 2, 1, 4, tzinfo=UTC)).alias("observed_utc"))
    assert place.run().aside("weather") == []


def test_rows_after_the_end_of_the_window_are_set_aside(place: Place) -> None:
    shorter = Window(start=date(2013, 1, 1), end=date(2013, 1, 2))
    assert [row for row, _ in place.run(window=shorter).aside()] == list(range(10, 20))


def test_all_copies_of_a_flight_are_set_aside(place: Place) -> None:
    place.spoil("flights", pl.lit("2013-01-01_UA3_EWR").alias("flight_id"), rows=(5,))
    place.spoil("weather", pl.lit(datetime(2013, 1, 1, 6, tzinfo=UTC)).alias("observed_utc"))
    place.run()
    assert place.aside() == [(3, "a flight is there once"), (5, "a flight is there once")]
    assert [row for row, _ in place.aside("weather")] == [0, 3]


def test_unknown_names_are_counted_and_shown_but_used(place: Place) -> None:
    changes = (pl.lit("ZZ").alias("carrier"), pl.lit("QQQ").alias("dest"))
    place.spoil("flights", *changes, pl.lit("X1").alias("tailnum"))
    place.run()
    assert place.made("validated/flights/2013-01").height == 20
    assert place.metrics()["failed_warnings"] == {
        "at least 96 % of the flights go to a listed airport": 1,
        "the carrier is in the list of airlines": 1,
        "the tail number is American": 1,
    }
    page = (place.root / "made/docs/flights-2013-01.html").read_text()
    assert "values: ZZ" in page
    assert "values: QQQ" in page


def test_too_many_broken_rows_stop_the_run_and_name_ten(place: Place) -> None:
    place.spoil("flights", pl.lit(0).alias("distance_mi"), rows=tuple(range(12)))
    with pytest.raises(DataError) as caught:
        place.run(most=0.1)
    ids = ", ".join(f"2013-01-01_UA{n}_EWR" for n in range(10))
    page = place.root / "made/docs/failed-flights-2013-01.html"
    raw = place.raw / "flights/2013-01.parquet"
    assert str(caught.value) == (
        "flights of 2013-01: 12 of 20 rows (60.00%) break row rules, more than the 10.00% of "
        "validate_flights.max_quarantine_share:\n"
        "  - the distance is 1 to 10,000 miles (expect_column_values_to_be_between, distance_mi): "
        f"broken by 12 of 20 rows: {ids} and 2 more\n"
        f"  Next: see {page}; correct the source, remove {raw} and run `dvc repro`, or change the "
        f"rule in {place.expectations / 'flights.json'}."
    )
    assert "stops the run" in page.read_text()


def test_a_null_explosion_stops_the_run(place: Place) -> None:
    place.spoil("weather", pl.lit(None).alias("temp_f"), rows=tuple(range(11)))
    with pytest.raises(DataError) as caught:
        place.run()
    assert str(caught.value).startswith(
        "weather of 2013-01 breaks a rule that must hold:\n"
        "  - temp_f is filled in at least 95% of the hours (expect_column_values_to_not_be_null, "
        "temp_f): broken by 11 of 20 rows: EWR 2013-01-01 06:00, EWR 2013-01-01 07:00, "
    )
    assert "EWR 2013-01-01 15:00 and 1 more\n  Next: see " in str(caught.value)


def test_mostly_cancelled_flights_stop_the_run(place: Place) -> None:
    times = ["dep_hhmm", "arr_hhmm", "dep_utc", "arr_utc", "dep_delay_min", "arr_delay_min"]
    gone = [pl.lit(None).alias(name) for name in (*times, "air_time_min")]
    place.spoil("flights", pl.lit(True).alias("cancelled"), *gone, rows=tuple(range(11)))
    with pytest.raises(DataError, match=r"at most half of the flights are cancelled .*it is 0\.55"):
        place.run()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda table: table.rename({"dest": "destination"}),
            "there is no column 'dest', an unknown column 'destination'.",
        ),
        (
            lambda table: table.cast({"flight": pl.String}),
            "there is String in 'flight' where Int32 belongs.",
        ),
        (lambda table: table.select(table.columns[::-1]), "there is the columns in the order"),
    ],
    ids=["renamed column", "text for a number", "another order"],
)
def test_a_changed_schema_stops_the_run(place: Place, change, message: str) -> None:  # type: ignore[no-untyped-def]
    place.put("flights", 1, change(flights(1)))
    with pytest.raises(DataError) as caught:
        place.run()
    assert f"flights of 2013-01: the schema has changed; {message}" in str(caught.value)
    order = f"Next: remove {place.raw / 'flights/2013-01.parquet'} and run `dvc repro`, or change "
    assert order + "include/flights/columns.py" in str(caught.value)


def test_an_empty_month_stops_the_run(place: Place) -> None:
    place.put("weather", 2, weather(2).clear())
    with pytest.raises(DataError) as caught:
        place.run()
    assert str(caught.value) == (
        "weather of 2013-02 has no rows.\n"
        "  Next: set window.start and window.end to months that the source has."
    )


def test_a_missing_month_and_a_damaged_file_are_named(place: Place) -> None:
    (place.raw / "flights/2013-02.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        DataError, match=r"2013-02\.parquet cannot be read.*\n  Next: remove it and run `dvc repro`"
    ):
        place.run()
    (place.raw / "flights/2013-02.parquet").unlink()
    with pytest.raises(DataError, match="lacks flights of 2013-02, which the window holds"):
        place.run()


def test_an_expectation_that_raises_is_not_held_against_the_data(place: Place) -> None:
    rule = {
        "type": "expect_column_values_to_match_regex",
        "kwargs": {"column": "distance_mi", "regex": "("},
        "severity": "critical",
        "description": "the distance fits",
    }
    edit(place, "flights", lambda suite: suite["expectations"].append(rule))
    with pytest.raises(PipelineError) as caught:
        place.run()
    assert str(caught.value).startswith(
        "Great Expectations could not check 'the distance fits' "
        "(expect_column_values_to_match_regex, distance_mi) on flights of 2013-01: "
    )
    assert str(caught.value).endswith(
        "  Next: correct the arguments of this rule in its suite; the data is not to blame."
    )


def test_a_misspelt_column_in_a_suite_offers_the_nearest(place: Place) -> None:
    edit(
        place,
        "flights",
        lambda suite: suite["expectations"][0]["kwargs"].update(column="flight_di"),
    )
    with pytest.raises(ParamsError, match="names the column 'flight_di'.*Did you mean 'flight_id'"):
        place.run()
