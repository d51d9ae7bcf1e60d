"""An assistant of four passages, in memory, and its front."""

from collections.abc import Iterator
from pathlib import Path

import assistant_bento
import counting
import pytest
from assistant_client import TOKEN, Client

from include.assistant.service.assistant import Assistant

PLACES = (
    "LEEWAY_SERVE_LOG",
    "LEEWAY_SERVE_LOG_WORDS",
    "LEEWAY_SERVE_OPEN",
    "LEEWAY_SERVE_CACHE",
    "LEEWAY_SERVE_INDEX",
)


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the stages before packaging leave."""
    return assistant_bento.lay_out(tmp_path_factory.mktemp("assistant") / "repository")


@pytest.fixture(scope="session")
def model(laid: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of a bento that finds and does not write; to read only."""
    return assistant_bento.unpacked(laid, tmp_path_factory.mktemp("unpacked") / "src")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment with the token alone, and counters of its own."""
    for name in PLACES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", TOKEN)
    with counting.counted_alone():
        yield


@pytest.fixture
def log(bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where questions are logged."""
    monkeypatch.setenv("LEEWAY_SERVE_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.fixture
def assistant(model: Path, log: Path) -> Iterator[Assistant]:
    """An assistant with a log."""
    made = Assistant(model)
    yield made
    made.close()


@pytest.fixture
def client(assistant: Assistant) -> Client:
    return Client(assistant)
