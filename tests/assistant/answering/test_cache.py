"""Calls are kept whole, for a while, for nobody else; a folder that fails costs no answer."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from assistant_answers import HITS, QUESTION
from assistant_server import model
from assistant_writing import GOOD, RIGHT, writing

from include.assistant.answering import cache
from include.assistant.answering.cache import Cache, Kept

KEPT = Kept("ab" * 32, "endpoint", "http://x/v1", "m", 7, "p@1", "text", 0, 100, 10)


def test_what_is_kept_is_found_and_a_damaged_file_is_not(tmp_path, capsys):
    held = Cache(tmp_path)
    assert held.get(KEPT.key) is None
    held.put(KEPT)
    held.put(KEPT)
    assert held.get(KEPT.key) == KEPT
    assert [path.name for path in tmp_path.rglob("*.json")] == [f"{KEPT.key}.json"]
    held.path(KEPT.key).write_text('{"key":')
    assert held.get(KEPT.key) is None and "damaged" in capsys.readouterr().out
    # A file that was put under another name answers nothing.
    other = "cd" * 32
    held.put(KEPT)
    held.path(other).parent.mkdir()
    held.path(KEPT.key).rename(held.path(other))
    assert held.get(other) is None


def test_a_run_keeps_its_own_calls_alone(tmp_path):
    keys = ["ab" * 32, "cd" * 32, "ef" * 32]
    for key in keys:
        Cache(tmp_path).put(replace(KEPT, key=key))
    run = Cache(tmp_path)
    assert run.get(keys[0])
    run.put(replace(KEPT, key="01" * 32))
    run.forget_others()
    assert {path.stem for path in tmp_path.rglob("*.json")} == {keys[0], "01" * 32}


def test_a_cache_that_does_not_last_forgets_the_old_and_the_many(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST", 2)
    keys = [f"{number:02d}" * 32 for number in range(5)]
    for number, key in enumerate(keys):
        Cache(tmp_path).put(replace(KEPT, key=key))
        made = time.time() - 86400 * (31 if number == 4 else number)
        os.utime(Cache(tmp_path).path(key), (made, made))
    served = Cache(tmp_path, lasting=False)
    assert served.get(keys[4]) is None and served.get(keys[3]) is not None
    served.limit()
    assert sorted(path.stem for path in tmp_path.rglob("*.json")) == keys[:2]


def cut(path: Path, **more: object) -> None:
    """Change a kept call, whose file stays JSON."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: cut(path, text='{"answerable": true, "sente'),
        lambda path: cut(path, text=json.loads(path.read_text())["text"].replace("r", "x")),
        lambda path: cut(path, tokens_out=999),
        lambda path: cut(path, sha256=""),
        lambda path: path.write_text(""),
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["cut", "changed", "tokens", "no hash", "empty", "binary", "a folder"],
)
def test_a_kept_call_that_was_harmed_is_made_anew(tmp_path, harm, capsys):
    with model(GOOD) as server:
        writing(server.url, tmp_path).answer(QUESTION, HITS)
        [path] = tmp_path.rglob("*.json")
        harm(path)
        again = writing(server.url, tmp_path).answer(QUESTION, HITS)
    assert [said.text for said in again.sentences] == [RIGHT]
    assert (again.cached, again.tokens_out, len(server.requests)) == (False, 10, 2)
    assert f"In the cache of calls, {path.name}" in capsys.readouterr().out


def test_a_kept_reply_that_is_of_no_form_any_more_is_made_anew(tmp_path):
    with model(GOOD) as server:
        writing(server.url, tmp_path).answer(QUESTION, HITS)
        [path] = tmp_path.rglob("*.json")
        held = Cache(tmp_path)
        held.put(replace(held.get(path.stem), text='{"an": "old form"}'))
        for cached in (False, True):
            assert writing(server.url, tmp_path).answer(QUESTION, HITS).cached is cached
    assert len(server.requests) == 2


def test_a_folder_that_takes_nothing_costs_no_answer(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("")
    with model(GOOD) as server:
        answer = writing(server.url, file).answer(QUESTION, HITS)
    assert not answer.refused and answer.tokens_in == 100
    assert "a call is not kept, and will be paid again" in capsys.readouterr().out


def test_what_a_service_was_told_is_read_by_nobody_else(tmp_path):
    Cache(tmp_path / "kept", lasting=False).put(KEPT)
    for folder in (tmp_path / "kept", tmp_path / "kept" / KEPT.key[:2]):
        assert folder.stat().st_mode & 0o777 == 0o700
