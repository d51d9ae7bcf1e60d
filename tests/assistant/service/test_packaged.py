"""What a server sees of a bento before it answers, and of its environment."""

import json
import shutil
from pathlib import Path

import bentoml
import pytest
from assistant_answers import answering
from assistant_bento import SETTINGS, unpacked

from include.assistant.service.assistant import check_start
from include.assistant.service.packaged import difference, load, opened
from include.errors import DataError
from include.serving.manifest import version_of

pytestmark = pytest.mark.usefixtures("bare")


@pytest.fixture
def changed(model: Path, tmp_path: Path) -> Path:
    """A copy of the bento's files, to change."""
    return Path(shutil.copytree(model.parent, tmp_path / "src")) / "model"


def manifest_with(model: Path, **changes: object) -> None:
    path = model / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({**manifest, "version": version_of(manifest)}))


def test_a_machine_that_finds_what_packaging_found_may_answer(model):
    held = load(model)
    assert held.fault == ""
    assert held.version.startswith("assistant:")


def test_the_log_tells_bentos_apart_by_what_reads_a_question(model, changed):
    assert load(model).encoder == load(changed).encoder
    tokenizer = changed / "encoder/tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + " ")
    assert opened(changed, {}).encoder != load(model).encoder


def test_a_machine_that_finds_something_else_may_not(changed):
    probe = json.loads((changed / "manifest.json").read_text())["probe"]
    probe[0][1] += 0.01
    manifest_with(changed, probe=probe)
    assert load(changed).fault == (
        "For 'How do I run it again?', scores here differ by 1.0e-02 from those at packaging."
    )


@pytest.mark.parametrize(("provider", "model"), [("extractive", ""), ("endpoint", "tiny")])
def test_a_bento_names_a_language_model_only_if_it_writes(laid, tmp_path, provider, model):
    held = answering("http://127.0.0.1:1/v1").model_copy(update={"provider": provider})
    settings = SETTINGS.model_copy(update={"answering": held})
    folder = unpacked(laid, tmp_path / "src", settings)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["provider"], manifest["language_model"]) == (provider, model)


def test_what_is_no_number_is_a_difference():
    assert difference([[0.5], [0.5, 0.1], [0.5]], [[0.5], [0.5, float("nan")], [0.5]])
    assert difference([[0.5, 1], [], []], [[0.5], [], []])


def test_a_file_that_was_changed_is_named(changed):
    path = changed / "index/vectors.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(DataError, match=r"model/index/vectors.npy in the bento is not the file"):
        load(changed)


STARTS = {
    "no token": ({"LEEWAY_SERVE_TOKEN": ""}, "LEEWAY_SERVE_TOKEN is not set"),
    "a log that cannot be": ({"LEEWAY_SERVE_LOG": "/proc/log"}, "cannot be put on record"),
    "a clock": ({"LEEWAY_SERVE_CLOCK": "noon"}, "'noon' is no time with a zone"),
    "traces by another protocol": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'",
    ),
    "traces to no address": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4318"},
        r"_ENDPOINT is 'localhost:4318', which is no http.* address\.\n  Next: set OTEL_EXP",
    ),
    "a cache that is a file": (
        {"LEEWAY_SERVE_CACHE": __file__},
        r"be kept in .*test_packaged\.py: File exists\.\n  Next: set LEEWAY_SERVE_CACHE to",
    ),
}


@pytest.mark.parametrize(("environment", "said"), STARTS.values(), ids=STARTS)
def test_what_no_worker_could_start_with_ends_the_server(model, monkeypatch, environment, said):
    check_start(model)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(bentoml.exceptions.BentoMLException, match=said):
        check_start(model)


def test_a_key_is_not_sent_to_a_far_model_in_clear(laid, tmp_path, monkeypatch):
    far = SETTINGS.model_copy(update={"answering": answering("http://models.example.org/v1")})
    model = unpacked(laid, tmp_path / "src", far)
    monkeypatch.setenv("LEEWAY_MODEL_API_KEY", "secret-of-the-tests")
    with pytest.raises(bentoml.exceptions.BentoMLException, match="cross the network in clear"):
        check_start(model)
