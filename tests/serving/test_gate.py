"""Who is let in."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from include.errors import ParamsError
from include.serving.gate import Gate, read_token

TOKEN = "0123456789abcdef"


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


def status(*authorization: bytes) -> int:
    """What a request for the schema is answered with, with these headers Authorization."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"authorization", value) for value in authorization]
    scope: Scope = {"type": "http", "method": "GET", "path": "/schema", "headers": headers}
    asyncio.run(Gate(PlainTextResponse("the schema"), {"/schema"})(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("scheme", [b"Bearer ", b"bearer ", b"BEARER ", b"bEaReR   "])
def test_the_scheme_may_be_written_in_any_case(
    monkeypatch: pytest.MonkeyPatch, scheme: bytes
) -> None:
    # RFC 9110, section 11.1: the scheme is case-insensitive, and spaces may follow it.
    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", TOKEN)
    assert status(scheme + TOKEN.encode()) == 200


REFUSED = {
    "nothing": [],
    "no scheme": [TOKEN.encode()],
    "another scheme": [b"Basic " + TOKEN.encode()],
    "a scheme alone": [b"bearer"],
    "no space": [b"Bearer" + TOKEN.encode()],
    "a tab": [b"Bearer\t" + TOKEN.encode()],
    "the token in another case": [b"Bearer " + TOKEN.upper().encode()],
    "a longer token": [b"Bearer " + TOKEN.encode() + b" x"],
    "a shorter token": [b"Bearer " + TOKEN[:-1].encode()],
    "two headers": [b"Bearer " + TOKEN.encode()] * 2,
    "letters beyond ASCII": ["Bearer ä".encode()],
}


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused(
    monkeypatch: pytest.MonkeyPatch, authorization: list[bytes]
) -> None:
    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", TOKEN)
    assert status(*authorization) == 401
