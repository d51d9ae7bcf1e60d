"""The command that serves says how to ask."""

import argparse

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
    for name in ("LEEWAY_SERVE_TOKEN", "BENTOML_HOST", "BENTOML_PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    assert service.main(["--bento", str(tmp_path / "none.bento")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"{tmp_path}/none.bento does not exist.\n"
        "  Next: run `dvc repro`, which makes it, or `dvc pull` it.\n"
    )
