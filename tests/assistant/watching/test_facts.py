"""What the log holds of a window, of lines of services old and new."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from assistant_log import ask, feedback, logged, refused, week

from include.assistant.watching.facts import Asked, Questions
from include.assistant.watching.spans import spans
from include.monitoring.watch_log import Log


def asked(parquet: Path, weeks: int = 1) -> Asked:
    """What was asked in the last of the first weeks."""
    windows = spans(date(2026, 6, 1) + timedelta(weeks=weeks), "week", weeks)
    log = Log(location=str(parquet), md5="none")
    return Questions(log, windows, ZoneInfo("UTC")).asked(windows[-1])


def test_an_answer_that_stands_in_for_a_model_counts_as_one_that_failed(tmp_path):
    told = [ask(0), ask(1, stood_in=True, cost=0.5), refused(2, cause="budget"), refused(3)]
    held = asked(logged(tmp_path, *told))
    assert (held.questions, held.failed, held.refused) == (4, 2, 1)
    assert held.cost == 0.53


def test_what_older_readers_wrote_says_of_no_answer_that_it_stood_in(tmp_path):
    parquet = logged(tmp_path, ask(0, week(0)))
    for file in parquet.glob("day=*/*.parquet"):
        pl.read_parquet(file).drop("stood_in").write_parquet(file)
    assert (asked(parquet).questions, asked(parquet).failed) == (1, 0)


def test_feedback_counts_in_the_week_in_which_it_was_given(tmp_path):
    told = [
        ask(0, week(0)),
        ask(1, week(1)),
        feedback(0, False, week(1)),
        feedback(9, True, week(1)),
    ]
    parquet = logged(tmp_path, *told)
    held = asked(parquet, weeks=2)
    assert (held.judged, held.useful, held.rated, held.stray) == (1, 0, 0, 1)
    assert (asked(parquet).judged, asked(parquet).rated) == (0, 0)


def test_a_log_file_that_lies_there_twice_counts_once(tmp_path):
    parquet = logged(tmp_path, ask(0), ask(1), feedback(1, True))
    for file in [*parquet.rglob("*.parquet")]:
        shutil.copy(file, file.with_name("copy.parquet"))
    held = asked(parquet)
    assert (held.questions, held.judged, held.cost) == (2, 1, 0.02)
