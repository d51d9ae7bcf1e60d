"""The model server finds the newest bento of whatever pipeline there is."""

import json
from pathlib import Path

import pytest
import serve
from small_git import commit, shell

from include.pipeline import memory
from include.pipeline.memory import Memory


def remembered(folder: Path, path: str, md5: str, age: float) -> None:
    """Let a good run have made an out, as the runner remembers it."""
    outs = [{"path": "model.bin", "md5": f"m{md5}"}, {"path": path, "hash": "md5", "md5": md5}]
    memory.remember(folder, "pack", Memory({"cmd": md5, "outs": outs}, "commit", (age, 0.0)))


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What good runs of the repository /leeway/shop made: the newest is not the last to close."""
    monkeypatch.delenv("LEEWAY_S3_URL", raising=False)
    monkeypatch.delenv("LEEWAY_BENTO", raising=False)
    folder = tmp_path / "good/shop-0123456789ab"
    for md5, age in (("old", 1.0), ("new", 3.0), ("late", 2.0)):
        remembered(folder, "out/shop.bento", md5, age)
    return folder


def newest(home: Path) -> str:
    return serve.newest(serve.memories(Path("/leeway/shop"), home))


def test_the_only_bento_is_served_without_being_named(good, tmp_path):
    assert newest(tmp_path) == "new"
    assert newest(tmp_path / "nothing") == ""


def test_a_bento_that_is_named_is_the_one(good, tmp_path, monkeypatch):
    monkeypatch.setenv("LEEWAY_BENTO", "model.bin")
    assert newest(tmp_path) == "mnew"
    monkeypatch.setenv("LEEWAY_BENTO", "other.bento")
    assert newest(tmp_path) == ""


def test_of_two_bentos_one_must_be_named(good, tmp_path):
    remembered(good, "b.bento", "other", 9.0)
    with pytest.raises(SystemExit) as caught:
        newest(tmp_path)
    assert str(caught.value) == (
        "Good runs made 2 bentos: b.bento, out/shop.bento.\n"
        "  Next: name the one to serve in .env, as LEEWAY_BENTO=PATH."
    )


def test_workers_that_share_no_disk_have_it_in_the_git_server(good, tmp_path, monkeypatch):
    monkeypatch.setenv("LEEWAY_S3_URL", "http://objects")
    shell(good, "git", "init", "--quiet")
    assert serve.newest(serve.memories(good, tmp_path)) == ""
    commit(good)
    shell(good, "git", "update-ref", "refs/leeway/good", "HEAD")
    assert serve.newest(serve.memories(good, tmp_path)) == "new"
    assert all(json.loads(text)["lock"] for text in serve.memories(good, tmp_path))
