"""Workers find what was named from where a command was typed."""

import os
from pathlib import Path

import pytest

from include.serving.places import from_here


def test_a_folder_is_the_same_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEEWAY_ONLINE", "data/online")
    monkeypatch.setenv("LEEWAY_SERVE_LOG", "/var/log/predictions")
    monkeypatch.setenv("LEEWAY_SERVE_LIVE", "live")
    from_here()
    assert os.environ["LEEWAY_SERVE_LIVE"] == str(tmp_path / "live")
    assert os.environ["LEEWAY_ONLINE"] == str(tmp_path / "data/online")
    assert os.environ["LEEWAY_SERVE_LOG"] == "/var/log/predictions"
    monkeypatch.setenv("LEEWAY_ONLINE", "redis")
    monkeypatch.delenv("LEEWAY_SERVE_LOG")
    from_here()
    assert os.environ["LEEWAY_ONLINE"] == "redis" and "LEEWAY_SERVE_LOG" not in os.environ
