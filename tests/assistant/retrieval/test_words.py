"""BM25 counts words as a reader would: by their stem, and none that says nothing."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.assistant.retrieval.words import FILES, Words, numbered, save
from include.errors import DataError

ROOT = Path(__file__).parents[3]
TEXTS = ["Tasks are retried.", "The task of the scheduler.", "Nothing here"]


def test_words_are_cut_to_their_stems_and_those_that_say_nothing_are_left_out():
    assert numbered(["The tasks are being retried, task_id x", "Task be"]) == (
        {"be": 0, "retri": 1, "task": 2, "task_id": 3},
        [[2, 0, 1, 3], [2]],
    )


def test_a_score_is_that_of_the_formula(tmp_path):
    save(TEXTS, tmp_path)
    scores = Words.load(tmp_path).scores("Which task?")
    # Two of three texts have the word, once; each is 2 words long, as the mean is.
    rare = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    assert scores.tolist() == pytest.approx([rare / (1 + 1.5), rare / (1 + 1.5), 0])


def test_a_question_without_a_known_word_scores_nothing(tmp_path):
    save(TEXTS, tmp_path)
    assert Words.load(tmp_path).scores("What is the, of?").tolist() == [0, 0, 0]


def test_texts_without_a_word_can_be_searched(tmp_path):
    save(["", "the"], tmp_path)
    assert Words.load(tmp_path).scores("task").tolist() == [0, 0]


def test_the_files_are_the_same_bytes_in_every_process(tmp_path):
    code = f"from include.assistant.retrieval.words import *; save({TEXTS!r}, Path('there'))"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "3"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=env)
    save(TEXTS, tmp_path / "here")
    for folder in ("here", "there"):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_a_damaged_file_is_named(tmp_path):
    save(TEXTS, tmp_path)
    (tmp_path / "data.csc.index.npy").write_bytes(b"none")
    with pytest.raises(DataError, match=r"The BM25 files in .* cannot be read"):
        Words.load(tmp_path)
