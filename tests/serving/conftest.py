"""What the tests of a service share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, values


@pytest.fixture
def counted_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Counters of its own, which share no file with those of other processes or tests."""
    monkeypatch.setattr(values, "ValueClass", values.MutexValue)
    before = set(REGISTRY._collector_to_names)
    yield
    for collector in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(collector)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the file that says what is live."""
    folder = tmp_path / "live"
    folder.mkdir()
    monkeypatch.setenv("LEEWAY_SERVE_LIVE", str(folder))
    return folder
