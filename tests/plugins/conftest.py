"""A small DVC repository, shared by tests that only read it, or one for each test."""

import shutil
from pathlib import Path

import pytest
import small_git


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read it only."""
    return small_git.make(tmp_path_factory.mktemp("made") / "repo")


@pytest.fixture
def repo(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to change."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    return Path(shutil.copytree(made, tmp_path / "repo"))
