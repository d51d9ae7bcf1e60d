"""What the images promise, seen on a real engine."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from deployment import TARGETS
from engine import PYTHON_IMAGE, Engine

pytestmark = pytest.mark.containers

LARGEST_MB = {"serve": 2300, "step": 3300, "airflow": 3700}
FILES_OF = ("find", "/", "-xdev", "-type", "f")


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_has_no_root_no_secret_and_no_cache(
    docker: Engine, images: dict[str, str], source: Path, target: str
) -> None:
    config = json.loads(docker("inspect", images[target]))[0]["Config"]
    assert config["User"] == "50000:0"
    assert not [line for line in config["Env"] if "PASSWORD" in line or "SECRET" in line]
    names = ("torch-*.whl", "ca-bundle.crt", ".env")
    words = [word for name in names for word in ("-o", "-name", name)][1:]
    alone = ("run", "--rm", "--user", "0:0", "--network", "none")
    assert docker(*alone, images[target], *FILES_OF, "(", *words, ")", "-print") == ""
    assert docker(*alone, images[target], "find", "/root", "/tmp", "-type", "f") in (
        "",
        "/root/.bashrc\n/root/.profile",
        "/root/.profile\n/root/.bashrc",
    )


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_holds_its_environment_and_nothing_else_and_compiled(
    docker: Engine, images: dict[str, str], source: Path, target: str
) -> None:
    code = (
        "import importlib.metadata as m, json, pathlib, re, sysconfig\n"
        "site = pathlib.Path(sysconfig.get_path('purelib'))\n"
        "held = {re.sub('[-_.]+', '-', d.name).lower(): d.version for d in m.distributions()}\n"
        "sources = len(list(site.rglob('*.py'))); made = len(list(site.rglob('*.pyc')))\n"
        "print(json.dumps([held, sources, made]))\n"
    )
    alone = ("run", "--rm", "--network", "none", images[target])
    held, sources, compiled = json.loads(docker(*alone, "python", "-c", code))
    use = {"serve": "serving", "step": "steps"}.get(target, target)
    lines = (source / f"environments/{use}.txt").read_text().splitlines()
    assert {n: v.split("+")[0] for n, v in held.items()} == dict(x.split("==") for x in lines)
    assert compiled > 0.99 * sources
    assert ("apache-airflow" in held) is (target == "airflow")
    assert ("dvc" in held) is (target != "serve")


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_notes_which_environments_it_holds(
    docker: Engine, images: dict[str, str], source: Path, target: str
) -> None:
    uses = ("serving", "steps", "airflow")[: TARGETS.index(target) + 1]
    names = sorted(f"environments/{use}.txt" for use in uses)
    alone = ("run", "--rm", "--network", "none", images[target])
    note = docker(*alone, "cat", "/opt/leeway/environments.sha256")
    expected = [f"{sha256((source / n).read_bytes()).hexdigest()}  {n}" for n in names]
    assert note.splitlines() == expected


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_is_no_larger_than_it_was(
    docker: Engine, images: dict[str, str], target: str
) -> None:
    base, whole = (
        int(docker("inspect", "--format", "{{.Size}}", name)) / 1e6
        for name in (PYTHON_IMAGE, images[target])
    )
    print(f"{images[target]}: {whole:.0f} MB, {whole - base:.0f} of them above {PYTHON_IMAGE}")
    assert whole < LARGEST_MB[target]


def test_xgboost_trains_without_the_library_of_many_gpus(
    docker: Engine, images: dict[str, str]
) -> None:
    code = (
        "import numpy as np, xgboost as x\n"
        "d = x.DMatrix(np.arange(8.0).reshape(-1, 1), label=np.arange(8) > 3)\n"
        "print(x.train({'objective': 'binary:logistic'}, d, 3).num_boosted_rounds())"
    )
    assert docker("run", "--rm", "--network", "none", images["step"], "python", "-c", code) == "3"


def test_the_images_for_gpus_build_from_the_same_files(
    docker: Engine, images: dict[str, str], source: Path
) -> None:
    """With the build of torch that `wheels/` holds, if it holds one: without a GPU, that will do."""
    for target, tag, more in (
        ("step-gpu", "leeway/step-gpu", ()),
        ("airflow", "leeway/airflow-gpu", ("--build-arg", "STEP=step-gpu")),
    ):
        docker("build", "--target", target, "--tag", tag, *more, str(source))
    find = ("find", "/opt/leeway", "-name", "libnccl.so*")
    alone = ("run", "--rm", "--network", "none")
    assert docker(*alone, "leeway/airflow-gpu", *find) != docker(*alone, images["airflow"], *find)
    assert docker(*alone, "leeway/airflow-gpu", "airflow", "version").startswith("3.")
