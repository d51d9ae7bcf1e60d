"""A small DVC repository for each test."""

import shutil
from pathlib import Path

import pytest
import small_git


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_git.make(tmp_path_factory.mktemp("made") / "repo")


@pytest.fixture
def repo(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    return Path(shutil.copytree(made, tmp_path / "repo"))
