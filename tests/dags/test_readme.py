"""What the pages show of stages is so: tasks of the DAG, with all that they read, and `meta`."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from doc_pages import ROOT, Block, blocks, put
from small_git import commit, shell

from include.pipeline.git.snapshot import pin
from include.pipeline.meta import read_meta

BLOCKS = blocks(ROOT / "README.md")


def under(heading: str, language: str) -> list[Block]:
    """The blocks of a section."""
    return [block for block in BLOCKS if (block.heading, block.language) == (heading, language)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this tree, with the stages that the pages add."""
    folder = tmp_path_factory.mktemp("stages") / "leeway"
    held, _ = pin(ROOT, "What the tests test")
    shell(ROOT, "git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(folder))
    shell(folder, "git", "checkout", "--quiet", held)
    for block in [*BLOCKS, *blocks(ROOT / "docs/your_model.md")]:
        put(folder, block)
    commit(folder)
    return folder


def test_its_dag_has_the_new_stage_as_a_task_between_its_input_and_the_end(tree, monkeypatch):
    for name, value in {"REPO": str(tree), "QUEUES": "gpu", "POOLS": "gpu"}.items():
        monkeypatch.setenv(f"AIRFLOW__LEEWAY__{name}", value)
    held: dict[str, object] = {}
    [code] = under("On Airflow", "python")
    exec(code.text, held)
    dag = held["flight_delays"]
    assert dag.get_task("rank_routes").upstream_task_ids == {"validate_flights"}
    assert dag.get_task("rank_routes").downstream_task_ids == {"close_run"}
    assert dict(dag.params) == {"window.end": "2014-01-01"}


def test_each_new_stage_declares_all_that_it_reads(tree):
    words = ("-n", "0", "-q", "tests/test_dvc_yaml.py", "-k", "rank_routes or train_hours")
    command = [sys.executable, "-m", "pytest", *words]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "14 passed" in done.stdout


def test_its_meta_is_taken_as_it_stands():
    [block] = under("Where a stage runs", "yaml")
    meta = read_meta("train", "README.md", yaml.safe_load(block.text)["meta"])
    assert (meta.queue, meta.image, meta.resources.gpus) == ("gpu", "leeway/step-gpu", 1)
