"""The bento is the same file for the same inputs, and serves what the pipeline predicts.

Long because all its cases serve the same small bundle.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import tiny_models
from served_bento import Server, serving, stop
from tiny_bento import BENTOML, PARAMS, TABLE, environment, free_port, lay_out, package

from include.errors import DataError
from include.flights import columns
from include.flights import package_bento as stage
from include.flights.models.encoding import Encoder
from include.flights.package_bento import newest_flight
from include.flights.serving import predictor

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = lay_out(tmp_path_factory.mktemp("here"), {"xgboost": 0.6, "torch": 0.4})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEEWAY_SERVE_TOKEN", TOKEN)
        return package(root)


@pytest.fixture(scope="module")
def home(bento: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh BentoML home into which the bento was imported."""
    home = tmp_path_factory.mktemp("home")
    subprocess.run([*BENTOML, "import", str(bento)], env=environment(home), check=True)
    return home


@pytest.fixture(scope="module")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The bento, served from a folder that knows nothing of this repository."""
    with serving(home, tmp_path_factory.mktemp("server"), LEEWAY_SERVE_TOKEN=TOKEN) as server:
        yield server


def rows(count: int) -> list[dict[str, object]]:
    return TABLE.head(count).to_dicts()


# The file


def test_two_builds_in_two_folders_are_byte_identical(bento: Path, tmp_path: Path):
    other = package(lay_out(tmp_path / "a" / "longer path", {"xgboost": 0.6, "torch": 0.4}))
    assert other.read_bytes() == bento.read_bytes()
    assert other.with_name("bento.json").read_text() == bento.with_name("bento.json").read_text()


def test_the_report_says_what_is_inside(bento: Path):
    report = json.loads(bento.with_name("bento.json").read_text())
    assert report["members"] == {"xgboost": 0.6, "torch": 0.4}
    assert [feature["name"] for feature in report["features"]] == columns.names()
    assert report["bento"]["bytes"] == bento.stat().st_size
    assert "model/xgboost/model.ubj" in report["files"]
    assert "include/flights/tabm/layers.py" in report["files"]
    assert {"torch==2.13.0", "xgboost==3.2.0", "safetensors==0.8.0"} <= set(report["requirements"])


def test_the_bento_in_the_store_has_that_version_and_the_time_of_the_data(bento: Path, home: Path):
    version = json.loads(bento.with_name("bento.json").read_text())["version"]
    info = (home / "bentos" / "flight_delays" / version / "bento.yaml").read_text()
    assert "creation_time: 2013-12-31 23:30:00" in info


def test_the_readme_in_the_bento_shows_the_token_that_it_makes(home: Path):
    text = next((home / "bentos").rglob("README.md")).read_text()
    assert 'LEEWAY_SERVE_TOKEN=$(openssl rand -hex 32); echo "The token is' in text
    assert 'curl --header "Authorization: Bearer TOKEN" http://127.0.0.1:3000/schema' in text


def test_no_path_and_no_secret_of_the_build_is_inside(bento: Path, home: Path):
    for path in (home / "bentos").rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert TOKEN.encode() not in held
            assert b"/tmp/" not in held
            assert str(ROOT).encode() not in held


def test_trees_alone_do_not_need_torch_but_hold_the_code_of_a_later_model(tmp_path: Path):
    models = lay_out(tmp_path / "repository", {"xgboost": 1.0}) / "models"
    source = tmp_path / "source"
    stage.lay_out(source, models / "chosen.json", models, {})
    report = stage.describe(source, PARAMS, ROOT / "environments/serving.txt", "")
    packages = {line.partition("==")[0] for line in report["requirements"]}
    assert "xgboost" in packages
    assert not {"torch", "safetensors", "apache-airflow", "dvc", "feast"} & packages
    assert "model/torch/model.json" not in report["files"]
    assert "include/flights/serving/torch_model.py" in report["files"]


def test_a_missing_member_says_which_stage_makes_it(tmp_path: Path):
    root = lay_out(tmp_path, {"xgboost": 1.0})
    tiny_models.choose(root / "models", {"xgboost": 0.5, "torch": 0.5})
    with pytest.raises(DataError) as caught:
        package(root)
    assert str(caught.value) == (
        f"The chosen model has the member torch, but {root}/models/torch holds neither "
        "refit.safetensors nor weights.safetensors.\n"
        "  Next: run `dvc repro train_torch`, or `dvc pull` its output."
    )


def test_a_feature_without_a_meaning_is_refused(tmp_path: Path):
    root = lay_out(tmp_path, {"xgboost": 1.0})
    table = tiny_models.flights(["luck"], ["carrier"])
    encoder = Encoder.fit(table, ["luck"], ["carrier"])
    tiny_models.train_xgboost(table, encoder, root / "models" / "xgboost")
    with pytest.raises(DataError) as caught:
        package(root)
    assert str(caught.value) == (
        "The model asks for 'luck', which columns.py does not describe.\n"
        "  Next: train the model again: `dvc repro`."
    )


def test_no_flight_no_bento(tmp_path: Path):
    with pytest.raises(DataError, match=r"holds no flight\.\n  Next: run `dvc repro build_feat"):
        newest_flight(tmp_path)


# The service


def test_the_service_answers_as_the_pipeline_does(server: Server, bento: Path):
    answer = server.client.post("/predict/features", json=rows(200)).raise_for_status().json()
    expected = predictor.load(bento.parents[1] / "models").predict(TABLE.head(200))
    served = [flight["probability"] for flight in answer["predictions"]]
    np.testing.assert_allclose(served, expected, atol=1e-6)
    assert [flight["late"] for flight in answer["predictions"]] == (expected >= 0.5).tolist()
    report = json.loads(bento.with_name("bento.json").read_text())
    assert answer["model"] == f"flight_delays:{report['version']}"
    assert answer["unknown_values"] == {}


def test_one_row_is_answered_as_among_others(server: Server):
    alone = server.client.post("/predict/features", json=rows(1)).json()["predictions"][0]
    among = server.client.post("/predict/features", json=rows(250)).json()["predictions"][0]
    assert alone["probability"] == pytest.approx(among["probability"], abs=1e-6)


def test_an_unknown_category_is_answered_and_counted(server: Server):
    flights = [row | {"carrier": "ZZ"} for row in rows(2)]
    answer = server.client.post("/predict/features", json=flights)
    assert answer.status_code == 200
    assert answer.json()["unknown_values"] == {"carrier": {"ZZ": 2}}
    metrics = server.client.get("/metrics").text
    assert 'leeway_unknown_values_total{feature="carrier"}' in metrics
    assert "leeway_predictions_total" in metrics


def test_the_schema_says_what_to_send(server: Server):
    schema = server.client.get("/schema").json()
    assert [feature["name"] for feature in schema["features"]] == columns.names()
    first = columns.FEATURES[0]
    assert schema["features"][0]["meaning"] == first.meaning
    assert schema["features"][0]["unit"] == first.unit
    assert schema["max_rows"] == 300


NUMBER = columns.names("number")[0]
REFUSED = {
    "text for a number": (lambda row: row | {NUMBER: "3"}, f"{NUMBER} is '3'"),
    "unknown feature": (
        lambda row: row | {"tempf": 3},
        "has an unknown field 'tempf'",
    ),
    "missing feature": (
        lambda row: {name: value for name, value in row.items() if name != NUMBER},
        f"lacks {NUMBER}",
    ),
}


@pytest.mark.parametrize(("change", "text"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_row_is_refused_with_its_fault(server: Server, change, text: str):
    answer = server.client.post("/predict/features", json=[rows(1)[0], change(rows(1)[0])])
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Row 1 (the first is 0): ")
    assert text in answer.json()["error"]
    assert answer.json()["next"].endswith("GET /schema lists them.")


def test_nan_is_refused(server: Server):
    body = json.dumps([rows(1)[0] | {NUMBER: float("nan")}])
    answer = server.client.post("/predict/features", content=body, headers=JSON)
    assert answer.status_code == 400
    assert "input should be a finite number" in answer.json()["error"]


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("count", [0, 301])
def test_no_row_and_too_many_rows_are_refused(server: Server, count: int):
    answer = server.client.post("/predict/features", json=rows(count))
    assert answer.status_code == 400
    assert answer.json()["next"] == "send 1 to 300 rows in one request."


def test_a_large_body_is_refused_declared_or_not(server: Server):
    body = b" " * 2_000_001
    declared = server.client.post("/predict/features", content=body, headers=JSON)
    streamed = server.client.post(
        "/predict/features", content=iter([body[:10], body]), headers=JSON
    )
    for answer in (declared, streamed):
        assert answer.status_code == 413
        assert answer.json()["error"] == "The body has more than 2,000,000 bytes."


def test_another_content_type_is_refused(server: Server):
    answer = server.client.post(
        "/predict/features", content=b"a=1", headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 415
    assert answer.json()["error"] == "The body is text/csv, not application/json."


TOKENS = ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}"]


@pytest.mark.parametrize(
    "path", ["/predict/features", "/schema", "/metrics", "/", "/docs.json", "/none"]
)
def test_without_the_token_nothing_is_answered(server: Server, path: str):
    for sent in TOKENS:
        answer = server.client.request(
            "POST" if path == "/predict/features" else "GET",
            path,
            headers={"Authorization": sent},
        )
        assert answer.status_code == 401
        assert answer.json() == {
            "error": "The request carries no valid token.",
            "next": "send the header `Authorization: Bearer TOKEN`.",
        }


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health_needs_no_token(server: Server, path: str):
    assert server.client.get(path, headers={"Authorization": ""}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs.json", "/schema.json", "/static_content/x", "/none"])
def test_the_page_with_the_tracker_and_all_else_does_not_exist(server: Server, path: str):
    answer = server.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "There is nothing at this path."


def test_no_token_stands_in_the_log(server: Server):
    server.client.get("/schema", headers={"Authorization": "Bearer a-wrong-token-of-a-client"})
    server.client.get("/metrics")  # which BentoML answers
    log = server.log.read_text()
    assert TOKEN not in log
    assert "a-wrong-token" not in log


def serve(home: Path, cwd: Path, **extra: str) -> "subprocess.CompletedProcess[str]":
    """Try to serve, where that should end at once."""
    return subprocess.run(
        [*BENTOML, "serve", "flight_delays", "--port", str(free_port())],
        cwd=cwd, env=environment(home, **extra), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_without_a_token_the_service_does_not_start(home: Path, tmp_path: Path):
    done = serve(home, tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "The service has no token, so anyone could ask it: LEEWAY_SERVE_TOKEN is not set.\n"
        "  Next: set LEEWAY_SERVE_TOKEN to a long random text, or LEEWAY_SERVE_OPEN=1 to serve "
        "everyone.\n"
    )


def test_a_changed_model_is_not_served(home: Path, tmp_path: Path):
    path = next((home / "bentos").rglob("model.ubj"))
    held = path.read_bytes()
    path.write_bytes(held[:-1] + b"?")
    try:
        done = serve(home, tmp_path, LEEWAY_SERVE_TOKEN=TOKEN)
    finally:
        path.write_bytes(held)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "model/xgboost/model.ubj in the bento is not the file that was packaged.\n"
        "  Next: import the bento again, or make it anew with `dvc repro`.\n"
    )


def test_a_stopped_server_leaves_no_process(server: Server):
    family = psutil.Process(server.process.pid).children(recursive=True)
    stop(server.process)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert family and not alive
    with pytest.raises(httpx.TransportError):
        server.client.get("/livez")
