"""What the page on which people ask does for them, and what it keeps from them."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import dvc_ask_page
import pytest
import stand_in_assistant
from dvc_ask_service import Refused, Service, asked, body_of, problem, rated, service_of
from starlette.requests import Request

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def standing() -> Iterator[stand_in_assistant.Standing]:
    with stand_in_assistant.standing() as held:
        yield held


@pytest.fixture
def service(standing) -> Service:
    return Service(standing.url, stand_in_assistant.TOKEN)


def whole(service: Service, question: Any) -> str:
    async def read() -> str:
        answer = await asked(service, {"question": question})
        assert answer.kind == "text/event-stream"
        return b"".join([piece async for piece in answer.pieces]).decode()

    return asyncio.run(read())


def refused(work: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        asyncio.run(work)
    return caught.value


def request(body: bytes, **headers: str) -> Request:
    sent = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    listed = [(name.encode(), value.encode()) for name, value in sent.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": listed}, receive)


# The service


def test_an_answer_is_handed_on_as_it_comes(service, standing):
    told = whole(service, "When is it run again?")
    assert told.startswith(": still at it\n\nevent: hits\n")
    assert standing.heard[-1] == ("/ask", {"question": "When is it run again?"})


def test_feedback_is_handed_on_and_nothing_else_with_it(service, standing):
    body = {"request_id": "r1", "useful": True, "comment": "x", "user": "vera"}
    assert asyncio.run(rated(service, body)) == {"thanks": True}
    assert standing.heard[-1] == ("/feedback", {"request_id": "r1", "useful": True})


def test_a_refusal_of_the_service_is_told_in_its_words(service):
    error = refused(asked(service, {"question": 7}))
    assert (error.status, error.what, error.fix) == (400, "That is no question.", "ask one.")


def test_a_token_that_it_does_not_take_says_which_to_set(service):
    error = refused(asked(Service(service.url, "another token"), {"question": "a"}))
    assert (error.status, error.what) == (
        502,
        "The assistant does not take the token of Airflow's API server.",
    )
    assert error.fix.startswith("set LEEWAY_ASSISTANT_TOKEN to the token")


def test_what_answers_for_it_and_is_no_assistant_is_not_shown(service):
    error = refused(asked(service, {"question": "nobody"}))
    assert error.what == "What answers for the assistant is no assistant: it replied 200."


def test_an_assistant_that_is_not_there_is_not_named_to_people(caplog):
    error = refused(asked(Service("http://127.0.0.1:9", ""), {"question": "a"}))
    assert (error.status, error.what) == (
        502,
        "The assistant cannot be reached, or did not answer in time.",
    )
    assert "127.0.0.1" not in error.fix
    assert "ConnectError" in caplog.text


SETTINGS = {
    "none": (
        "",
        "No assistant is configured: section \\[leeway\\] of Airflow has no assistant_url",
    ),
    "no address": ("assistant:3000", "assistant_url of section \\[leeway\\] is no address"),
    "another scheme": ("file:///etc/passwd", "is no address of a service"),
    "no whole host": ("http://[bad", "is no address of a service"),
    "no host": ("http://:3000", "is no address of a service"),
    "a port in letters": ("http://h:abc", "is no address of a service"),
    "a port beyond all": ("http://h:99999", "is no address of a service"),
    "a blank in it": ("http://h h:3000", "is no address of a service"),
    "with a login": ("http://me:secret@host", "is no address of a service"),
}


@pytest.mark.parametrize(("url", "said"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_that_is_none_says_what_to_set(monkeypatch, url, said):
    monkeypatch.setenv("AIRFLOW__LEEWAY__ASSISTANT_URL", url)
    with pytest.raises(Refused, match=said) as caught:
        service_of()
    assert "secret" not in caught.value.what + caught.value.fix
    assert "http" in caught.value.fix
    found = problem()
    assert found is not None and found.what == caught.value.what


def test_an_assistant_that_is_named_is_no_problem(monkeypatch):
    monkeypatch.setenv("AIRFLOW__LEEWAY__ASSISTANT_URL", " https://ask.example.org/ ")
    assert problem() is None
    assert service_of().url == "https://ask.example.org"


@pytest.mark.parametrize("token", ["tökentöken", "to\nken"])
def test_a_token_that_no_request_can_carry_says_which_to_set(monkeypatch, token):
    monkeypatch.setenv("AIRFLOW__LEEWAY__ASSISTANT_URL", "http://127.0.0.1:3000")
    monkeypatch.setenv("LEEWAY_ASSISTANT_TOKEN", token)
    with pytest.raises(Refused, match="signs that no request may carry") as caught:
        service_of()
    assert caught.value.status == 503 and token not in str(caught.value)


def test_the_token_is_shown_by_no_error(service):
    assert stand_in_assistant.TOKEN not in repr(service)


# What a browser sends


def test_what_another_site_sends_with_our_cookie_is_refused():
    assert asyncio.run(body_of(request(b'{"question": "a"}'))) == {"question": "a"}
    ours = request(b'{"question": "a"}', sec_fetch_site="same-origin")
    assert asyncio.run(body_of(ours)) == {"question": "a"}
    for site in ("cross-site", "same-site", "none"):
        error = refused(body_of(request(b"{}", sec_fetch_site=site)))
        assert (error.status, error.what) == (403, "Another site sent this.")
    form = refused(body_of(request(b"question=a", content_type="text/plain")))
    assert form.status == 415


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b"{", 400),
        (b"[" * 30_000, 400),
        (b" " * 32_001, 413),
        (b'{"question": "a\\ud83d"}', 400),
        (b'{"useful": NaN}', 400),
        (b'{"useful": 1e999}', 400),
        (b'{"question": "\xff"}', 400),
    ],
    ids=[
        "a list",
        "no JSON",
        "deep",
        "large",
        "half a sign",
        "no number",
        "beyond all",
        "no UTF-8",
    ],
)
def test_what_is_no_small_object_is_refused(body, status):
    assert refused(body_of(request(body))).status == status


# The page


def test_the_page_runs_its_own_script_and_no_other():
    page = dvc_ask_page.page_of(None)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy and "connect-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy and "form-action 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", page.html, re.DOTALL)
    assert len(scripts) == 2 == len(re.search("script-src ([^;]*)", policy)[1].split())
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|eval\(", page.html)
    assert not re.findall(r"(?:src|href)=", page.html)  # nothing is loaded


def test_without_an_assistant_the_page_says_what_to_do_and_escapes_it():
    page = dvc_ask_page.page_of(Refused(503, "None <b>here</b>.", "start one."))
    assert "None &lt;b&gt;here&lt;/b&gt;." in page.html and "<form" not in page.html
    assert page.headers == dvc_ask_page.page_of(None).headers


def test_the_dag_whose_readers_may_ask_is_a_setting(monkeypatch):
    import dvc_ask

    assert dvc_ask.dag_of() == "assistant"
    monkeypatch.setenv("AIRFLOW__LEEWAY__ASSISTANT_DAG", "docs")
    assert dvc_ask.dag_of() == "docs"
