"""A folder of months grows by what is new, and equals one that was made at once."""

import json
import os
import sys
import types
from pathlib import Path

import polars as pl
import pytest

from include import partitions

JANUARY, FEBRUARY, MARCH = "2013-01", "2013-02", "2013-03"


def write(label: str, folder: Path) -> None:
    """A month is a file that holds its name."""
    (folder / f"{label}.txt").write_text(label)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_month_is_made_once_in_order(tmp_path: Path) -> None:
    made = partitions.update(tmp_path / "f", {FEBRUARY: "b", JANUARY: "a"}, write)
    assert made == [JANUARY, FEBRUARY]
    assert contents(tmp_path / "f") == {
        "2013-01.txt": b"2013-01",
        "2013-02.txt": b"2013-02",
        "_keys.json": b'{\n  "2013-01": "a",\n  "2013-02": "b"\n}\n',
    }
    assert partitions.update(tmp_path / "f", {FEBRUARY: "b", JANUARY: "a"}, write) == []


def test_a_kept_month_is_not_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a"}, write)
    before = (folder / "2013-01.txt").stat()
    assert partitions.update(folder, {JANUARY: "a", FEBRUARY: "b"}, write) == [FEBRUARY]
    after = (folder / "2013-01.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_at_all_is_written_when_nothing_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a"}, write)
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    partitions.update(folder, {JANUARY: "a"}, write)
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before


def test_month_by_month_equals_all_at_once(tmp_path: Path) -> None:
    keys = {JANUARY: "a", FEBRUARY: "b", MARCH: "c"}
    for last in range(1, 4):
        partitions.update(tmp_path / "grown", dict(list(keys.items())[:last]), write)
    partitions.update(tmp_path / "cold", keys, write)
    assert contents(tmp_path / "grown") == contents(tmp_path / "cold")


def test_a_month_that_is_not_asked_for_goes(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a", FEBRUARY: "b"}, write)
    assert partitions.update(folder, {FEBRUARY: "b"}, write) == []
    assert set(contents(folder)) == {"2013-02.txt", "_keys.json"}
    assert partitions.read_keys(folder) == {FEBRUARY: "b"}


def test_a_month_with_a_new_key_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a", FEBRUARY: "b"}, write)
    assert partitions.update(folder, {JANUARY: "a", FEBRUARY: "x"}, write) == [FEBRUARY]


def test_a_month_whose_file_was_deleted_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a"}, write)
    (folder / "2013-01.txt").unlink()
    assert partitions.update(folder, {JANUARY: "a"}, write) == [JANUARY]


@pytest.mark.parametrize(
    "text", [None, "", "{half", "[1, 2]"], ids=["missing", "empty", "cut short", "of another kind"]
)
def test_without_its_keys_a_folder_is_made_anew(tmp_path: Path, text: str | None) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a"}, write)
    (folder / "_keys.json").unlink()
    if text is not None:
        (folder / "_keys.json").write_text(text)
    assert partitions.update(folder, {JANUARY: "a"}, write) == [JANUARY]
    assert partitions.read_keys(folder) == {JANUARY: "a"}


def test_a_month_may_be_several_files_or_a_folder(tmp_path: Path) -> None:
    def build(label: str, folder: Path) -> None:
        (folder / label).mkdir()
        (folder / label / "rows.txt").write_text("rows")
        (folder / f"{label}.count.json").write_text("1")

    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a"}, build)
    partitions.update(folder, {JANUARY: "b"}, write)
    # What the month left before is gone as a whole.
    assert set(contents(folder)) == {"2013-01.txt", "_keys.json"}


def test_a_failure_loses_neither_the_old_month_nor_the_finished_one(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    partitions.update(folder, {JANUARY: "a", FEBRUARY: "b"}, write)

    def fail(label: str, work: Path) -> None:
        (work / f"{label}.txt").write_text("new" if label == JANUARY else "half")
        if label == FEBRUARY:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        partitions.update(folder, {JANUARY: "x", FEBRUARY: "y"}, fail)
    assert (folder / "2013-01.txt").read_text() == "new"
    assert (folder / "2013-02.txt").read_text() == "2013-02"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    # The next run makes the rest only.
    assert partitions.update(folder, {JANUARY: "x", FEBRUARY: "y"}, write) == [FEBRUARY]


def test_a_month_killed_while_it_is_put_in_place_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "f"

    def build(label: str, work: Path) -> None:
        (work / label).mkdir()

    partitions.update(folder, {JANUARY: "a", FEBRUARY: "b"}, build)
    (folder / FEBRUARY / "rows.txt").write_text("rows")

    def collide(label: str, work: Path) -> None:
        (work / label).mkdir()
        (work / FEBRUARY).write_text("cannot take the place of a folder")

    with pytest.raises(IsADirectoryError):
        partitions.update(folder, {JANUARY: "x", FEBRUARY: "b"}, collide)
    # January is there, made with the new key; under the old key it would be the wrong one.
    assert (folder / JANUARY).is_dir()
    assert partitions.update(folder, {JANUARY: "a", FEBRUARY: "b"}, build) == [JANUARY]


def test_a_leftover_of_a_killed_process_with_the_same_id_is_no_hindrance(tmp_path: Path) -> None:
    # Process ids are the same in every run of a container.
    leftover = tmp_path / f".f.{JANUARY}.{os.getpid()}"
    leftover.mkdir()
    (leftover / "half.txt").write_text("half")
    partitions.update(tmp_path / "f", {JANUARY: "a"}, write)
    assert set(contents(tmp_path / "f")) == {"2013-01.txt", "_keys.json"}
    assert not leftover.exists()


def test_a_link_into_a_cache_is_replaced_not_written_through(tmp_path: Path) -> None:
    cached = tmp_path / "cached"
    cached.write_text("cached")
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "2013-01.txt").symlink_to(cached)
    (folder / "_keys.json").hardlink_to(cached)
    partitions.update(folder, {JANUARY: "a"}, write)
    assert cached.read_text() == "cached"
    assert json.loads((folder / "_keys.json").read_text()) == {JANUARY: "a"}


def test_a_key_follows_the_content_of_files_and_code_and_the_text_of_the_rest(
    tmp_path: Path,
) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text("rows")
    same.write_text("rows")
    other.write_text("rowz")
    assert partitions.content_key(one) == partitions.content_key(same)
    assert partitions.content_key(one) != partitions.content_key(other)
    assert partitions.content_key(1, "a") == partitions.content_key("1", "a")
    # Two parts are not the same as one: 12 and 3 is not 1 and 23.
    assert partitions.content_key("12", "3") != partitions.content_key("1", "23")
    module = types.ModuleType("made_up")
    module.__file__ = str(one)
    assert partitions.content_key(module) == partitions.content_key(one)
    assert partitions.content_key(sys.modules[__name__]) == partitions.content_key(Path(__file__))


def test_months_are_read_in_order_as_one_table(tmp_path: Path) -> None:
    for value, month in enumerate([MARCH, JANUARY, FEBRUARY]):
        pl.DataFrame({"value": [value]}).write_parquet(tmp_path / f"{month}.parquet")
    (tmp_path / "_keys.json").write_text("{}")
    assert [path.name for path in partitions.files(tmp_path)] == [
        "2013-01.parquet",
        "2013-02.parquet",
        "2013-03.parquet",
    ]
    assert partitions.scan(tmp_path).collect()["value"].to_list() == [1, 2, 0]


def test_remove_takes_files_folders_links_and_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    partitions.remove(tmp_path / "link")
    assert (tmp_path / "folder/file").exists()
    partitions.remove(tmp_path / "folder")
    partitions.remove(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []
