"""The same content is the same file, and holds the code that it needs."""

import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.errors import PipelineError
from include.serving import bento_file

MOMENT = datetime(2013, 12, 31, tzinfo=UTC)


def make(folder: Path, mode: int, seconds: int) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "bento.yaml").write_text(f"name: x\ncreation_time: '{seconds}'\n")
    (folder / "src" / "a.py").write_text("1\n")
    (folder / "src" / "run.sh").write_text("2\n")
    for path in folder.rglob("*"):
        path.chmod(mode if path.is_file() else 0o755)
        os.utime(path, (seconds, seconds))
    return folder


def test_times_owners_and_modes_do_not_change_the_file(tmp_path: Path):
    first, second = tmp_path / "first.bento", tmp_path / "second.bento"
    bento_file.pack(make(tmp_path / "a", 0o600, 10), first, MOMENT)
    bento_file.pack(make(tmp_path / "b", 0o664, 2_000_000_000), second, MOMENT)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        entries = [(entry.name, entry.mode, entry.mtime, entry.uid) for entry in archive]
    noon = int(MOMENT.timestamp())
    assert entries == [
        ("bento.yaml", 0o644, noon, 0),
        ("src", 0o755, noon, 0),
        ("src/a.py", 0o644, noon, 0),
        ("src/run.sh", 0o755, noon, 0),
    ]


def test_what_bentoml_refuses_is_said(tmp_path: Path):
    (tmp_path / "source").mkdir()
    manifest = {"name": "x", "version": "1", "members": {}, "requirements": []}
    manifest |= {"data_md5": "", "code_sha256": ""}
    with pytest.raises(PipelineError) as caught:
        bento_file.bento_of(tmp_path / "source", tmp_path / "home", manifest, "none:None", "")
    assert str(caught.value).startswith("`bentoml build` ended with 1: ")
    assert caught.value.fix == "run `make setup`; if that does not help, report it."
