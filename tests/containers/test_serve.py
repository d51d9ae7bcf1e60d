"""The model server finds the bento of whatever pipeline there is."""

import pytest
import serve

LOCK = """
stages:
  pack:
    outs:
    - {path: model.bin, md5: aa}
    - {path: out/shop.bento, md5: bb}
"""


def test_the_only_bento_is_served_without_being_named(monkeypatch):
    monkeypatch.setenv("LEEWAY_BENTO", "")
    assert serve.md5(LOCK) == "bb"
    assert serve.md5("") == ""


def test_a_bento_that_is_named_is_the_one(monkeypatch):
    monkeypatch.setenv("LEEWAY_BENTO", "model.bin")
    assert serve.md5(LOCK) == "aa"
    monkeypatch.setenv("LEEWAY_BENTO", "other.bento")
    assert serve.md5(LOCK) == ""


def test_of_two_bentos_one_must_be_named(monkeypatch):
    monkeypatch.delenv("LEEWAY_BENTO", raising=False)
    with pytest.raises(SystemExit) as caught:
        serve.md5(LOCK + "    - {path: b.bento, md5: cc}\n")
    assert str(caught.value) == (
        "The lockfile holds 2 bentos: b.bento, out/shop.bento.\n"
        "  Next: name the one to serve in .env, as LEEWAY_BENTO=PATH."
    )
