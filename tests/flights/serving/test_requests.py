"""A client asks a real server about flights: what it is told, and what is on record then."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import psutil
import pytest
import real_days
import tiny_bento
from served_bento import Server, serving

from include.flights.materialize_features import fill_up_to
from include.flights.serving import predictor
from include.flights.trial import SQLITE

TOKEN = "a-token-that-nobody-guesses"
MORNING = datetime(2013, 1, 10, 11, 59, 30, tzinfo=UTC)  # by the clock of the server


@pytest.fixture(scope="module")
def here(days: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small bento, imported, and the online store of that morning."""
    root = tiny_bento.lay_out(tmp_path_factory.mktemp("asked"), {"xgboost": 0.6, "torch": 0.4})
    reference = root / "data/validated/reference/airports.parquet"
    shutil.copy(days / "data/validated/reference/airports.parquet", reference)
    bento = tiny_bento.package(root)
    command = [*tiny_bento.BENTOML, "import", str(bento)]
    subprocess.run(command, env=tiny_bento.environment(root / "home"), check=True)
    views = days / "data/feature_views"
    fill_up_to(MORNING, days / "feature_repo", views, root / "online", SQLITE)
    return root


@pytest.fixture(scope="module")
def server(here: Path) -> Iterator[Server]:
    variables = {
        "LEEWAY_SERVE_TOKEN": TOKEN,
        "LEEWAY_ONLINE": str(here / "online"),
        "LEEWAY_SERVE_LOG": str(here / "log"),
        "LEEWAY_SERVE_CLOCK": MORNING.isoformat(),
    }
    folder = here / "server"
    folder.mkdir()
    with serving(here / "home", folder, **variables) as server:
        yield server


@pytest.fixture(scope="module")
def asked(labelled: pl.DataFrame) -> pl.DataFrame:
    """Flights that are to leave two hours after that morning."""
    leaves = pl.col("sched_dep_utc").is_between(
        MORNING + timedelta(hours=2), MORNING + timedelta(hours=2, minutes=5)
    )
    return labelled.filter(leaves)


def test_a_flight_is_answered_as_the_pipeline_would_have(
    server: Server, here: Path, asked: pl.DataFrame
) -> None:
    sent = real_days.body_of(asked)
    headers = {"Content-Type": "application/json", "X-Request-Id": "morning-1"}
    answer = server.client.post("/predict", content=sent, headers=headers).raise_for_status().json()
    # It is half a minute before the cut-off of most, when the last rows are four minutes old.
    expected = predictor.load(here / "models").predict(asked)
    found = [prediction["probability"] for prediction in answer["predictions"]]
    assert len(found) == asked.height > 5
    assert np.abs(np.array(found) - expected).mean() < 0.05
    assert answer["request_id"] == "morning-1" and answer["late_from_probability"] == 0.5
    assert answer["model"].startswith("flight_delays:") and answer["registered"] is None
    for prediction in answer["predictions"]:
        assert prediction["late"] == (prediction["probability"] >= 0.5)
        assert 2 <= prediction["hours_ahead"] < 2.1
        # An aircraft may be in no register, and it or the flight number new in these days.
        assert {*prediction["missing"]} <= {
            "aircraft",
            "aircraft_last_leg",
            "flight_number_history",
        }
    log = logged(here)
    assert [line["id"] for line in log] == ["morning-1"]
    assert log[0]["request"] == json.loads(sent) and log[0]["probabilities"] == found
    assert len(log[0]["features"]) == asked.height
    assert log[0]["ages"]["origin_congestion"][0] < 600


def logged(here: Path) -> list[dict[str, Any]]:
    """What is on record of flights: neither names of features, nor how requests were replied to."""
    texts = [path.read_text() for path in sorted((here / "log").iterdir())]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return [line for line in lines if line["kind"] not in ("names", "reply")]


def one_of(asked: pl.DataFrame, **change: object) -> list[dict[str, Any]]:
    [flight] = json.loads(real_days.body_of(asked.head(1)))
    return [flight | change]


def test_what_nobody_knows_is_answered_and_said_and_counted(
    server: Server, asked: pl.DataFrame
) -> None:
    strange = one_of(asked, carrier="ZZ", dest="XXX", tailnum="D-ABCD")
    answer = server.client.post("/predict", json=strange).raise_for_status().json()
    unknown = {"carrier": {"ZZ": 1}, "dest": {"XXX": 1}, "tailnum": {"D-ABCD": 1}}
    assert unknown.items() <= answer["unknown_values"].items()
    missing = answer["predictions"][0]["missing"]
    assert {"carrier_history", "dest_history", "aircraft", "departure_schedule"} <= set(missing)
    numbers = server.client.get("/metrics").text
    assert 'leeway_unknown_values_total{feature="tailnum"}' in numbers
    assert 'leeway_missing_features_total{view="aircraft"}' in numbers
    assert 'leeway_feature_age_seconds{view="origin_congestion"}' in numbers
    assert 'leeway_request_seconds_bucket{le="0.001",path="/predict",status="200"}' in numbers
    assert "leeway_model_info{" in numbers


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"distance_mi": "719"}, "distance_mi is '719'"),
        ({"scheduled_departure": "2013-01-10T05:00-05:00"}, "it is to leave at 2013-01-10 10:00"),
        (
            {
                "scheduled_departure": "2013-01-12T05:00-05:00",
                "scheduled_arrival": "2013-01-12T07:00-05:00",
            },
            "now it is 2013-01-10 11:59 UTC",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_row(
    server: Server, asked: pl.DataFrame, change: dict[str, object], message: str
) -> None:
    answer = server.client.post("/predict", json=one_of(asked, **change))
    assert answer.status_code == 400
    assert message in answer.json()["error"] and answer.json()["next"]


@pytest.mark.parametrize("body", [b"[]", b"", b"[{}]", b'[{"carrier": NaN}]', b"[" * 50_000])
def test_a_body_that_is_no_flight_is_refused(server: Server, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert server.client.post("/predict", content=body, headers=headers).status_code == 400


def test_too_much_too_many_and_the_wrong_kind_are_refused(
    server: Server, asked: pl.DataFrame
) -> None:
    many = one_of(asked) * (tiny_bento.PARAMS.max_rows + 1)
    assert "should hold 1 to 300" in server.client.post("/predict", json=many).json()["error"]
    large = b" " * 2_000_001
    headers = {"Content-Type": "application/json"}
    assert server.client.post("/predict", content=large, headers=headers).status_code == 413
    assert server.client.post("/predict", content=b"a").status_code == 415
    assert server.client.get("/predict").status_code == 405
    nobody = server.client.post("/predict", json=one_of(asked), headers={"Authorization": ""})
    assert nobody.status_code == 401


def test_an_id_that_could_break_a_log_is_replaced(server: Server, asked: pl.DataFrame) -> None:
    headers = {"X-Request-Id": "x" * 65}
    answer = server.client.post("/predict", json=one_of(asked), headers=headers).json()
    assert len(answer["request_id"]) == 32


def test_the_description_says_what_is_true(server: Server, tmp_path: Path) -> None:
    about = server.client.get("/openapi.json").json()
    assert set(about["paths"]) == {
        "/predict",
        "/predict/features",
        "/schema",
        "/openapi.json",
        "/metrics",
        "/readyz",
        "/livez",
    }
    command = [
        "schemathesis",
        "run",
        f"{server.client.base_url}/openapi.json",
        *("--header", f"Authorization: Bearer {TOKEN}", "--max-examples", "15", "--seed", "1"),
        *("--phases", "examples,coverage,fuzzing", "--no-color", "--exclude-checks"),
        # A day that no calendar has, or one of the past, fits the schema and is refused.
        "positive_data_acceptance",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def kill(pid: int) -> None:
    """End a server with all its workers, of which none can tidy up."""
    server = psutil.Process(pid)
    for process in [server, *server.children(recursive=True)]:
        process.kill()


def test_what_was_acknowledged_is_on_record_when_the_server_is_killed(
    server: Server, here: Path, asked: pl.DataFrame
) -> None:
    acknowledged: list[str] = []
    body = one_of(asked)
    headers = dict(server.client.headers)

    def ask() -> None:
        with httpx.Client(
            base_url=server.client.base_url, headers=headers, trust_env=False
        ) as client:
            while True:
                try:
                    reply = client.post("/predict", json=body).json()
                except httpx.TransportError:
                    return
                acknowledged.append(reply["request_id"])
                if len(acknowledged) == 200:
                    kill(server.process.pid)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(acknowledged) >= 200
    on_record = {line["id"] for line in logged(here)}
    assert set(acknowledged) <= on_record
