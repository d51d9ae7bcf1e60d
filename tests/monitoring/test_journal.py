"""Logs of predictions become the same tables however often they are read, and nothing is lost.

Long because a log can be wrong in many ways, and each is one small case.
"""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.errors import DataError
from include.monitoring.journal import REQUESTS, convert, main, scan
from include.serving.journal import Journal, line, reply_line

ROOT = Path(__file__).parents[2]
NIGHT, MORNING = datetime(2013, 12, 31, 23, 59, tzinfo=UTC), datetime(2014, 1, 1, 0, 1, tzinfo=UTC)
FLIGHT = b'{"carrier": "UA", "flight": 15}'


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def journal(logs: Path) -> Journal:
    journal = Journal(logs)
    journal.declare("delays:1", ["distance", "carrier"])
    return journal


def ready_made(request: str, *rows: dict[str, object], at: datetime = NIGHT) -> bytes:
    body = json.dumps(rows).encode()
    return line(request, at, "delays:1", "features", body, [0.25] * len(rows))


def looked_up(request: str, at: datetime = NIGHT) -> bytes:
    found, ages = [[719.0, "UA"]], {"weather": [60.5], "planes": [None]}
    return line(request, at, "delays:1", "entities", FLIGHT, [0.5], features=found, ages=ages)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_each_row_that_was_scored_is_a_row(journal: Journal, logs: Path, tmp_path: Path) -> None:
    journal.append(
        ready_made("a", {"distance": 1, "carrier": "AA"}, {"distance": 2.5, "carrier": None})
    )
    journal.append(looked_up("b"))
    convert(logs, tmp_path / "parquet")
    table = scan(tmp_path / "parquet").collect()
    assert table.to_dict(as_series=False) == {
        "id": ["a", "a", "b"],
        "row": [0, 1, 0],
        "at": [NIGHT] * 3,
        "role": ["champion"] * 3,
        "model": ["delays:1"] * 3,
        "kind": ["features", "features", "entities"],
        "probability": [0.25, 0.25, 0.5],
        "age_s.planes": [None, None, None],
        "age_s.weather": [None, None, 60.5],
        "feature.carrier": ["AA", None, "UA"],
        "feature.distance": [1.0, 2.5, 719.0],
        "request.carrier": [None, None, "UA"],
        "request.flight": [None, None, 15.0],
    }


def test_champion_and_challenger_can_be_joined(
    journal: Journal, logs: Path, tmp_path: Path
) -> None:
    journal.append(looked_up("a"))
    shadow = line(
        "a", NIGHT, "delays:2", "entities", b"null", [0.75], role="challenger", features=[[9.0]]
    )
    journal.declare("delays:2", ["hour"])
    journal.append(shadow)
    convert(logs, tmp_path)
    table = scan(tmp_path).collect()
    champion, challenger = table.partition_by("role", maintain_order=True)
    joined = champion.join(challenger, on=["id", "row"], suffix=".challenger")
    shown = ("probability", "probability.challenger", "request.carrier", "feature.hour.challenger")
    assert joined.select(shown).row(0) == (0.5, 0.75, "UA", 9.0)


def test_a_row_is_in_the_folder_of_its_day(journal: Journal, logs: Path, tmp_path: Path) -> None:
    journal.append(looked_up("a", NIGHT))
    journal.append(looked_up("b", MORNING))
    convert(logs, tmp_path / "parquet")
    folders = [path.parent.name for path in sorted((tmp_path / "parquet").rglob("*.parquet"))]
    assert folders == ["day=2013-12-31", "day=2014-01-01"]
    assert scan(tmp_path / "parquet", ["2014-01-01"]).collect()["id"].to_list() == ["b"]


def test_however_often_logs_are_read_the_files_are_the_same(
    journal: Journal, logs: Path, tmp_path: Path
) -> None:
    often, once = tmp_path / "often", tmp_path / "once"
    for at in (NIGHT, NIGHT, MORNING):
        journal.append(looked_up("a", at))
        journal.append(b"no line of ours\n")
        convert(logs, often)
    journal.close()
    for _ in range(2):
        convert(logs, often)
    convert(logs, once)
    assert hashes(often) == hashes(once)
    assert scan(once).collect().height == 3


def test_a_file_is_read_again_if_it_has_grown(journal: Journal, logs: Path, tmp_path: Path) -> None:
    journal.append(looked_up("a"))
    [name] = [path.name.split(".")[0] for path in logs.iterdir()]
    assert [*convert(logs, tmp_path / "parquet")] == [name]
    assert convert(logs, tmp_path / "parquet") == {}
    journal.append(looked_up("b"))
    assert [*convert(logs, tmp_path / "parquet")] == [name]
    journal.close()
    journal.append(looked_up("c"))
    convert(logs, tmp_path / "parquet")
    (logs / f"{name}.jsonl").unlink()
    assert convert(logs, tmp_path / "parquet") == {}
    assert scan(tmp_path / "parquet").collect()["id"].to_list() == ["a", "b", "c"]


def test_what_was_forgotten_is_there_once(journal: Journal, logs: Path, tmp_path: Path) -> None:
    journal.append(looked_up("a"))
    convert(logs, tmp_path / "parquet")
    before = hashes(tmp_path / "parquet")
    (tmp_path / "parquet" / "_read.json").write_text("cut o")
    assert len(convert(logs, tmp_path / "parquet")) == 1
    assert hashes(tmp_path / "parquet") == before


def test_the_unfinished_line_of_a_living_writer_is_left_for_later(
    journal: Journal, logs: Path, tmp_path: Path
) -> None:
    journal.append(looked_up("a"))
    whole = looked_up("b")
    with journal.path.with_name(journal.path.name + ".open").open("ab", buffering=0) as file:
        file.write(whole[:40])
        [found] = convert(logs, tmp_path / "parquet").values()
        assert (found.closed, found.rows, found.torn) == (False, 1, 0)
        file.write(whole[40:])
    [found] = convert(logs, tmp_path / "parquet").values()
    assert (found.rows, found.quarantined) == (2, 0)


def test_the_torn_line_of_a_dead_writer_is_counted_and_left(logs: Path, tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from include.serving.journal import Journal
journal = Journal(Path({str(logs)!r}))
journal.declare("delays:1", ["distance", "carrier"])
journal.append({looked_up("a")!r})
os.write(journal.file, {looked_up("b")[:40]!r})
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    [path] = logs.iterdir()
    assert path.suffix == ".open"
    for _ in range(2):
        found = convert(logs, tmp_path / "parquet")
    assert found == {}
    held = json.loads((tmp_path / "parquet" / "_read.json").read_text())
    assert [*held.values()] == [
        {
            "size": path.stat().st_size,
            "closed": True,
            "lines": 2,
            "rows": 1,
            "quarantined": 0,
            "torn": 40,
        }
    ]
    assert scan(tmp_path / "parquet").collect()["id"].to_list() == ["a"]


def test_a_line_that_cannot_be_read_is_quarantined_with_the_reason(
    journal: Journal, logs: Path, tmp_path: Path
) -> None:
    for text in (looked_up("a"), b"hell\xff\n", looked_up("c")):
        journal.append(text)
    [(name, found)] = convert(logs, tmp_path / "parquet").items()
    assert (found.lines, found.rows, found.quarantined) == (4, 2, 1)
    assert scan(tmp_path / "parquet").collect()["id"].to_list() == ["a", "c"]
    [held] = (tmp_path / "parquet" / "_quarantine").iterdir()
    assert json.loads(held.read_text()) == {
        "file": name,
        "line": 3,
        "reason": "Invalid JSON: expected value at line 1 column 1",
        "text": "hell\\xff",
    }


def test_a_column_that_was_empty_in_one_file_has_the_type_of_the_others(
    journal: Journal, logs: Path, tmp_path: Path
) -> None:
    for value in (None, 1.5, None):
        journal.append(ready_made("a", {"distance": value}))
        journal.close()
    convert(logs, tmp_path)
    assert scan(tmp_path).collect()["feature.distance"].to_list() == [None, 1.5, None]


def test_a_file_that_was_begun_and_holds_nothing_yet_is_left(logs: Path, tmp_path: Path) -> None:
    journal = Journal(logs)
    assert convert(logs, tmp_path / "parquet") == {}
    journal.append(ready_made("a", {"distance": 1}))
    assert len(convert(logs, tmp_path / "parquet")) == 1


def test_the_command_prints_what_it_found(
    journal: Journal, logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.append(looked_up("a"))
    journal.append(b"no line of ours\n")
    assert main([str(logs), str(tmp_path / "parquet")]) == 0
    assert capsys.readouterr().out == (
        "files read: 1, of which 1 may still grow\n"
        "lines: 3, rows: 1\n"
        f"quarantined lines: 1, see {tmp_path}/parquet/_quarantine\n"
        "files that end within a line, which was not answered: 0\n"
    )
    assert main([str(logs), str(tmp_path / "parquet")]) == 0
    assert capsys.readouterr().out.startswith("files read: 0,")


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "logs"), str(tmp_path / "parquet")]) == 1
    assert capsys.readouterr().err == (
        f"There is no folder {tmp_path}/logs.\n  Next: name the folder that the service logs to.\n"
    )
    with pytest.raises(DataError) as refused:
        scan(tmp_path, ["2013-12-31"])
    assert str(refused.value) == (
        f"{tmp_path} holds no predictions of 2013-12-31.\n"
        "  Next: run `python -m include.monitoring.journal LOGS PARQUET`."
    )


def test_replies_are_a_table_of_their_own(journal: Journal, logs: Path, tmp_path: Path) -> None:
    journal.append(ready_made("a", {"distance": 1}))
    journal.append(reply_line(NIGHT, "/predict/features", 200, 0.0125))
    journal.append(reply_line(MORNING, "/predict/features", 503, 2))
    found = convert(logs, tmp_path / "parquet")
    assert [(one.lines, one.rows, one.quarantined) for one in found.values()] == [(4, 1, 0)]
    assert scan(tmp_path / "parquet").collect().height == 1
    assert scan(tmp_path / "parquet" / REQUESTS).collect().rows() == [
        (NIGHT, "/predict/features", 200, 12.5),
        (MORNING, "/predict/features", 503, 2000.0),
    ]
