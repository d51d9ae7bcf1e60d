"""Of a source's files only those are opened that can hold what is asked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureView, Field, FileSource
from feast.types import Int64, String
from feature_store.small_views import HOUR, OURS, TICK, at, open_store, origin

from include.errors import DataError
from include.feature_store import footers, latest, sources

MONTHS = [datetime(2013, month, 1, tzinfo=UTC) for month in range(1, 7)]
DAY = 24 * HOUR


def write(root: Path, kind: pa.DataType | None = None, **options) -> list[Path]:
    """A file a month, whose one row says the number of the month at its first midnight."""
    (root / "data").mkdir()
    paths = []
    for value, time in enumerate(MONTHS, 1):
        paths.append(root / "data" / f"{time:%Y-%m}.parquet")
        rows = {"origin": ["JFK"], "time": [time], "value": [value]}
        table = pl.DataFrame(rows).to_arrow()
        if kind is not None:
            table = table.set_column(1, "time", table["time"].cast(kind))
        pq.write_table(table, paths[-1], **options)
    return paths


def deface(path: Path) -> None:
    """Make the rows of a file unreadable, but not its end."""
    data, length = path.read_bytes(), pq.read_metadata(path).serialized_size + 8
    path.write_bytes(b"PAR1" + b"\xff" * (len(data) - length - 4) + data[-length:])


def view(ttl: timedelta | None) -> FeatureView:
    return FeatureView(
        name="seen",
        entities=[origin],
        ttl=ttl,
        schema=[Field(name="value", dtype=Int64), Field(name="origin", dtype=String)],
        source=FileSource(path="data", timestamp_field="time"),
    )


def ask(root: Path, ttl: timedelta | None, *times: datetime) -> list:
    """What the view held of JFK at these times."""
    folder = root / f"stores-{len(list(root.iterdir()))}"
    folder.mkdir()
    store = open_store(folder, OURS, [origin, view(ttl)])
    store.config.repo_path = root
    asked = pl.from_pandas(at(*times))
    found = store.get_historical_features(asked, ["seen:value"]).to_arrow()
    return found["value"].to_pylist()


def test_months_that_no_time_to_live_reaches_are_not_opened(tmp_path):
    paths = write(tmp_path)
    for path in (*paths[:3], paths[5]):
        deface(path)
    assert ask(tmp_path, 40 * DAY, MONTHS[4] + DAY, MONTHS[4] + 2 * DAY) == [5, 5]
    with pytest.raises(DataError, match=r"^seen cannot be read: .*\n  Next: make its files again"):
        ask(tmp_path, 70 * DAY, MONTHS[4] + DAY)


def test_the_edges_of_the_reach_belong_to_it(tmp_path):
    write(tmp_path)
    assert ask(tmp_path, DAY, MONTHS[2]) == [3]
    assert ask(tmp_path, DAY, MONTHS[2] + DAY) == [3]
    assert ask(tmp_path, DAY, MONTHS[2] + DAY + TICK) == [None]
    assert ask(tmp_path, DAY, MONTHS[2] - TICK) == [None]


KINDS = {
    "milliseconds": pa.timestamp("ms", "UTC"),
    "nanoseconds": pa.timestamp("ns", "UTC"),
    "no zone": pa.timestamp("us"),
    "the clock of New York": pa.timestamp("us", "America/New_York"),
    "an offset": pa.timestamp("ms", "+05:30"),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_times_of_any_kind_are_reached(tmp_path, kind):
    deface(write(tmp_path, kind)[0])
    assert ask(tmp_path, DAY, MONTHS[2] + DAY, MONTHS[3] - DAY) == [3, None]


@pytest.mark.parametrize("kind", [None, pa.date32()], ids=["no statistics", "dates"])
def test_a_file_that_does_not_say_its_times_is_read(tmp_path, kind):
    write(tmp_path, kind, write_statistics=kind is not None)
    assert ask(tmp_path, DAY, MONTHS[2] + HOUR) == [3]


def test_a_view_without_a_time_to_live_reaches_back_for_ever(tmp_path):
    for path in write(tmp_path)[1:]:
        path.unlink()
    assert ask(tmp_path, None, MONTHS[5]) == [1]


def test_the_columns_of_a_file_out_of_reach_count(tmp_path):
    paths = write(tmp_path)
    pl.read_parquet(paths[0]).drop("origin").write_parquet(paths[0])
    with pytest.raises(DataError, match="2013-01.parquet, has no column 'origin'"):
        ask(tmp_path, DAY, MONTHS[4])
    rows = {"origin": ["JFK"], "time": [MONTHS[0]], "value": [0.5]}
    pl.DataFrame(rows).write_parquet(paths[0])
    assert str(ask(tmp_path, DAY, MONTHS[4])) == "[5.0]"


def test_a_file_that_was_written_again_is_read_again(tmp_path):
    paths = write(tmp_path)
    assert ask(tmp_path, DAY, MONTHS[0] + HOUR) == [1]
    rows = {"origin": ["JFK"], "time": [MONTHS[1] + HOUR], "value": [7]}
    pl.DataFrame(rows).write_parquet(paths[0])
    assert ask(tmp_path, DAY, MONTHS[0] + HOUR, MONTHS[1] + 2 * HOUR) == [None, 7]


def test_the_end_of_a_file_is_read_once(tmp_path):
    paths = write(tmp_path)
    ends = [footers.footer(path) for path in paths]
    assert [footers.footer(path) for path in paths] == ends
    assert len({id(end.schema) for end in ends}) == 1


def fold(root: Path, *files: list[tuple[str | None, int, int | None]]) -> list[tuple]:
    """The last rows of (key, hour, value) in files by their order."""
    frames = []
    for number, rows in enumerate(files):
        path = root / f"{number}.parquet"
        schema = {"key": pl.String, "hour": pl.Int64, "value": pl.Int64}
        pl.DataFrame(rows, schema, orient="row").write_parquet(path)
        frames.append(pl.scan_parquet(path))
    return sorted(latest.rows(frames, ["key"], ["hour"], "seen").rows(), key=str)


FOLDS = {
    "a key that only an old file has": ([[("A", 1, 1)], [("B", 2, 2)]], [("A", 1, 1), ("B", 2, 2)]),
    "a later row in an earlier file": ([[("A", 5, 1)], [("A", 2, 2)]], [("A", 5, 1)]),
    "of equal times the last file": ([[("A", 2, 1)], [("A", 2, 2)]], [("A", 2, 2)]),
    "of equal times the last row": ([[("A", 2, 1), ("A", 2, 3)], []], [("A", 2, 3)]),
    "a value that is null": ([[("A", 1, 1)], [("A", 2, None)]], [("A", 2, None)]),
    "a key that is null": ([[(None, 3, 1)], [(None, 2, 2)]], [(None, 3, 1)]),
    "nothing": ([[], []], []),
}


@pytest.mark.parametrize(("files", "answer"), FOLDS.values(), ids=FOLDS)
def test_the_last_row_of_each_key_is_found_file_by_file(tmp_path, files, answer):
    assert fold(tmp_path, *files) == answer


def test_a_file_whose_keys_are_all_known_later_is_read_by_its_keys_and_times_alone(tmp_path):
    paths = write(tmp_path)
    values = pq.read_metadata(paths[0]).row_group(0).column(2)
    data = bytearray(paths[0].read_bytes())
    begin = values.dictionary_page_offset or values.data_page_offset
    data[begin : begin + values.total_compressed_size] = b"\xff" * values.total_compressed_size
    paths[0].write_bytes(data)
    frames = [pl.scan_parquet(path) for path in paths]
    assert latest.rows(frames, ["origin"], ["time"], "seen")["value"].to_list() == [6]
    with pytest.raises(DataError, match="seen cannot be read"):
        sources.collect(frames[0], "seen")
