"""How the tasks of a run ended, by the logs that Airflow keeps of them."""

import json
import os
from pathlib import Path

import pytest

from include.assistant.investigator.gathering.logs import begun, failed_since, texts

NOON = 1_790_337_600.0  # 2026-09-25T12:00:00Z
BROKEN = [{"exc_type": "StepFailed", "exc_value": "train: Disk full."}]
INFO = {"event": "at work", "level": "info", "logger": "airflow.task.operators.dvc"}
ERROR = {"event": "OTLP exporter: connection refused", "level": "error", "logger": "otel"}
FAILED = {
    "event": "Task failed with exception",
    "level": "error",
    "logger": "task",
    "error_detail": BROKEN,
}
END = {"event": "::group::Post Execute", "level": "info", "logger": "task"}
CLOSING = {"event": "closing connection", "level": "info", "logger": "task"}


def event(word: str, level: str = "warning") -> dict[str, object]:
    """A line of Airflow's own."""
    return {"event": word, "level": level, "logger": "task"}


def log(run: Path, task: str, *events: dict[str, object], number: int = 1) -> Path:
    """The log of a try, of which each line is written at noon."""
    path = run / f"task_id={task}/attempt={number}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"timestamp": "2026-09-25T12:00:00.000000Z", **one}) for one in events]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("events", "failed"),
    [
        ([INFO, FAILED, END, *[CLOSING] * 40], True),
        ([INFO, event("Process exited abnormally")], True),
        ([INFO, event("Process terminated by signal. Likely out of memory error (OOM).", "critical"), CLOSING], True),
        ([INFO, event("\n***** Received SIGSEGV *****\nSIGSEGV (Segmentation", "critical")], True),
        ([INFO, event("Task exited", "error"), END], True),
        ([INFO, ERROR, END, CLOSING], False),
        ([INFO, {**FAILED, "logger": "airflow.task.operators.dvc"}, END], False),
        ([INFO, END], False),
        ([INFO], False),
        ([INFO, ERROR], True),
        ([], False),
    ],
    ids=[
        *("an error long before its end", "killed", "out of memory", "a fault of C", "exit"),
        *("an error of another near its end", "somebody who says the same", "well", "at work"),
        *("an error is its last word", "empty"),
    ],
)  # fmt: skip
def test_a_task_failed_if_airflow_says_so_and_not_for_an_error_that_somebody_logs(
    tmp_path, events, failed
):
    log(tmp_path, "train", *events)
    assert failed_since(tmp_path, 0.0) is failed


def test_of_a_mapped_task_each_index_is_read(tmp_path):
    for index, end in ((0, FAILED), (1, END)):
        log(tmp_path, f"train/map_index={index}", INFO, end)
    assert failed_since(tmp_path, 0.0)
    assert [*texts(tmp_path)] == ["train[0]", "train[1]"]


def test_of_several_tries_the_last_counts(tmp_path):
    log(tmp_path, "train", FAILED, number=9)
    log(tmp_path, "train", END, number=10)
    assert not failed_since(tmp_path, 0.0)


def test_what_failed_before_a_run_was_closed_is_over_however_late_its_log_was_copied(tmp_path):
    path = log(tmp_path, "train", FAILED)
    assert (failed_since(tmp_path, NOON - 1), failed_since(tmp_path, NOON)) == (True, False)
    os.utime(path, (NOON - 2, NOON - 2))
    assert not failed_since(tmp_path, NOON - 1)


def test_a_run_began_with_the_first_line_of_its_logs_whenever_its_folder_was_changed(tmp_path):
    log(tmp_path, "train", {"timestamp": "2026-09-25T13:00:00Z", **END}, number=2)
    log(tmp_path, "open_run", INFO)
    assert begun(tmp_path) == NOON
    (tmp_path / "task_id=open_run/attempt=1.log").write_text("no JSON\n")
    assert begun(tmp_path) == NOON + 3600


def test_half_a_sign_in_a_log_ends_nothing(tmp_path):
    path = log(tmp_path, "train", INFO)
    path.write_text('{"event": "bad \\ud83d here", "level": "error"}\n')
    assert texts(tmp_path) == {"train": "ERROR bad ? here\n"}
