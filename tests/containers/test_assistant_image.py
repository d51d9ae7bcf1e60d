"""The images with the assistant's packages hold its environments beside those below them."""

from hashlib import sha256
from pathlib import Path

import pytest
from engine import Engine

pytestmark = pytest.mark.containers

HELD = {
    "assistant": ("assistant_serving", "serving"),
    "step-assistant": ("assistant", "assistant_serving", "serving", "steps"),
}


@pytest.mark.parametrize("target", HELD)
def test_an_image_notes_which_environments_it_holds_and_has_their_packages(
    docker: Engine, images: dict[str, str], source: Path, target: str
) -> None:
    docker("build", "--target", target, "--tag", f"leeway/{target}", str(source))
    alone = ("run", "--rm", "--network", "none", f"leeway/{target}")
    names = [f"environments/{use}.txt" for use in HELD[target]]
    expected = [f"{sha256((source / n).read_bytes()).hexdigest()}  {n}" for n in names]
    assert docker(*alone, "cat", "/opt/leeway/environments.sha256").splitlines() == expected
    code = "import bm25s, tokenizers, Stemmer, opentelemetry.exporter.otlp.proto.http; print('all')"
    assert docker(*alone, "python", "-c", code) == "all"
    assert docker(*alone, "id", "-u") == "50000"


def test_a_worker_with_them_is_airflow_too(
    docker: Engine, images: dict[str, str], source: Path
) -> None:
    more = ("--build-arg", "STEP=step-assistant", "--tag", "leeway/airflow-assistant")
    docker("build", "--target", "airflow", *more, str(source))
    alone = ("run", "--rm", "--network", "none", "leeway/airflow-assistant")
    note = docker(*alone, "cat", "/opt/leeway/environments.sha256")
    uses = [line.split("/")[-1] for line in note.splitlines()]
    assert uses == [f"{use}.txt" for use in sorted(("airflow", *HELD["step-assistant"]))]
    assert docker(*alone, "python", "-c", "import airflow, lancedb; print('both')") == "both"
