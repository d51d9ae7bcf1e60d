"""Replace include/flights, feature_repo, dvc.yaml, params.yaml and dags; the rest stays as it is."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_git import commit, shell

ROOT = Path(__file__).parents[1]
THEIRS = (
    *("include/flights/", "feature_repo/", "dags/"),
    *("dvc.yaml", "dvc.lock", "params.yaml"),
    # the second project
    "include/assistant/",
    # end of the second project
)
# What speaks of its pipeline by nature: what is written about it, and what tests or measures it.
ABOUT = ("tests/", "docs/", "benchmarks/")
NEW = ROOT / "tests/another_project"

# Rooms that any project takes as they are.
ROOMS = (
    "include/__init__.py",
    "include/airflow_site",
    "include/alerts",
    "include/audit.py",
    "include/command",
    "include/environments.py",
    "include/errors.py",
    "include/feature_store",
    "include/monitoring",
    "include/outs.py",
    "include/pages",
    "include/partitions.py",
    "include/importing.py",
    "include/pipeline",
    "include/serving",
    "include/step.py",
    "include/summary.py",
    "include/validation",
    "plugins",
    "containers",
    "Dockerfile",
    "Makefile",
    "containers.mk",
    "docker-compose.yaml",
)
OURS = re.compile(
    r"flights?\b|flight_|airline|airport|aircraft|\bplanes?\b|carrier|tail.?num|weather"
    r"|departure|arrival|\bdelay|punctual|lateness|\blate\b|include\.flights",
    re.IGNORECASE,
)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_that_any_project_takes_speaks_of_no_flights(room):
    place = ROOT / room
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    texts = {file: file.read_text() for file in files if file.suffix != ".pyc" and file.is_file()}
    assert texts, "there is nothing at this place"
    assert not [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if OURS.search(line)
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree with another pipeline in it, committed."""
    folder = tmp_path_factory.mktemp("another") / "project"
    listed = shell(ROOT, "git", "ls-files", "-z", "-co", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if not name.startswith((*THEIRS, *ABOUT)) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(NEW, folder, dirs_exist_ok=True, ignore=ignored)
    shell(folder, "git", "init", "--quiet")
    commit(folder, "another pipeline")
    return folder


def python(folder: Path, *words: str) -> str:
    """What a module prints, run in the project with the code of the project."""
    site = folder.parent / f"{folder.name}-site"
    held = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**held, "DVC_SITE_CACHE_DIR": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


SUMMARY = """
measured/rule.json
  auc: 0.9911
  flowers: 150

Results
  {folder}/reports/flowers.html
"""


@pytest.fixture(scope="module")
def lock(project: Path) -> bytes:
    """The lock of `dvc repro`, in a clone."""
    clone = project.with_name("plain")
    shell(project.parent, "git", "clone", "--quiet", str(project), str(clone))
    python(clone, "dvc", "repro")
    assert python(clone, "include.summary") == SUMMARY.format(folder=clone)
    return (clone / "dvc.lock").read_bytes()


def test_make_run_makes_the_same_as_dvc_repro_and_shows_it(project, lock):
    # The environment is that of the tests.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = shell(project, "env", f"PATH={path}", "make", "--assume-old=setup", "run")
    for stage in ("load_flowers", "train_rule", "show_flowers"):
        assert f"{stage:24} success" in told
    [name] = re.findall(r"dvc exp apply (\S+)", told)
    [ref] = shell(project, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    assert ref.endswith(f"/{name}")
    assert subprocess.check_output(["git", "show", f"{ref}:dvc.lock"], cwd=project) == lock
    [card] = project.glob(".airflow/leeway/reports/flowers/.*.json")
    told_of = json.loads(card.read_text())
    assert told_of["reports"] == ["measured/rule.json", "reports/flowers.html"]
    assert told_of["makers"]["reports/flowers.html"] == "show_flowers"
    kept = told[told.index("\nmeasured/rule.json") : told.index("\nExperiment ")].rstrip()
    folder = kept.splitlines()[-1].strip().removesuffix("/reports/flowers.html")
    assert f"{kept}\n" == SUMMARY.format(folder=folder)


def test_the_outs_of_its_stages_are_named_for_make_clean(project):
    named = python(project, "include.outs").split("\0")
    assert named == [
        *("data/flowers.csv", "models/rule.json", "measured/rule.json", "reports/flowers.html"),
        "",
    ]
