"""Who is let in."""

import pytest

from include.errors import ParamsError
from include.flights.serving.gate import read_token


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LEEWAY_SERVE_TOKEN", raising=False)
    monkeypatch.delenv("LEEWAY_SERVE_OPEN", raising=False)


def test_no_token_is_refused():
    with pytest.raises(ParamsError) as caught:
        read_token()
    assert str(caught.value) == (
        "The service has no token, so anyone could ask it: LEEWAY_SERVE_TOKEN is not set.\n"
        "  Next: set LEEWAY_SERVE_TOKEN to a long random text, or LEEWAY_SERVE_OPEN=1 to serve "
        "everyone."
    )


def test_a_short_token_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", "open sesame")
    with pytest.raises(ParamsError) as caught:
        read_token()
    assert str(caught.value) == (
        "LEEWAY_SERVE_TOKEN has 11 characters; at least 16 are asked for.\n"
        "  Next: set LEEWAY_SERVE_TOKEN to the output of `openssl rand -hex 32`."
    )


@pytest.mark.parametrize("word", ["0", "true", ""])
def test_only_the_exact_word_opens_the_service(monkeypatch: pytest.MonkeyPatch, word: str):
    monkeypatch.setenv("LEEWAY_SERVE_OPEN", word)
    with pytest.raises(ParamsError):
        read_token()


def test_the_service_may_be_open_on_purpose(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LEEWAY_SERVE_OPEN", "1")
    assert read_token() is None


def test_a_token_counts_even_where_the_service_may_be_open(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("LEEWAY_SERVE_OPEN", "1")
    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", "0123456789abcdef")
    assert read_token() == "0123456789abcdef"
