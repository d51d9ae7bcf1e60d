"""What is sent goes to the address of the settings, and to nobody whom a variable names."""

import pytest
from assistant_answers import HITS, QUESTION, answering
from assistant_server import model, status
from assistant_writing import GOOD, writing

from include.assistant.answering.endpoint import Server
from include.assistant.answering.forbidden import KEY
from include.errors import ParamsError


def test_no_proxy_of_the_environment_sees_a_call(monkeypatch):
    monkeypatch.setenv(KEY, "sk-very-secret-key-0123456789")
    with model(GOOD) as server, model(GOOD) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
            monkeypatch.setenv(name.lower(), proxy.url.removesuffix("/v1"))
        assert not writing(server.url).answer(QUESTION, HITS).refused
    assert len(server.requests) == 1 and proxy.requests == []


def test_certificates_of_a_company_are_believed_where_the_environment_names_them(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "/of/no/such/authority.pem")
    with pytest.raises(OSError, match="No such file"):
        Server(answering("https://models.example.com/v1").endpoint)


def test_a_key_does_not_cross_the_network_in_clear(monkeypatch):
    far = answering("http://api.example.com/v1").endpoint
    Server(far)
    monkeypatch.setenv(KEY, "sesame-open")
    with pytest.raises(ParamsError, match=f"has no TLS, and {KEY} would cross") as caught:
        Server(far)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("key", ["sesame\nopen", "sesame öpen", "sesame open"])
def test_a_key_that_no_header_can_hold_is_named_and_not_shown(monkeypatch, key):
    monkeypatch.setenv(KEY, key)
    with pytest.raises(ParamsError, match=f"{KEY} holds .*\n  Next: set {KEY} to") as caught:
        Server(answering("http://127.0.0.1:8000/v1").endpoint)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://[bad/v1", "http://h:abc/v1"])
def test_an_address_that_is_none_is_named(url):
    with pytest.raises(ParamsError, match=r"base_url is no address: .*\n  Next: correct it"):
        Server(answering(url).endpoint)


def test_what_a_server_says_steers_no_screen():
    with model(status(500, "out\x1b[2J of\r\nmemory")) as server:
        answer = writing(server.url, waits={"tries": 1}).answer(QUESTION, HITS)
    assert answer.reason == "The endpoint answers HTTP 500: out [2J of memory."


@pytest.mark.parametrize("date", ["Fri, 31 Dec 99999999999 23:59:59 GMT", "nan"])
def test_a_server_that_asks_to_wait_for_no_time_is_one_that_is_busy(date):
    with model(status(429, retry_after=date)) as server:
        answer = writing(server.url, waits={"tries": 1}).answer(QUESTION, HITS)
    assert (answer.cause, answer.reason) == ("provider", "The endpoint answers HTTP 429.")
