"""What is put on record beside answers: how each request was replied to."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.serving.record import Record

AT = datetime(2013, 12, 31, 22, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    monkeypatch.setenv("LEEWAY_SERVE_LOG", str(tmp_path / "log"))
    return Record()


def test_a_reply_is_put_on_record(record: Record, tmp_path: Path) -> None:
    record.replied(AT, "/predict/features", 400, 0.002)
    record.close()
    [file] = (tmp_path / "log").iterdir()
    assert json.loads(file.read_text()) == {
        "kind": "reply",
        "at": "2013-12-31T22:00:00Z",
        "path": "/predict/features",
        "status": 400,
        "ms": 2.0,
    }


def test_a_reply_that_cannot_be_put_on_record_is_left_out(record: Record, tmp_path: Path) -> None:
    record.close()
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "log").write_text("no folder")
    record.replied(AT, "/predict/features", 200, 0.002)
    assert (tmp_path / "log").read_text() == "no folder"
