"""The command that serves says how to ask."""

import argparse
import os

import pytest

from include.assistant.service import __main__ as service


@pytest.mark.parametrize(
    ("host", "asked"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("db", "db")]
)
def test_a_request_can_be_pasted(host, asked):
    words = argparse.Namespace(host=host, port=3001)
    assert service.request(words, "t0k3n") == (
        f"curl --no-buffer http://{asked}:3001/ask "
        '--header "Authorization: Bearer t0k3n" --header "Content-Type: application/json" '
        """--data '{"question": "How do I run a task again?"}'"""
    )


def test_a_bento_that_is_not_there_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("LEEWAY_SERVE_TOKEN", "LEEWAY_SERVE_INDEX", "BENTOML_HOST", "BENTOML_PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    words = ["--bento", str(tmp_path / "none.bento"), "--index", "data/index"]
    assert service.main(words) == 1
    assert os.environ["LEEWAY_SERVE_INDEX"] == str(tmp_path / "data/index")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"{tmp_path}/none.bento does not exist.\n"
        "  Next: run `dvc repro`, which makes it, or `dvc pull` it.\n"
    )


def test_a_folder_without_an_index_is_named_and_nothing_is_served(tmp_path, capsys, monkeypatch):
    for name in ("LEEWAY_SERVE_TOKEN", "LEEWAY_SERVE_INDEX", "BENTOML_HOST", "BENTOML_PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    bento = tmp_path / "assistant.bento"
    bento.write_bytes(b"packed")
    assert service.main(["--bento", str(bento), "--index", str(tmp_path / "indx")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{tmp_path}/indx holds no index.\n  Next: run `dvc repro include/")
