"""What the stage build_features promises, on a synthetic day, through Feast itself."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from include import partitions
from include.errors import DataError
from include.flights import columns
from include.flights.build_features import Inputs, Params, build_features
from include.flights.splits import Label, Window

ROOT = Path(__file__).parents[2]
NOON = datetime(2013, 6, 10, 16, tzinfo=UTC)
PARAMS = Params(lead_h=2, stranded_after_h=3)


def day(*delays: int | None) -> pl.DataFrame:
    """Flights of one aircraft type, due an hour apart from noon; None never departs."""
    table = pl.DataFrame(
        {"number": range(len(delays)), "delay": delays},
        schema={"number": pl.Int32, "delay": pl.Int16},
    )
    due = pl.lit(NOON).dt.cast_time_unit("us") + pl.duration(hours="number")
    local = pl.lit(NOON.replace(tzinfo=None) - timedelta(hours=4)).dt.cast_time_unit("us")
    table = table.with_columns(sched_dep_utc=due).with_columns(
        flight_id=pl.format("2013-06-10_UA{}_EWR", "number"),
        date=pl.lit(date(2013, 6, 10)),
        carrier=pl.lit("UA"),
        flight="number",
        tailnum=pl.lit("N1"),
        origin=pl.lit("EWR"),
        dest=pl.lit("ORD"),
        distance_mi=pl.lit(719),
        sched_dep_local=local + pl.duration(hours="number"),
        sched_arr_local=local + pl.duration(hours=pl.col("number") + 1),
        sched_arr_utc=pl.col("sched_dep_utc") + pl.duration(minutes=20),
        dep_utc=pl.col("sched_dep_utc") + pl.duration(minutes="delay"),
        arr_utc=pl.col("sched_dep_utc") + pl.duration(minutes=pl.col("delay") + 20),
        dep_hhmm=None,
        arr_hhmm=None,
        dep_delay_min="delay",
        arr_delay_min="delay",
        air_time_min=None,
        cancelled=pl.col("delay").is_null(),
        diverted=pl.lit(False),
    )
    return table.select(list(columns.FLIGHTS)).cast(columns.FLIGHTS)


def run(folder: Path, flights: pl.DataFrame, params: Params = PARAMS) -> pl.DataFrame:
    """The labelled features of these flights."""
    for name in ("flights", "weather", "reference"):
        (folder / f"data/{name}").mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "feature_repo", folder / "feature_repo", dirs_exist_ok=True)
    flights.write_parquet(folder / "data/flights/2013-06.parquet")
    weather = pl.DataFrame(
        {
            "origin": "EWR",
            "observed_utc": [NOON + timedelta(hours=h) for h in range(6)],
            "temp_f": [70.0, 71.0, 72.0, 73.0, 74.0, 75.0],
        }
    )
    empty = pl.DataFrame(schema=columns.WEATHER)
    pl.concat(
        [empty, weather.cast({"observed_utc": columns.UTC, "temp_f": pl.Float32})], how="diagonal"
    ).write_parquet(folder / "data/weather/2013-06.parquet")
    planes = pl.DataFrame(schema=columns.SOURCE_REFERENCE["planes"])
    planes.write_parquet(folder / "data/reference/planes.parquet")
    build_features(
        folder / "data/flights",
        folder / "data/weather",
        folder / "data/reference",
        folder / "feature_repo",
        folder / "data/feature_views",
        folder / "data/features",
        folder / "metrics.json",
        Window(start=date(2013, 6, 1), end=date(2013, 7, 1)),
        Label(late_after_min=15),
        params,
    )
    return partitions.scan(folder / "data/features").collect()


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> pl.DataFrame:
    return run(tmp_path_factory.mktemp("usual"), day(0, 40, 0, 0, 0, 0))


def test_a_flight_sees_the_world_as_it_was_two_hours_before(usual):
    last = usual.row(5, named=True)
    assert last["cutoff_utc"] == NOON + timedelta(hours=3)
    # Departed by 15:00: 12:00, 13:40, 14:00 and the one at 15:00 sharp.
    assert last["origin_departures_6h"] == 4
    assert last["origin_dep_delay_6h_min"] == 10
    # The observation of 14:00 is known at 15:00; that of 15:00 is not.
    assert last["temp_f"] == 72
    assert last["last_leg_ago_h"] == 2


def test_what_happens_after_the_cut_off_changes_no_feature(usual, tmp_path):
    terrible = run(tmp_path, day(0, 40, 0, 0, 200, 600))
    features = columns.names()
    last_usual, last = usual.row(5, named=True), terrible.row(5, named=True)
    assert {name: last[name] for name in features} == {n: last_usual[n] for n in features}
    assert (last_usual["late"], last["late"]) == (False, True)


def test_a_leak_would_be_seen(usual, tmp_path):
    """The proof has teeth: with no lead at all, the same change is visible."""
    none = Params(lead_h=0, stranded_after_h=3)
    before = run(tmp_path / "a", day(0, 40, 0, 0, 0, 0), none).row(5, named=True)
    after = run(tmp_path / "b", day(0, 40, 0, 0, 200, 600), none).row(5, named=True)
    assert (before["origin_overdue"], after["origin_overdue"]) == (0, 2)


def test_a_flight_exactly_at_the_limit_is_not_late(tmp_path):
    assert run(tmp_path, day(15, 16)).get_column("late").to_list() == [False, True]


def test_flights_without_an_arrival_are_counted_and_not_labelled(tmp_path):
    table = run(tmp_path, day(0, None, 30))
    assert table.height == 2
    assert json.loads((tmp_path / "metrics.json").read_text()) == {
        "flights": 3,
        "cancelled": 1,
        "diverted": 0,
        "labelled": 2,
        "late_share": 0.5,
    }


def test_a_month_that_is_not_validated_says_what_to_do(tmp_path):
    run(tmp_path, day(0, 30))
    (tmp_path / "data/weather/2013-06.parquet").unlink()
    with pytest.raises(
        DataError, match=r"2013-06\.parquet does not exist\.\n  Next: run `dvc repro"
    ):
        build_features(
            tmp_path / "data/flights",
            tmp_path / "data/weather",
            tmp_path / "data/reference",
            tmp_path / "feature_repo",
            tmp_path / "data/feature_views",
            tmp_path / "data/features",
            tmp_path / "metrics.json",
            Window(start=date(2013, 6, 1), end=date(2013, 7, 1)),
            Label(late_after_min=15),
            PARAMS,
        )


def test_a_run_with_nothing_new_rewrites_no_file(tmp_path):
    run(tmp_path, day(0, 30))
    paths = sorted((tmp_path / "data/features").iterdir())
    before = [path.stat().st_mtime_ns for path in paths]
    run(tmp_path, day(0, 30))
    assert [path.stat().st_mtime_ns for path in paths] == before


def test_each_month_is_read_once_and_three_are_held(tmp_path, monkeypatch):
    months = [date(2013, month, 1) for month in range(1, 7)]
    for folder, schema in (("flights", columns.FLIGHTS), ("weather", columns.WEATHER)):
        (tmp_path / folder).mkdir()
        for month in months:
            pl.DataFrame(schema=schema).write_parquet(tmp_path / f"{folder}/{month:%Y-%m}.parquet")
    read, reader = [], pl.read_parquet
    monkeypatch.setattr(pl, "read_parquet", lambda path: read.append(path) or reader(path))
    planes = pl.DataFrame(schema=columns.SOURCE_REFERENCE["planes"])
    planes.write_parquet(tmp_path / "planes.parquet")
    inputs = Inputs(
        *(tmp_path / name for name in ("flights", "weather", "")), Label(late_after_min=15), PARAMS
    )
    for month in months:
        for view in columns.VIEWS:
            inputs.builder(view, month)(view, tmp_path)
        assert inputs.flights_of(month).is_empty()
        assert len(inputs.held) == 2 * min(months.index(month) + 1, 3)
    tables = [path for path in read if path.name != "planes.parquet"]
    assert len(tables) == len(set(tables)) == 12


def test_the_flights_are_joined_as_they_are_not_by_way_of_pandas(tmp_path, monkeypatch):
    monkeypatch.delattr(pl.DataFrame, "to_pandas")
    assert run(tmp_path, day(0, 30)).height == 2


def test_month_by_month_equals_all_at_once(tmp_path):
    """Views and joins of a month are made before the next month's: none looks ahead."""
    flights = day(0, 40, 0, 0, 0, 0)
    later = flights.with_columns(
        pl.col("flight_id").str.replace("-06-", "-07-"),
        pl.col(pl.Date, pl.Datetime).dt.offset_by("1mo"),
    )

    def build(root: Path, end: date) -> dict[str, bytes]:
        folders = [root / f"data/{name}" for name in ("flights", "weather", "reference")]
        out = [root / name for name in ("feature_repo", "data/feature_views", "data/features")]
        window = Window(start=date(2013, 6, 1), end=end)
        label = Label(late_after_min=15)
        build_features(*folders, *out, root / "metrics.json", window, label, PARAMS)
        made = [path for folder in out[1:] for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(root)): path.read_bytes() for path in made}

    for root in (tmp_path / "grown", tmp_path / "cold"):
        run(root, flights)
        later.write_parquet(root / "data/flights/2013-07.parquet")
        weather = pl.read_parquet(root / "data/weather/2013-06.parquet")
        later_weather = weather.with_columns(pl.col("observed_utc").dt.offset_by("1mo"))
        later_weather.write_parquet(root / "data/weather/2013-07.parquet")
    shutil.rmtree(tmp_path / "cold/data/features")
    shutil.rmtree(tmp_path / "cold/data/feature_views")
    grown = build(tmp_path / "grown", date(2013, 8, 1))
    assert grown == build(tmp_path / "cold", date(2013, 8, 1))
    assert "data/features/2013-07.parquet" in grown
