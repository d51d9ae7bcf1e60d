"""Any model can be served: here one that knows nothing but the age of a visit."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from small_rule import Rule, packaged, point

from include.serving.answers import Answers
from include.serving.journal import NotLogged

pytestmark = pytest.mark.usefixtures("counted_alone")


def body(*ages: float, shop: str = "A") -> bytes:
    return json.dumps([{"age_d": age, "shop": shop} for age in ages]).encode()


def ask(service: Answers, sent: bytes, request_id: str = "r1") -> dict[str, Any]:
    async def asked() -> dict[str, Any]:
        request = await service.read_features(service.live, request_id, sent)
        return (await service.reply(service.live, request))[0]

    return asyncio.run(asked())


def test_the_outcome_has_the_name_that_the_service_gives_it(tmp_path: Path) -> None:
    service = Answers(packaged(tmp_path, 0.1), Rule.read, "sold")
    visits = [{"age_d": 4, "shop": "A"}, {"age_d": 5, "shop": "Z"}]
    assert ask(service, json.dumps(visits).encode()) == {
        "request_id": "r1",
        "model": service.live.champion.version,
        "registered": None,
        "sold_from_probability": 0.5,
        "predictions": [{"probability": 0.4, "sold": False}, {"probability": 0.5, "sold": True}],
        "unknown_values": {"shop": {"Z": 1}},
    }
    assert service.schema()["sold_from_probability"] == 0.5
    assert REGISTRY.get_sample_value("leeway_predictions_total", {"sold": "true"}) == 1
    assert REGISTRY.get_sample_value("leeway_unknown_values_total", {"feature": "shop"}) == 1


def test_an_answer_is_on_record_before_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("LEEWAY_SERVE_LOG", str(log))
    service = Answers(packaged(tmp_path / "bento", 0.1), Rule.read, "sold")
    sent = body(4, 5)
    ask(service, sent, "r7")
    [file] = log.iterdir()
    held = json.loads(file.read_text())
    assert (held["id"], held["role"], held["kind"]) == ("r7", "champion", "features")
    assert held["model"] == service.live.champion.version
    assert held["request"] == json.loads(sent) and held["probabilities"] == [0.4, 0.5]
    service.record.close()
    assert [path.suffix for path in log.iterdir()] == [".jsonl"]


def test_what_cannot_be_put_on_record_is_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEEWAY_SERVE_LOG", str(tmp_path / "log"))
    service = Answers(packaged(tmp_path / "bento", 0.1), Rule.read, "sold")
    assert service.record.journal is not None
    service.record.close()
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "log").write_text("a file")
    with pytest.raises(NotLogged, match="cannot be put on record"):
        ask(service, body(4))


def test_a_machine_that_answers_otherwise_has_a_fault(tmp_path: Path) -> None:
    service = Answers(packaged(tmp_path, 0.1, probe=0.2), Rule.read, "sold")
    said = "Probabilities here differ by 1.0e-01 from those at packaging."
    assert service.live.champion.fault == said
    assert not service.__is_ready__()


def test_the_model_that_should_be_live_is_the_first_to_answer(tmp_path: Path, live: Path) -> None:
    point(live, champion=0.2)
    service = Answers(packaged(tmp_path, 0.1), Rule.read, "sold")
    assert ask(service, body(1))["predictions"] == [{"probability": 0.2, "sold": False}]
    assert service.schema()["registered"] == "v0.2"
