"""Who is champion answers, without a restart; whatever is wrong with a new one, the old one goes on."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import assistant_bento
import pytest
from assistant_answers import answering
from assistant_bento import KNOWN, SETTINGS
from assistant_client import Client
from opentelemetry.trace import INVALID_SPAN
from prometheus_client import REGISTRY

from include.assistant.retrieval.search import Search
from include.assistant.service.asked import Question
from include.assistant.service.assistant import Assistant, check_start
from include.assistant.service.packaged import Settings
from include.assistant.service.told import Asked
from include.serving.manifest import version_of

SEARCH = {"search": SETTINGS.search}
OTHER = Settings(search=Search(bm25_weight=2), answering=answering())
pytestmark = pytest.mark.usefixtures("bare")


@pytest.fixture
def live(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the file that says what is live, with an assistant of other settings in it."""
    folder = tmp_path / "live"
    assistant_bento.unpacked(laid, folder / "other/src", OTHER)
    monkeypatch.setenv("LEEWAY_SERVE_LIVE", str(folder))
    return folder


def point(live: Path, version: str, md5: str = "b", folder: str = "other") -> None:
    held = {"champion": {"version": version, "md5": md5, "folder": folder}}
    (live / "new").write_text(json.dumps(held))
    (live / "new").replace(live / "live.json")


def answers(assistant: Assistant) -> tuple[str | None, float]:
    """The registered version that answers, and the score of its best hit."""
    said = Client(assistant).ask(KNOWN)
    assert said["model"] == assistant.packaged.version
    return said["registered"], round(said["hits"][0]["score"] - said["hits"][0]["cosine"], 3)


def refused() -> float:
    return REGISTRY.get_sample_value("leeway_swaps_refused_total") or 0


@pytest.fixture
def begin(model: Path) -> Iterator[Callable[[], Assistant]]:
    """Makes assistants, and ends them."""
    with ExitStack() as held:

        def made() -> Assistant:
            assistant = Assistant(model)
            held.callback(assistant.close)
            return assistant

        yield made


def test_what_is_champion_answers_from_the_start(model, live, begin):
    point(live, "v0.0.2")
    check_start(model)
    assert answers(begin()) == ("v0.0.2", 2)


def test_a_new_champion_answers_without_a_restart(live, begin):
    assistant = begin()
    assert answers(assistant) == (None, 0.5)
    point(live, "v0.0.2")
    assistant.following.look()
    assert answers(assistant) == ("v0.0.2", 2)
    point(live, "v0.0.3")  # the same file under another name
    assistant.following.look()
    assert answers(assistant) == ("v0.0.3", 2)
    assert REGISTRY.get_sample_value("leeway_swaps_total") == 2


def test_a_new_champion_goes_on_with_the_budget_and_the_breaker(live, laid, tmp_path):
    url = "http://127.0.0.1:1/v1"
    held = answering(url, budget={"tokens": 1}, when_down="extractive")
    own = assistant_bento.unpacked(laid, tmp_path / "own", Settings(**SEARCH, answering=held))
    settings = held.model_copy(update={"sentences": 1})
    same = Settings(search=Search(bm25_weight=2), answering=settings)
    assistant_bento.unpacked(laid, live / "same/src", same)
    far = answering(url, budget={"tokens": 2})
    assistant_bento.unpacked(laid, live / "far/src", Settings(**SEARCH, answering=far))
    assistant = Assistant(own)
    caller = assistant.packaged.answerer.caller
    point(live, "v0.0.2", folder="same")
    assistant.following.look()
    assert assistant.packaged.answerer.plain.settings.sentences == 1
    assert assistant.packaged.answerer.caller is caller
    point(live, "v0.0.3", md5="c", folder="far")
    assistant.following.look()
    assert assistant.packaged.answerer.caller.budget is not caller.budget
    assistant.close()


def test_a_request_is_answered_by_whom_it_began_with(live, begin):
    assistant = begin()
    question = Question(question=KNOWN)
    asked = Asked("r1", question, assistant.now(), assistant.packaged, INVALID_SPAN)
    point(live, "v0.0.2")
    assistant.following.look()
    said = asyncio.run(assistant.search(asked))
    assert said["registered"] is None and assistant.packaged.registered == "v0.0.2"
    assert said["hits"][0]["score"] - said["hits"][0]["cosine"] == pytest.approx(0.5)


def test_one_that_is_damaged_is_refused_once_and_the_old_one_goes_on(live, begin, caplog):
    assistant = begin()
    (live / "other/src/model/refusal/refusal.json").write_text("{}")
    point(live, "v0.0.2")
    for _ in range(3):
        assistant.following.again_at = 0  # as after half a minute
        assistant.following.look()
    assert answers(assistant) == (None, 0.5)
    assert refused() == 1
    assert caplog.text.count("model/refusal/refusal.json in the bento is not the file") == 1


def changed(source: Path, name: str, **more: str) -> None:
    """Another line in a file of an unpacked bento, whose manifest says so."""
    path, file = source / "model/manifest.json", source / name
    manifest = json.loads(path.read_text()) | more
    file.write_text(file.read_text() + "# another\n")
    digest = assistant_bento.stage.file_sha256(file)
    manifest["files"][name] = {"bytes": file.stat().st_size, "sha256": digest}
    path.write_text(json.dumps({**manifest, "version": version_of(manifest)}))


def test_one_of_other_code_says_in_its_name_that_this_code_answers(live, model, begin, caplog):
    changed(live / "other/src", "include/assistant/answering/extractive.py", code_sha256="f" * 64)
    assistant = begin()
    point(live, "v0.0.2")
    assistant.following.look()
    assert answers(assistant) == ("v0.0.2", 2)
    own = json.loads((model / "manifest.json").read_text())
    assert assistant.packaged.version.endswith(f"+code.{own['code_sha256'][:12]}")
    said = f"answers by the code of assistant:{own['version']}: start the server again"
    assert caplog.text.count(said) == 1


def test_one_with_other_prompts_than_the_code_has_waits_for_a_restart(live, begin, caplog):
    changed(live / "other/src", "include/assistant/prompts/answer_from_passages.yaml")
    assistant = begin()
    point(live, "v0.0.2")
    assistant.following.look()
    assert answers(assistant) == (None, 0.5)
    assert "has other prompts than the bento whose code runs here" in caplog.text


def test_nobody_is_champion_any_more_and_the_last_one_goes_on(live, begin):
    point(live, "v0.0.2")
    assistant = begin()
    (live / "live.json").write_text("{}")
    assistant.following.look()
    assert answers(assistant) == ("v0.0.2", 2)


def test_what_the_registry_cannot_give_is_told(live, begin, caplog):
    assistant = begin()
    (live / "live.json").write_text(json.dumps({"refused": {"champion": "It is not pushed."}}))
    assistant.following.look()
    assert "It is not pushed." in caplog.text and refused() == 1
    assert SETTINGS.search.bm25_weight == answers(assistant)[1]
