"""The bento is the same file for the same inputs, and serves what it holds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import assistant_bento
import httpx
import pytest
from assistant_bento import KNOWN, PASSAGES, ROOT, UNKNOWN, package
from assistant_client import TOKEN, events
from packaging.utils import canonicalize_name

from include.errors import DataError
from include.serving.code import code_of, imported


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assistant_bento.lay_out(tmp_path_factory.mktemp("here") / "repository")


@pytest.fixture(scope="module")
def bento(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEEWAY_SERVE_TOKEN", TOKEN)
        return package(repository, tmp_path_factory.mktemp("made") / "bento")


@pytest.fixture(scope="module")
def report(bento: Path) -> dict[str, object]:
    return dict(json.loads(bento.with_name("assistant.json").read_text()))


@pytest.fixture(scope="module")
def server(bento: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The bento, served from a folder that knows nothing of this repository."""
    from tiny_bento import environment, free_port

    home, port = tmp_path_factory.mktemp("home"), free_port()
    places = {"LEEWAY_SERVE_TOKEN": TOKEN, "LEEWAY_SERVE_LOG": str(home / "log")}
    options = ["--bento", str(bento), "--port", str(port)]
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "include.assistant.service", *options],
            cwd=ROOT,
            env=environment(home, **places),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            until = time.monotonic() + 90
            while not ready(client):
                assert process.poll() is None and time.monotonic() < until, (
                    home / "output"
                ).read_text()
                time.sleep(0.2)
            client.headers["X-Home"] = str(home)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


# The file


def test_two_builds_in_two_folders_are_byte_identical(repository, bento, tmp_path):
    other = package(repository, tmp_path / "a longer path")
    assert other.read_bytes() == bento.read_bytes()
    assert other.with_name("assistant.json").read_text() == (
        bento.with_name("assistant.json").read_text()
    )


def test_the_report_says_what_is_inside(report, bento):
    assert report["passages"] == 4 and report["provider"] == "extractive"
    assert report["sources"] == {"guide": {"passages": 4, "licences": ["Apache-2.0"]}}
    files = set(report["files"])
    assert {
        *("model/index/vectors.npy", "model/encoder/model.safetensors"),
        *("model/refusal/refusal.json", "model/settings.json"),
        "include/assistant/prompts/answer_from_passages.yaml",
        *("include/assistant/service/front.py", "include/serving/gate.py"),
    } <= files
    assert not [name for name in files if name.endswith((".pkl", ".pt", ".pickle", ".joblib"))]
    assert not [name for name in files if "stores" in name or "fetch" in name or "tune" in name]
    assert report["bento"]["bytes"] == bento.stat().st_size


def test_it_needs_what_its_code_imports_and_nothing_of_the_stages(report):
    needed = {line.partition("==")[0] for line in report["requirements"]}
    known = packages_distributions()
    modules = {
        name.partition(".")[0]
        for path in code_of("include.assistant.service.service")
        for name in imported(path)
    }
    modules -= {*sys.stdlib_module_names, "include"}
    # Those of one name, as opentelemetry, are of many packages.
    lacking = {
        name for name in modules if not {canonicalize_name(one) for one in known[name]} & needed
    }
    assert lacking == set()
    assert not needed & {"lancedb", "great-expectations", "dvc", "pandas", "xgboost", "mcp"}


def test_the_readme_in_it_has_a_request_and_the_licences(bento, tmp_path):
    from include.serving.bento_file import unpack

    unpack(bento, tmp_path, "README.md")
    text = (tmp_path / "README.md").read_text()
    assert '--data \'{"question": "How do I run a task again?"}\' http://127.0.0.1:3000/ask' in text
    assert "- guide: Apache-2.0" in text and "/predict" not in text


def test_no_path_and_no_secret_of_the_build_is_inside(bento, tmp_path):
    from include.serving.bento_file import unpack

    unpack(bento, tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert not [one for one in (TOKEN, str(ROOT), "/tmp/") if one.encode() in held], path


def test_a_file_that_is_missing_says_what_makes_it(repository, tmp_path):
    held = repository / "models/refusal/refusal.json"
    held.rename(tmp_path / "away")
    try:
        with pytest.raises(DataError) as caught:
            package(repository, tmp_path / "made")
    finally:
        (tmp_path / "away").rename(held)
    assert str(caught.value) == (
        f"The assistant has no file {held}.\n"
        "  Next: run `dvc repro`, which makes it, or `dvc pull` it."
    )


# The service


def test_it_serves_what_it_holds_and_streams_it(server, report):
    with server.stream("POST", "/ask", json={"question": KNOWN}) as answer:
        told = events("".join(answer.iter_text()))
    assert [name for name, _ in told] == ["hits", "sentence", "sentence", "done"]
    assert told[0][1]["model"] == f"assistant:{report['version']}"
    assert told[0][1]["hits"][0]["text"] == PASSAGES["retry"]
    refused = server.post(
        "/ask", json={"question": UNKNOWN}, headers={"Accept": "application/json"}
    )
    assert refused.json()["refused"]


def test_it_counts_over_its_workers_and_health_needs_no_token(server, report):
    server.post("/search", json={"question": KNOWN})
    metrics = server.get("/metrics").text
    assert 'leeway_request_seconds_count{path="/search",status="200"}' in metrics
    assert (
        f'leeway_model_info{{registered="",version="assistant:{report["version"]}"}} 1' in metrics
    )
    for path in ("/livez", "/readyz"):
        assert server.get(path, headers={"Authorization": ""}).status_code == 200
    assert server.get("/metrics", headers={"Authorization": ""}).status_code == 401


def test_neither_token_nor_question_stands_in_what_the_server_says(server):
    server.post("/ask", json={"question": f"{KNOWN} zanzibar"})
    home = Path(server.headers["X-Home"])
    said = (home / "output").read_text() + "".join(
        file.read_text() for file in (home / "log").iterdir()
    )
    assert "once it is ready, ask from another terminal" in said
    assert TOKEN not in said and "zanzibar" not in said


def test_the_description_says_what_is_true(server, tmp_path):
    command = [
        *("schemathesis", "run", f"{server.base_url}/openapi.json", "--no-color", "--seed", "1"),
        *("--header", f"Authorization: Bearer {TOKEN}", "--max-examples", "5"),
        *("--phases", "examples,coverage", "--exclude-checks"),
        "positive_data_acceptance",  # a question of spaces fits the schema, and is refused
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_stand_in_of_the_page_says_what_the_service_says(server):
    import stand_in_assistant

    with server.stream("POST", "/ask", json={"question": KNOWN}) as answer:
        told = events("".join(answer.iter_text()))
    rote = stand_in_assistant.events(KNOWN)
    for real, stood in ((told[0], rote[0]), (told[1], rote[1]), (told[-1], rote[-1])):
        assert real[0] == stood[0] and real[1].keys() == stood[1].keys()
    assert told[0][1]["hits"][0].keys() == rote[0][1]["hits"][0].keys()
