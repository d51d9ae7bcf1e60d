"""What a worker of the service does with its model; test_package_bento asks a whole server."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tiny_models

from include.errors import DataError
from include.flights import columns
from include.flights import package_bento as stage
from include.flights.models.encoding import Encoder
from include.flights.serving.flight_model import Reader
from include.serving.clock import start_clock
from include.serving.manifest import version_of
from include.serving.request import Unavailable

ROOT = Path(__file__).parents[3]
PARAMS = stage.Params(name="delays", late_from_probability=0.5, max_rows=5000, max_body_mb=50)
TABLE = tiny_models.flights(columns.names("number"), columns.names("category"), rows=300)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The model folder of a bento's source."""
    encoder = Encoder.fit(TABLE, columns.names("number"), columns.names("category"))
    tiny_models.train_xgboost(TABLE, encoder, tmp_path / "xgboost", rounds=5)
    tiny_models.choose(tmp_path, {"xgboost": 1.0})
    source = tmp_path / "source"
    stage.lay_out(source, tmp_path / "chosen.json", tmp_path, {"EWR": "America/New_York"})
    manifest = stage.describe(source, PARAMS, ROOT / "environments/serving.txt", "")
    (source / "model" / "manifest.json").write_text(json.dumps(manifest))
    return source / "model"


@pytest.fixture
def serving(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module of the service, looking at the model."""
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "home"))
    from prometheus_client import REGISTRY

    from include.flights.serving import service as serving

    monkeypatch.setattr(serving, "MODEL", model)
    before = set(REGISTRY._collector_to_names)
    yield serving
    for collector in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(collector)


def test_many_rows_are_answered_as_few(serving: Any):
    service = serving.FlightDelays.inner()

    async def ask(rows: pl.DataFrame) -> list[dict[str, object]]:
        body = json.dumps(rows.to_dicts()).encode()
        asked = await service.read_features(service.live, "", body)
        return (await service.reply(service.live, asked))[0]["predictions"]

    many, few = (asyncio.run(ask(rows)) for rows in (TABLE, TABLE.head(5)))
    assert len(many) == 300
    assert many[:5] == few


def test_a_machine_that_answers_otherwise_is_never_ready(serving: Any, model: Path):
    manifest = json.loads((model / "manifest.json").read_text())
    manifest["probe"][3] += 0.01
    manifest["version"] = version_of(manifest)
    (model / "manifest.json").write_text(json.dumps(manifest))
    service = serving.FlightDelays.inner()
    assert not service.__is_ready__()
    said = "Probabilities here differ by 1.0e-02 from those at packaging."
    assert service.live.champion.fault == said


def test_a_machine_that_answers_alike_is_ready(serving: Any):
    assert serving.FlightDelays.inner().__is_ready__()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEEWAY_SERVE_CLOCK", "noon", "'noon' is no time with a zone"),
        ("LEEWAY_ONLINE", "redis", "LEEWAY_REDIS_URL is not set"),
    ],
    ids=["clock", "store"],
)
def test_what_no_worker_could_start_with_ends_the_server(
    serving: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    import bentoml

    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", "a-token-that-nobody-guesses")
    monkeypatch.delenv("LEEWAY_REDIS_URL", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(bentoml.exceptions.BentoMLException, match=said):
        serving.FlightDelays.inner.check()


def test_a_model_that_reads_what_this_code_does_not_make_is_refused(model: Path):
    path = model / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["features"].append({"name": "fuel_gal", "kind": "number"})
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="The model reads fuel_gal, which the code here does not"):
        Reader().model(model)


def test_a_redis_that_does_not_answer_holds_up_nobody_else(
    model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LEEWAY_ONLINE", "redis")
    monkeypatch.setenv("LEEWAY_SERVE_CLOCK", "2013-06-10T12:00Z")
    flight = {"carrier": "UA", "flight": 15, "origin": "EWR", "dest": "LAX", "distance_mi": 2454}
    times = {"scheduled_departure": "2013-06-10T14:00Z", "scheduled_arrival": "2013-06-10T20:00Z"}
    body = json.dumps(flight | times).encode()

    async def beats_while_asked(reader: Reader) -> int:
        reading = reader.read(reader.model(model), "", body, start_clock()())
        asked, beats = asyncio.create_task(reading), 0
        while not asked.done():
            await asyncio.sleep(0.05)
            beats += 1
        with pytest.raises(Unavailable, match="Redis does not answer"):
            await asked
        return beats

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("LEEWAY_REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert asyncio.run(beats_while_asked(Reader())) >= 5


def test_nothing_is_reported_to_the_maker_of_bentoml(serving: Any):
    from bentoml._internal.utils.analytics import usage_stats

    assert usage_stats.do_not_track()
