"""What a client gets by the front of the service, from an assistant of four passages.

Long because all of it is asked of one assistant, whose encoder takes seconds to import.
"""

import asyncio
import json
import shutil
import threading
from dataclasses import replace
from typing import Any

import pytest
from assistant_bento import KNOWN, PASSAGES, UNKNOWN
from assistant_client import JSON, TOKEN, Client, events, lines
from prometheus_client import REGISTRY

from include.assistant.answering import forbidden
from include.assistant.service import replies
from include.assistant.service.record import unpacked

ASK = {"question": KNOWN}
BROAD = "How does DVC cache a file, and how does the scheduler start a task again?"


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# Answers


def test_an_answer_comes_in_pieces_hits_first_each_sentence_with_its_passage(client, assistant):
    answer = client.post("/ask", json=ASK)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    (first, found), *sentences, (last, end) = events(answer.text)
    assert (first, last) == ("hits", "done")
    assert found["hits"][0] == {
        **{"id": "retry", "source": "guide", "page": "retry.md", "section": "retry"},
        **{"titles": ["Guide", "retry"], "text": PASSAGES["retry"], "licence": "Apache-2.0"},
        **{"url": "https://example.org/retry", "withheld": ""},
        **{name: found["hits"][0][name] for name in ("score", "cosine", "bm25")},
    }
    assert sentences[0] == (
        "sentence",
        {"text": "A task that fails is run again after its retry delay.", "citations": ["retry"]},
    )
    assert not end["refused"] and end["confidence"] > end["threshold"] == 0.5
    assert found["model"] == assistant.packaged.version
    assert end["request_id"] == found["request_id"]


def test_in_one_piece_it_says_the_same(client):
    pieces = events(client.post("/ask", json=ASK, headers={"X-Request-Id": "r1"}).text)
    whole = client.post("/ask", json=ASK, headers={**JSON, "X-Request-Id": "r1"}).json()
    told = {**pieces[0][1], **pieces[-1][1], "sentences": [said for _, said in pieces[1:-1]]}
    assert {**whole, "latency_ms": 0} == {**told, "latency_ms": 0}


def test_a_question_that_no_passage_answers_is_refused_and_says_why(client):
    answer = client.ask(UNKNOWN)
    assert answer["refused"] and answer["sentences"] == []
    assert answer["cause"] == "confidence"
    assert answer["reason"].startswith("What was found is too unlike the question")
    assert len(answer["hits"]) == 4  # for who wants to look anyway
    assert counted("leeway_questions_total", refused="confidence") == 1


def test_a_search_gives_passages_alone_and_no_more_than_are_asked_for(client):
    found = client.post("/search", json={"question": KNOWN, "limit": 2}).json()
    assert [hit["id"] for hit in found["hits"]][:1] == ["retry"] and len(found["hits"]) == 2
    assert found.keys() == {"request_id", "model", "registered", "hits"}


def test_what_may_be_seen_of_passages_is_known_before_anybody_asks(client, assistant):
    forbidden.seen.cache_clear()
    assistant.look_through()
    client.ask(KNOWN)
    assert forbidden.seen.cache_info().misses == len(PASSAGES)


def test_how_many_passages_are_shown_changes_nothing_of_the_answer(client, log):
    wide, narrow = (client.ask(BROAD, limit=limit) for limit in (20, 1))
    for name in ("refused", "confidence", "sentences"):
        assert narrow[name] == wide[name], name
    # What is cited can be read, whatever was to be shown.
    assert [said["citations"] for said in wide["sentences"]] == [["cache"], ["retry"]]
    assert [hit["id"] for hit in narrow["hits"]] == ["retry", "cache"]
    first, second = (line for line in lines(log) if line["kind"] == "ask")
    assert len(first["hits"]) == 4
    assert (first["hits"], first["confidence"]) == (second["hits"], second["confidence"])
    stream = events(client.post("/ask", json={"question": BROAD, "limit": 1}).text)
    hits = [[hit["id"] for hit in said["hits"]] for name, said in stream if name == "hits"]
    assert hits == [["retry"], ["retry", "cache"]]


# The log


def test_the_log_holds_numbers_and_no_word_that_anybody_wrote(client, assistant, log):
    client.ask(KNOWN)
    client.post("/search", json={"question": UNKNOWN})
    thanks = client.post("/feedback", json={"request_id": "r", "useful": True, "comment": "Thanks"})
    assert thanks.json() == {"request_id": "r", "comment_kept": False}
    ask, replied, search, _, feedback, _ = lines(log)
    assert [ask["kind"], search["kind"], feedback["kind"]] == ["ask", "search", "feedback"]
    assert ask["hits"][0][0] == "retry" and ask["confidence"] > 0.5
    assert (ask["refused"], ask["citations_failed"], ask["tokens_in"]) == (False, False, 0)
    assert (ask["sentences"], ask["citations"]) == (2, 2)
    assert (replied["path"], replied["status"]) == ("/ask", 200)
    vector = assistant.packaged.searcher.encode(KNOWN)
    assert unpacked(ask["vector"]) @ vector == pytest.approx(1, abs=1e-3)
    assert feedback == {**feedback, "id": "r", "useful": True, "comment": None}
    written = "".join(file.read_text() for file in log.iterdir())
    assert not [word for word in (KNOWN, UNKNOWN, "Thanks", "delay") if word in written]


def test_words_are_kept_where_the_server_is_told_to(model, log, monkeypatch):
    from include.assistant.service.assistant import Assistant

    monkeypatch.setenv("LEEWAY_SERVE_LOG_WORDS", "1")
    made = Assistant(model)
    client = Client(made)
    assert client.request("GET", "/schema").json()["words_kept"]
    client.ask(KNOWN)
    told = {"request_id": "r", "useful": False, "comment": "an old page"}
    assert client.post("/feedback", json=told).json()["comment_kept"]
    made.close()
    ask, _, feedback, _ = lines(log)
    assert (ask["question"], feedback["comment"]) == (KNOWN, "an old page")
    assert ask["answer"][0] == "A task that fails is run again after its retry delay."


def test_what_cannot_be_put_on_record_is_not_answered(client, assistant, log):
    assistant.record.close()
    shutil.rmtree(log)
    log.write_text("a file")
    whole = client.post("/ask", json=ASK, headers=JSON)
    assert whole.status_code == 503 and whole.headers["retry-after"] == "5"
    assert whole.json()["error"].startswith("The request cannot be put on record")
    [_, (last, said)] = events(client.post("/ask", json=ASK).text)
    assert (last, said["error"]) == ("error", whole.json()["error"])
    assert counted("leeway_request_seconds_count", path="/ask", status="503") == 2


# What is refused


@pytest.mark.parametrize("path", ["/ask", "/search", "/feedback", "/schema", "/metrics", "/none"])
def test_without_the_token_nothing_is_answered(client, path):
    for sent in ("", f"Bearer {TOKEN}x", f"Basic {TOKEN}"):
        answer = client.post(path, json=ASK, headers={"Authorization": sent})
        assert answer.status_code == 401
        assert answer.json()["error"] == "The request carries no valid token."


def test_what_is_none_of_its_addresses_does_not_exist(client):
    for path in ("/", "/predict/features", "/docs.json", "/ask/"):
        assert client.request("GET", path).status_code == 404
    answer = client.request("GET", "/ask")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.request("GET", "/metrics").text == "BentoML"
    assert client.request("GET", "/livez", headers={"Authorization": ""}).text == "BentoML"


def test_a_wrong_body_is_refused_in_words(client):
    wrong = client.post("/ask", json={"question": ""})
    assert wrong.status_code == 400
    assert wrong.json()["next"] == "GET /openapi.json says what may be sent."
    form = client.post("/ask", data={"question": "a"})
    assert form.status_code == 415
    assert form.json()["error"] == (
        "The body is application/x-www-form-urlencoded, not application/json."
    )
    large = client.post("/ask", content=b" " * 16_001, headers={"Content-Type": "application/json"})
    assert (large.status_code, large.json()["next"]) == (413, "ask a shorter question.")
    assert counted("leeway_questions_total", refused="") == 0


def test_a_bug_is_for_the_log_alone(client, assistant, caplog):
    assistant.following.now = replace(assistant.packaged, searcher=None)
    answer = client.post("/ask", json=ASK, headers={"X-Request-Id": "r7"})
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "The service failed to answer the request r7.",
        "next": "ask again; if it stays, look for the request in the log of the service.",
    }
    assert "request r7 to /ask failed" in caplog.text and "AttributeError" in caplog.text


def test_a_machine_that_finds_something_else_answers_nothing(client, assistant):
    assistant.following.now = replace(assistant.packaged, fault="Scores differ.")
    assert not assistant.__is_ready__()
    answer = client.post("/search", json=ASK)
    assert (answer.status_code, answer.json()["error"]) == (503, "Scores differ.")


# Many at once, and those who leave


class Waiting:
    """Answers once it is told to: as one who waits for a model."""

    def __init__(self, answerer: Any) -> None:
        self.answerer, self.asked, self.may = answerer, threading.Event(), threading.Event()

    def answer(self, question: str, hits: Any) -> Any:
        self.asked.set()
        assert self.may.wait(10)
        return self.answerer.answer(question, hits)


@pytest.fixture
def waiting(assistant):
    held = Waiting(assistant.packaged.answerer)
    assistant.following.now = replace(assistant.packaged, answerer=held)
    yield held
    held.may.set()


def test_whoever_is_one_too_many_is_told_to_come_back(client, assistant, waiting):
    async def many() -> list[Any]:
        import httpx

        transport = httpx.ASGITransport(client.front)
        headers = {"Authorization": f"Bearer {TOKEN}", **JSON}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://here", headers=headers
        ) as asking:
            first = [asyncio.create_task(asking.post("/ask", json=ASK)) for _ in range(4)]
            while assistant.work.running["/ask"] < 4 or not waiting.asked.is_set():
                await asyncio.sleep(0.01)
            # Others are served meanwhile, for nothing blocks the loop.
            told = [await asking.get("/schema"), await asking.post("/search", json=ASK)]
            told += [await asking.post("/feedback", json={"request_id": "r", "useful": True})]
            last = await asking.post("/ask", json=ASK)
            waiting.may.set()
            return [told, last, *await asyncio.gather(*first)]

    told, last, *first = asyncio.run(many())
    assert [answer.status_code for answer in told] == [200] * 3
    assert (last.status_code, last.headers["retry-after"]) == (503, "5")
    assert last.json()["error"] == "The assistant answers 4 requests to /ask already."
    assert [answer.status_code for answer in first] == [200] * 4
    assert not any(assistant.work.running.values())
    assert counted("leeway_busy_total") == 1


async def leave(front: Any, gone: asyncio.Event, asgi: dict[str, str]) -> bytes:
    """Ask, and go when `gone` is set: what came by then. A later ASGI says so when we send."""
    sent, parts = b"", [{"type": "http.request", "body": json.dumps(ASK).encode()}]

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal sent
        if gone.is_set() and asgi["spec_version"] == "2.4":
            raise OSError
        sent += message.get("body", b"")

    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    scope = {"type": "http", "asgi": asgi, "method": "POST", "path": "/ask", "query_string": b""}
    held = [(name.encode(), value.encode()) for name, value in headers.items()]
    await front({**scope, "headers": held}, receive, send)
    return sent


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_a_client_that_leaves_costs_what_it_asked_for_and_gives_its_place_back(
    client, assistant, waiting, log, monkeypatch, version
):
    monkeypatch.setattr(replies, "SILENT_S", 0.02)

    async def left() -> tuple[bytes, int]:
        gone = asyncio.Event()
        asked = asyncio.create_task(leave(client.front, gone, {"spec_version": version}))
        while not waiting.asked.is_set():
            await asyncio.sleep(0.01)
        gone.set()
        sent, running = await asked, assistant.work.running["/ask"]
        waiting.may.set()
        while assistant.work.running["/ask"]:
            await asyncio.sleep(0.01)
        return sent, running

    sent, running = asyncio.run(left())
    assert sent.startswith(b"event: hits") and b"sentence" not in sent
    assert running == 1  # while it is answered for nobody
    assert {line["kind"]: line.get("status") for line in lines(log)} == {"reply": 499, "ask": None}
    assert counted("leeway_questions_total", refused="") == 1


def test_a_slow_answer_gives_signs_of_life(client, waiting, monkeypatch):
    monkeypatch.setattr(replies, "SILENT_S", 0.02)
    threading.Timer(0.2, waiting.may.set).start()
    stream = client.post("/ask", json=ASK).text
    assert ": still at it\n\n" in stream and [*events(stream)][-1][0] == "done"


# What it says of itself


def test_it_says_who_answers_from_what(client):
    schema = client.request("GET", "/schema").json()
    assert schema["passages"] == 4 and schema["provider"] == "extractive"
    assert schema["sources"] == {"guide": {"passages": 4, "licences": ["Apache-2.0"]}}
    assert schema["question"]["properties"]["question"]["maxLength"] == 2000
    paths = client.request("GET", "/openapi.json").json()["paths"]
    assert {*paths} == {
        *("/ask", "/search", "/feedback", "/schema", "/openapi.json"),
        *("/metrics", "/readyz", "/livez"),
    }
    kinds = paths["/ask"]["post"]["responses"]["200"]["content"]
    assert {*kinds} == {"application/json", "text/event-stream"}
    answer = kinds["application/json"]["schema"]["properties"]
    assert answer.keys() == client.ask(KNOWN).keys()
