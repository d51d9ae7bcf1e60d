"""The log of questions as tables: each line that can be read, and each that cannot, is counted."""

import json
import os
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from assistant_log import MONDAY, ask, feedback, line, logged, packed, reply

from include.assistant.watching.journal import convert, main
from include.errors import DataError
from include.monitoring.journal import scan
from include.serving.journal import Journal

SEARCH = {"kind": "search", "id": "s1", "at": MONDAY.isoformat(), "model": "assistant:1"}
SEARCH |= {"hits": [], "vector": None, "latency_ms": 3.0, "question": "what?"}


def test_each_kind_of_line_has_its_table(tmp_path):
    vector = packed(np.array([1.0, -0.5, 0.0]))
    told = [ask(1, vector=vector), SEARCH, feedback(1, True), reply(503, ms=2.5)]
    parquet = logged(tmp_path, *told)
    rows = scan(parquet).collect()
    assert rows.select("id", "kind", "nearest", "refused", "question").rows() == [
        ("q1", "ask", "p1", False, None),
        ("s1", "search", None, None, "what?"),
    ]
    assert [*np.frombuffer(rows["vector"][0], np.int8)] == [127, -64, 0]
    assert scan(parquet / "feedback").collect().rows() == [(MONDAY, "q1", True)]
    assert scan(parquet / "requests").collect().rows() == [(MONDAY, "/ask", 503, 2.5)]
    assert not (parquet / "quarantined").exists()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{\n", "Invalid JSON"),
        (line({"kind": "answer"}), "Field required"),
        (line(ask(confidence=1.5)), "confidence: Input should be less than or equal to 1"),
        (line(ask(latency_ms=-1.0)), "latency_ms: Input should be greater than or equal to 0"),
        (line({**ask(), "at": "2026-06-01T09:00:00"}), "at: Input should have timezone info"),
        (line(ask(tokens_in=10**30)), "tokens_in: Input should be"),
        (line(ask(vector={"int8": "AAAA"})), "vector.int8: Value error, it is not the base64"),
        (line(ask(vector={"int8": "*"})), "vector.int8: Value error, "),
        (line({**feedback(1, True), "useful": "yes"}), "useful: Input should be a valid boolean"),
        (line({**reply(), "status": 42}), "status: Input should be greater than or equal to 100"),
        (line({**ask(), "at": "0001-01-01T00:00:00+14:00"}), "at: in UTC there is no such time"),
        (line({**reply(), "at": "9999-12-31T23:00:00-02:00"}), "at: in UTC there is no such time"),
        (line(ask(cost=1e308)), "cost: Input should be less than or equal to 1000000000"),
        (line(ask(latency_ms=1e308)), "latency_ms: Input should be less than or equal to"),
        (line(ask(cost=float("nan"))), "cost: Input should be a finite number"),
        (line(ask(mood=1)).replace(b"1}", b"[" * 9999 + b"]" * 9999 + b"}"), "Invalid JSON: rec"),
        (line(ask()).replace(b'"q0"', b'"\\ud800"'), "Invalid JSON"),
        (line(ask(vector={"int8": "fw" * 9999})), "vector.int8: Value error, "),
    ],
    ids=[
        *("half a line", "unknown kind", "no share", "time runs backwards", "no time zone"),
        *("a number too large", "a vector of zeros", "no vector", "no answer", "no status"),
        *("before the year 1", "after 9999", "a cost too large", "a wait too long", "no number"),
        *("too deep", "half a letter", "a vector too long"),
    ],
)
def test_a_line_that_cannot_be_read_is_set_aside_and_counted(tmp_path, bad, why):
    parquet = logged(tmp_path, ask(1), bad, ask(2))
    assert scan(parquet).collect()["id"].to_list() == ["q1", "q2"]
    counted = scan(parquet / "quarantined").collect()
    assert counted["line"].to_list() == [2] and why in counted["reason"][0]
    assert counted["at"].to_list() == [MONDAY]  # as the line before
    [kept] = (parquet / "_quarantine").iterdir()
    assert json.loads(kept.read_text())["text"] == bad.decode().strip()


def test_a_line_that_cannot_be_read_counts_in_the_week_in_which_it_was_written(tmp_path):
    later = MONDAY + timedelta(weeks=2)
    parquet = logged(tmp_path, b"garbage\n", ask(1), ask(2, later), b"garbage\n")
    begun, last = scan(parquet / "quarantined").collect()["at"].sort(descending=True)
    assert (datetime.now(UTC) - begun) < timedelta(hours=1)  # when the file was begun
    assert last == later


def test_a_newer_service_may_say_more(tmp_path):
    parquet = logged(tmp_path, ask(1, mood="good"))
    assert len(scan(parquet).collect()) == 1 and not (parquet / "_quarantine").exists()


def test_a_log_that_grows_gives_the_same_bytes_however_often_it_is_read(tmp_path):
    journal = Journal(tmp_path / "log")
    for number in range(3):
        journal.append(line(ask(number, MONDAY + timedelta(days=number))))
        convert(tmp_path / "log", tmp_path / "often")
    journal.close()
    for place in ("often", "once"):
        convert(tmp_path / "log", tmp_path / place)
    often, once = (
        {
            file.relative_to(tmp_path / place): file.read_bytes()
            for file in (tmp_path / place).rglob("*.parquet")
        }
        for place in ("often", "once")
    )
    assert often == once and len(once) == 3
    assert convert(tmp_path / "log", tmp_path / "once") == {}


def test_the_command_says_what_it_found(tmp_path, capsys):
    journal = Journal(tmp_path / "log")
    journal.append(line(ask(1)) + b"garbage\n" + line(ask(2))[:-9])
    journal.close()
    assert main([str(tmp_path / "log"), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == (
        "files read: 1, of which 0 may still grow\nlines: 2, questions: 1\n"
        f"quarantined lines: 1, see {tmp_path / 'out/_quarantine'}\n"
        "files that end within a line, which was not answered: 1\n"
    )
    assert main([str(tmp_path / "none"), str(tmp_path / "out")]) == 1
    assert "There is no folder" in capsys.readouterr().err
    file = tmp_path / "file"
    file.touch()
    for place in (file, file / "out"):
        assert main([str(tmp_path / "log"), str(place)]) == 1
        assert f"{place} is no folder, or is to be below a file.\n  Next: name" in (
            capsys.readouterr().err
        )


def test_a_file_whose_name_is_no_time_is_read_as_any_other(tmp_path):
    (tmp_path / "log").mkdir()
    file = tmp_path / "log" / "99999999T999999Z-1-0001.jsonl"
    file.write_bytes(b"garbage\n" + line(ask(1)))
    convert(tmp_path / "log", tmp_path / "out")
    assert scan(tmp_path / "out" / "quarantined").collect()["at"].to_list() == [MONDAY]


def test_a_file_that_tells_no_time_counts_where_it_was_written_last(tmp_path):
    (tmp_path / "log").mkdir()
    file = tmp_path / "log" / "host-b.jsonl"
    file.write_bytes(b"garbage\n" * 3)
    os.utime(file, (MONDAY.timestamp(), MONDAY.timestamp()))
    convert(tmp_path / "log", tmp_path / "out")
    assert scan(tmp_path / "out" / "quarantined").collect()["at"].to_list() == [MONDAY] * 3


def test_what_is_no_longer_in_a_log_file_goes_from_the_tables(tmp_path):
    (tmp_path / "log").mkdir()
    file, other = (tmp_path / "log" / f"20260601T080000Z-1-000{n}.jsonl" for n in (1, 2))
    later = MONDAY + timedelta(days=1)
    file.write_bytes(line(ask(1)) + line(ask(2, later)) + line(feedback(2, True, later)) + b"x\n")
    other.write_bytes(line(ask(3, later)) + b"y\n")
    convert(tmp_path / "log", tmp_path / "out")
    file.write_bytes(line(ask(1)))
    convert(tmp_path / "log", tmp_path / "out")
    assert scan(tmp_path / "out").collect()["id"].to_list() == ["q1", "q3"]
    kept = {found.name for found in (tmp_path / "out").rglob("*.*") if found.is_file()}
    assert kept == {"_read.json", *(f"{f.stem}.parquet" for f in (file, other)), other.name}
    assert not [*(tmp_path / "out" / "feedback").glob("day=*/*")]
    assert len(scan(tmp_path / "out" / "quarantined").collect()) == 1


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="Next: name the folder that the service logs to"):
        convert(tmp_path / "none", tmp_path / "out")


def test_no_question_stands_in_the_tables_unless_words_are_kept(tmp_path):
    parquet = logged(tmp_path, ask(1), ask(2, question="How do I log in?"))
    assert scan(parquet).select("question").collect().to_series().to_list() == [
        None,
        "How do I log in?",
    ]
    assert isinstance(scan(parquet).collect_schema()["vector"], pl.Binary)
