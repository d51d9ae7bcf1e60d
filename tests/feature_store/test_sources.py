"""Which files a source names, and that they may differ in columns, types and units."""

import os
import traceback
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import s3_server
from feast import FeatureView, Field, FileSource
from feast.types import Int64, String
from feature_store.small_views import DUCKDB, HOUR, NOON, OURS, TICK, at, open_store, origin, seen

from include.errors import DataError
from include.feature_store import sources
from include.feature_store.files import files

MORNING = NOON.replace(tzinfo=None)


def put(root: Path, name: str, rows: dict | pl.DataFrame | pa.Table) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(rows, pa.Table):
        pq.write_table(rows, path)
    else:
        pl.DataFrame(rows).write_parquet(path)


def ask(root: Path, path: str, kind: str = OURS, **source) -> list:
    """What the views of the path held at 13:00 of JFK, LGA and EWR."""
    one = FeatureView(
        name="seen",
        entities=[origin],
        ttl=None,
        schema=[Field(name="value", dtype=Int64), Field(name="origin", dtype=String)],
        source=FileSource(path=path, **({"timestamp_field": "time"} | source)),
    )
    (root / "stores").mkdir(exist_ok=True)
    store = open_store(root / "stores", kind, [origin, one])
    store.config.repo_path = root
    entities = pl.concat([pl.from_pandas(at(NOON + HOUR, key=k)) for k in ("JFK", "LGA", "EWR")])
    asked = entities if kind == OURS else entities.to_pandas()
    table = store.get_historical_features(asked, ["seen:value"]).to_arrow()
    held = pl.DataFrame(pl.from_arrow(table))
    return entities.join(held, on="origin", how="left", maintain_order="left")["value"].to_list()


PATHS = {
    "all of a folder": ("d", [1, 2, 3]),
    "all below a folder": ("d/**/*.parquet", [1, 2, 3]),
    "one level below": ("d/*/*.parquet", [1, 2, None]),
    "folders by pattern": ("d/[xy]", [1, 2, None]),
    "one of some letters": ("d/[xz]/*.parquet", [1, None, None]),
    "none of some letters": ("d/[!x]/*.parquet", [None, 2, None]),
    "one letter": ("d/?.parquet", [None, None, 3]),
    "a single file": ("d/c.parquet", [None, None, 3]),
}


@pytest.mark.parametrize(("path", "answer"), PATHS.values(), ids=PATHS)
def test_a_path_names_files(tmp_path, path, answer):
    put(tmp_path, "d/x/a.parquet", seen([NOON], [1]))
    put(tmp_path, "d/y/b.parquet", seen([NOON], [2], "LGA"))
    put(tmp_path, "d/c.parquet", seen([NOON], [3], "EWR"))
    (tmp_path / "d" / "_keys.json").write_text("{}")
    assert ask(tmp_path, path) == answer


@pytest.mark.parametrize(
    "path", ["run[1]", "run[1]/*.parquet", "run[1]/a[?].parquet", "**/a[?].parquet"]
)
def test_a_name_with_brackets_that_is_there_is_no_pattern(tmp_path, path):
    put(tmp_path, "run[1]/a[?].parquet", seen([NOON], [1]))
    put(tmp_path, "run1/a.parquet", seen([NOON], [9]))
    assert ask(tmp_path, path) == [1, None, None]


def test_a_repository_in_a_folder_with_brackets_is_found(tmp_path):
    root = tmp_path / "team [a]*"
    put(root, "d/1.parquet", seen([NOON], [1]))
    assert ask(root, "d/*.parquet") == [1, None, None]


def test_the_last_file_by_its_whole_name_counts(tmp_path):
    for number, name in enumerate(["b/1.parquet", "a/9.parquet", "c/0.parquet", "a/1.parquet"]):
        put(tmp_path, f"d/{name}", seen([NOON], [number]))
    assert ask(tmp_path, "d/**/*.parquet") == [2, None, None]
    assert [str(file.relative_to(tmp_path)) for file in files(tmp_path / "d")] == [
        "d/a/1.parquet",
        "d/a/9.parquet",
        "d/b/1.parquet",
        "d/c/0.parquet",
    ]


def test_what_is_hidden_or_half_written_is_not_read_with_a_folder(tmp_path):
    put(tmp_path, "d/a.parquet", seen([NOON], [1]))
    for name in (".b.parquet", ".trash/b.parquet", "_temporary/b.parquet"):
        put(tmp_path, f"d/{name}", seen([NOON + TICK], [9]))
    assert ask(tmp_path, "d") == [1, None, None]


def test_the_names_of_folders_are_columns_where_the_files_lack_them(tmp_path):
    put(tmp_path, "d/origin=JFK/day=2013-01-01/a.parquet", {"time": [NOON], "value": [1]})
    put(tmp_path, "d/origin=LGA/day=2013-01-02/a.parquet", {"time": [NOON], "value": [2]})
    put(tmp_path, "d/origin=XXX/day=2013-01-03/a.parquet", seen([NOON], [3], "EWR"))
    assert ask(tmp_path, "d") == [1, 2, 3]
    (tmp_path / "feature_repo").mkdir()
    assert ask(tmp_path / "feature_repo", "../d/**/*.parquet") == [1, 2, 3]


@pytest.mark.parametrize("kind", [OURS, DUCKDB])
def test_files_may_have_columns_of_their_own_and_in_their_own_order(tmp_path, kind):
    put(tmp_path, "d/a.parquet", seen([NOON], [1]))
    put(tmp_path, "d/b.parquet", {"note": ["x"], "value": [2], "time": [NOON], "origin": ["LGA"]})
    assert ask(tmp_path, str(tmp_path / "d/*.parquet"), kind) == [1, 2, None]


@pytest.mark.parametrize("kind", [OURS, DUCKDB])
def test_files_may_have_times_of_different_units(tmp_path, kind):
    zoned = pl.Series([NOON])
    put(tmp_path, "d/a.parquet", seen(zoned.dt.cast_time_unit("ns"), [1]))
    put(tmp_path, "d/b.parquet", seen(zoned.dt.cast_time_unit("ms"), [2], "LGA"))
    put(tmp_path, "d/c.parquet", seen([MORNING], [3], "EWR"))
    assert ask(tmp_path, str(tmp_path / "d/*.parquet"), kind) == [1, 2, 3]


def test_a_file_from_before_a_feature_has_nulls_for_it(tmp_path):
    put(tmp_path, "d/a.parquet", {"origin": ["JFK"], "time": [NOON], "older": [7]})
    put(tmp_path, "d/b.parquet", seen([NOON], [2], "LGA", older=[8]))
    assert ask(tmp_path, "d") == [None, 2, None]


VALUES = {
    "integers of two widths": (pl.Series([1], dtype=pl.Int8), [2**40], [1, 2**40, None]),
    "a whole number and a fraction": ([1], [2.7], [1.0, 2.7, None]),
    "nothing at all and a number": ([None], [5], [None, 5, None]),
    "a category and a text": (pl.Series(["x"], dtype=pl.Categorical), ["y"], ["x", "y", None]),
    "times of two units": (
        pl.Series([MORNING]).dt.cast_time_unit("ms"),
        pl.Series([NOON + TICK]),
        [NOON, NOON + TICK, None],
    ),
    "a date and a time": ([date(2013, 1, 1)], [MORNING], [datetime(2013, 1, 1), MORNING, None]),
    "lists": (pl.Series([[1]], dtype=pl.List(pl.Int8)), [[2, 3]], [[1], [2, 3], None]),
}


@pytest.mark.parametrize(("first", "second", "answer"), VALUES.values(), ids=VALUES)
def test_values_of_unlike_types_keep_their_worth(tmp_path, first, second, answer):
    put(tmp_path, "d/a.parquet", seen([NOON], first))
    put(tmp_path, "d/b.parquet", seen([NOON], second, "LGA"))
    assert ask(tmp_path, "d") == answer


def test_keys_may_differ_in_type_from_file_to_file(tmp_path):
    put(
        tmp_path,
        "d/a.parquet",
        {**seen([NOON], [1]), "origin": pl.Series(["JFK"], dtype=pl.Categorical)},
    )
    put(tmp_path, "d/b.parquet", seen([NOON], [5], "LGA"))
    assert ask(tmp_path, "d") == [1, 5, None]


def test_times_with_an_offset_for_a_zone_are_read(tmp_path):
    times = pa.array([NOON], pa.timestamp("us", tz="+05:30"))
    put(tmp_path, "d/a.parquet", pa.table({"origin": ["JFK"], "time": times, "value": [1]}))
    put(tmp_path, "d/b.parquet", seen([NOON], [2], "LGA"))
    assert ask(tmp_path, "d") == [1, 2, None]


WRONG = {
    "a text among numbers": (
        seen([NOON], ["x"], "LGA"),
        r"holds 'value' as Int64 in \S+a.parquet, but as String in \S+b.parquet\..*Next: make its files again, with one type of 'value'",
    ),
    "a whole number that no float holds": (
        seen([NOON, NOON], [1.5, None], "LGA"),
        r"9007199254740993 has no exact place in Float64\..*Next: make its files again",
    ),
    "a file without the key": (
        {"time": [NOON], "value": [2]},
        r"b.parquet, has no column 'origin'; it has time, value\..*Next: add 'origin'",
    ),
    "a file without the time": (
        {"origin": ["LGA"], "value": [2]},
        r"b.parquet, has no column 'time'; it has origin, value\..*Next: add 'time'",
    ),
    "a feature under another name": (
        {"origin": ["LGA"], "time": [NOON], "valeu": [2]},
        r"b.parquet has no column 'value'; .* Did you mean 'valeu'\?.*Next: add 'value'",
    ),
    "a key of another kind": (
        {"origin": [3], "time": [NOON], "value": [2]},
        r"'origin' is String in the entity frame, but 'origin' is Int64 in the source of seen",
    ),
    "a time that is none": (
        {"origin": ["LGA"], "time": [timedelta(1)], "value": [2]},
        r"holds 'time' as Duration.*, which is no time\..*Next: make 'time' a timestamp",
    ),
}


@pytest.mark.parametrize(("rows", "message"), WRONG.values(), ids=WRONG)
def test_files_that_do_not_go_together_say_which(tmp_path, rows, message):
    put(tmp_path, "d/a.parquet", seen([NOON], [2**53 + 1]))
    put(tmp_path, "d/b.parquet", rows)
    with pytest.raises(DataError, match=f"(?s){message}"):
        ask(tmp_path, "d")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("d/*.parquet", r"d/\*.parquet matches no file\.\n  Next: run `dvc repro`"),
        ("nowhere/a.parquet", r"nowhere/a.parquet does not exist\.\n  Next: run `dvc repro`"),
        ("d", r"d holds no .parquet file\.\n  Next: run `dvc repro`"),
    ],
    ids=["a pattern", "a file", "a folder"],
)
def test_a_path_that_names_nothing_says_so(tmp_path, path, message):
    (tmp_path / "d").mkdir()
    with pytest.raises(DataError, match=message):
        ask(tmp_path, path)


def test_files_at_a_server_of_one_s_own_are_read_and_cannot_be_written(tmp_path, monkeypatch):
    with s3_server.running(tmp_path) as store:
        store.mkdir("bucket")
        put(tmp_path, "a.parquet", seen([NOON], [1]))
        store.put_file(str(tmp_path / "a.parquet"), "bucket/d/x/a.parquet")
        address = os.environ["AWS_ENDPOINT_URL"]
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        assert ask(tmp_path, "s3://bucket/d", s3_endpoint_override=address) == [1, None, None]


def test_a_password_in_a_location_is_not_shown():
    place = "https://ann:s3cr3t@127.0.0.1:1/x.parquet?token=s3cr3t"
    with pytest.raises(DataError, match=r"The view seen cannot be read: .*\*\*\*@127") as raised:
        sources.parts(place, "The view seen")
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))
