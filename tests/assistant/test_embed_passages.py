"""What is embedded once is not embedded again, and grows to what a cold run makes."""

import signal
import subprocess
import sys
from pathlib import Path

import assistant_encoder
import assistant_index
import numpy as np
import psutil
import pytest

from include.assistant import embed_passages as stage
from include.assistant.embed_passages import embed_passages
from include.assistant.retrieval import encoder_files

ROWS = assistant_index.ROWS


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return assistant_encoder.tiny_encoder(tmp_path_factory.mktemp("embed") / "encoder")


@pytest.fixture
def run(tmp_path, encoder, capsys):
    """Embed rows into a folder; gives what was printed and the files."""

    def embed(rows, folder="vectors", reader=encoder):
        embed_passages(
            assistant_index.write_passages(tmp_path / "passages", rows), reader, tmp_path / folder
        )
        return capsys.readouterr().out, files(tmp_path / folder)

    return embed


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_page_has_one_file(run):
    said, made = run(ROWS)
    assert said == "5 passages in 3 files; embedded 5 for 3 of them\n"
    assert len(made) == 4 and "held.json" in made


def test_what_did_not_change_is_not_embedded_again(run):
    run(ROWS)
    assert "embedded 0 for 0 of them" in run([*ROWS[2:], *ROWS[:2]])[0]


def test_of_a_changed_page_only_what_changed_is_embedded(run):
    run(ROWS)
    changed = [*ROWS[:3], ("cache.md", ("DVC", "Stages"), "A stage runs again."), *ROWS[4:]]
    said, grown = run(changed)
    assert said == "5 passages in 3 files; embedded 1 for 1 of them\n"
    assert grown == run(changed, "cold")[1]


def test_a_passage_that_moves_to_another_page_is_not_embedded_again(run):
    run(ROWS)
    said, grown = run([("moved.md", *ROWS[0][1:]), *ROWS[1:]])
    assert "embedded 0 for 2 of them" in said
    assert grown == run([("moved.md", *ROWS[0][1:]), *ROWS[1:]], "cold")[1]


def test_pages_that_say_the_same_share_a_file(run):
    said, _ = run([ROWS[4], ("copy.md", *ROWS[4][1:])])
    assert said == "2 passages in 1 files; embedded 1 for 1 of them\n"


def test_another_encoder_embeds_all_anew(run, tmp_path):
    before = run(ROWS)[1]
    other = assistant_encoder.tiny_encoder(tmp_path / "other")
    (other / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    said, after = run(ROWS, reader=other)
    assert "embedded 5 for 3 of them" in said
    assert before.keys() & after.keys() == {"held.json"}


def test_other_code_of_the_encoder_embeds_all_anew(run, monkeypatch):
    before = run(ROWS)[1]
    monkeypatch.setattr(encoder_files, "CODE", ("bert.py",))
    said, after = run(ROWS)
    assert "embedded 5 for 3 of them" in said
    assert before.keys() & after.keys() == {"held.json"}


def test_a_run_that_is_stopped_keeps_what_it_has_done(run, monkeypatch):
    read, left = stage.vector_of, iter([None] * 3)

    def interrupted(encoder, text):
        if next(left, "stop") == "stop":
            raise KeyboardInterrupt
        return read(encoder, text)

    monkeypatch.setattr(stage, "vector_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(ROWS)
    monkeypatch.undo()
    said, made = run(ROWS)
    assert "embedded 3 for 2 of them" in said
    assert made == run(ROWS, "cold")[1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: np.save(path, -np.load(path)),
        lambda path: np.save(path, np.load(path)[:0]),
        lambda path: path.write_bytes(b""),
        lambda path: path.rename(path.with_name("0" * 32 + path.name[32:])),
    ],
    ids=["another sign", "fewer vectors", "empty", "another name"],
)
def test_a_kept_file_that_is_not_as_it_was_written_is_made_again(run, tmp_path, damage):
    cold = run(ROWS)[1]
    damage(max((tmp_path / "vectors").glob("*.npy"), key=lambda path: path.stat().st_size))
    said, again = run(ROWS)
    assert "embedded 2 for 1 of them" in said
    assert again == cold


def test_no_passage_is_taken_from_a_file_that_was_changed(run, tmp_path):
    run(ROWS)
    for path in (tmp_path / "vectors").glob("*.npy"):
        np.save(path, -np.load(path))
    moved = [("moved.md", *ROWS[0][1:]), *ROWS[1:]]
    assert run(moved)[1] == run(moved, "cold")[1]


@pytest.mark.parametrize("damage", [b"", b"no json"], ids=["empty", "no JSON"])
def test_a_damaged_list_of_what_is_held_costs_no_wrong_vector(run, tmp_path, damage):
    cold = run(ROWS)[1]
    (tmp_path / "vectors/held.json").write_bytes(damage)
    assert run(ROWS) == ("5 passages in 3 files; embedded 0 for 0 of them\n", cold)


def test_another_process_writes_the_same_bytes(run, monkeypatch):
    alone = run(ROWS)[1]
    monkeypatch.setattr(stage, "ALONE", 2)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    assert run(ROWS, "together")[1] == alone


def test_a_process_of_a_stage_that_was_killed_ends_with_it():
    told = (
        "import multiprocessing, os, time; from concurrent.futures import ProcessPoolExecutor\n"
        "from include.assistant.embed_passages import end_with_parent\n"
        "fork = multiprocessing.get_context('fork')\n"
        "pool = ProcessPoolExecutor(1, fork, end_with_parent)\n"
        "print(pool.submit(os.getpid).result(), flush=True)\n"
        "pool.submit(time.sleep, 600).result()"
    )
    root = Path(__file__).parents[2]
    words = [sys.executable, "-c", told]
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    worker.wait(timeout=30)
