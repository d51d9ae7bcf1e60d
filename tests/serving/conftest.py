"""What the tests of a service share."""

from collections.abc import Iterator
from pathlib import Path

import counting
import pytest


@pytest.fixture
def counted_alone() -> Iterator[None]:
    """Counters of its own, which share no file with those of other processes or tests."""
    with counting.counted_alone():
        yield


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the file that says what is live."""
    folder = tmp_path / "live"
    folder.mkdir()
    monkeypatch.setenv("LEEWAY_SERVE_LIVE", str(folder))
    return folder
