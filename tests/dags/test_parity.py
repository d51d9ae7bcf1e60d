"""Airflow and `dvc repro` make the same results of the flights pipeline, byte for byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml
from running_airflow import put_database
from small_git import commit, shell

from include.flights.ingestion import sources
from include.pipeline import params_file
from include.pipeline.git.snapshot import pin

ROOT = Path(__file__).parents[2]
# Three months are the least that the pipeline takes: one to train on, one to choose, one to judge.
SMALL = {
    "window.end": "2013-04-01",
    "splits.validation_months": 1,
    "splits.test_months": 1,
    "train_xgboost.rounds": 5,
    "train_torch.members": 2,
    "train_torch.width": 16,
    "train_torch.epochs": 1,
    "train_torch.batch_rows": 8192,
    "evaluate_models.baselines.rounds": 5,
    "evaluate_models.resamples": 20,
    "report_drift.reference_rows": 1000,
    "ingest_flights.tables.flights": "flights.csv",
}
OF_OTHER_DAGS = {"score_flights", "watch_flights", "decide_retraining"}


def run(folder: Path, *words: str) -> str:
    """What a command prints in a clone, with the code of the clone and a cache of its own."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "DVC_SITE_CACHE_DIR": str(folder.parent / f"{folder.name}-site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def stages(folder: Path) -> list[str]:
    """The stages that the DAG takes."""
    held = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    return [name for name in held if name not in OF_OTHER_DAGS]


def source(folder: Path) -> str:
    """The source, with the flights of one airport in those months alone: a third of them."""
    given = yaml.safe_load((ROOT / "params.yaml").read_text())["ingest_flights"]
    shutil.copytree(sources.resolve(given["location"]), folder)
    flights = sources.read_table(given["location"], given["tables"]["flights"])
    months = pl.col("month").is_in(["1", "2", "3"])
    flights.filter(months, origin="LGA").write_csv(folder / SMALL["ingest_flights.tables.flights"])
    return str(folder)


@pytest.fixture(scope="module")
def clones(tmp_path_factory) -> tuple[Path, Path]:
    """The working tree with small values, twice, from the same commit and without a lock."""
    folder = tmp_path_factory.mktemp("parity")
    plain, flown = folder / "plain", folder / "flown"
    tree, _ = pin(ROOT, "What the tests test")
    shell(folder, "git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(plain))
    shell(plain, "git", "checkout", "--quiet", "-b", "small", tree)
    held = yaml.safe_load((plain / "params.yaml").read_text())
    values = {**SMALL, "ingest_flights.location": source(folder / "source")}
    params_file.write(plain, values, {"params.yaml": held})
    # Of a graph that has more than twice the stages that are asked for, DVC takes them in the order
    # of a set, another one each time; so a project beside this one is left out. Other DAGs are not
    # run here, but Airflow would read their files anew each few seconds.
    others = {*(plain / "dags").glob("*.py")} - {plain / "dags/flight_delays.py"}
    for file in [*plain.rglob("dvc.lock"), *(plain / "include").rglob("dvc.yaml"), *others]:
        file.unlink()
    commit(plain, "small values")
    shell(folder, "git", "clone", "--quiet", "--shared", str(plain), str(flown))
    return plain, flown


@pytest.fixture(scope="module")
def told(clones) -> str:
    """What both runners made; what Airflow's said."""
    plain, flown = clones
    run(plain, "dvc", "repro", *stages(plain))
    put_database(flown / ".airflow")
    return run(flown, "include.command", "run", "flight_delays")


def test_the_locks_of_both_runners_are_the_same_bytes(clones, told):
    plain, flown = clones
    name = told.split("dvc exp apply ")[1].strip()
    [ref] = shell(flown, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    assert ref.endswith(f"/{name}")
    found = [path for path in plain.rglob("dvc.lock") if ".dvc" not in path.parts]
    assert found == [plain / "dvc.lock"]
    lock = subprocess.check_output(["git", "show", f"{ref}:dvc.lock"], cwd=flown)
    assert lock == (plain / "dvc.lock").read_bytes()


def test_airflow_ran_each_stage_and_said_so(told):
    assert told.count("(ran: it never ran before;") == 11
    assert "cached" not in told


def test_a_run_by_airflow_and_one_by_hand_are_listed_side_by_side(clones, told):
    plain, flown = clones
    # Nothing runs: it saves what is there. `dvc exp save` would ask for the outs of all stages.
    run(plain, "dvc", "exp", "run", "--name", "by-hand", *stages(plain))
    shell(plain, "git", "fetch", "--quiet", str(flown), "refs/exps/*:refs/exps/*")
    shown = run(plain, "dvc", "exp", "show", "--csv").splitlines()
    rows = [line.split(",") for line in shown[1:]]
    named = {row[0]: row for row in rows if row[0]}
    assert len(named) == 2
    flown_name = next(name for name in named if name != "by-hand")
    assert flown_name.startswith("flight_delays.manual__")
    # Metrics, params and hashes are the same: all but name, revision, kind and time.
    assert named[flown_name][4:] == named["by-hand"][4:]
