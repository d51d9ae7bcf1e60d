"""Each use installs its own part of one resolution, and a stage's key holds that of its own use."""

import re
import shutil
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from include.environments import exported, needed, pins_of
from include.errors import DataError

ROOT = Path(__file__).parents[1]
USES = ("serving", "steps", "airflow", "development")


def write(lock: Path, *lines: str) -> Path:
    lock.write_text("\n".join(lines) + "\n")
    return lock


def test_takes_what_a_package_depends_on_and_nothing_else(tmp_path: Path) -> None:
    lines = ["httpx==0.28.1", "anyio==4.16.0", "certifi==2026.10.18", "httpcore==1.0.9"]
    lines += ["idna==3.20", "h11==0.16.0", "typing-extensions==4.16.0", "torch==2.13.0"]
    expected = sorted(line for line in lines if not line.startswith("torch"))
    assert needed(write(tmp_path / "lock", *lines), ["httpx"]) == expected


def test_names_are_normal_and_versions_without_local_part_and_hash(
    tmp_path: Path,
) -> None:
    lock = write(tmp_path / "lock", "# pins", "Six[x]==1.17.0+local ; python_version > '3' \\")
    assert needed(lock, ["SIX"]) == ["six==1.17.0"]


def test_a_package_that_the_lock_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        needed(write(tmp_path / "lock", "httpx2==1.0"), ["httpx"])
    assert str(caught.value) == (
        f"{tmp_path}/lock has no exact version of httpx. Did you mean 'httpx2'?\n"
        "  Next: run `make lock`."
    )


def test_an_extra_brings_what_it_asks_for(tmp_path: Path) -> None:
    lock = write(tmp_path / "lock", "sqlalchemy==2.1.9", "typing-extensions==4.16.0")
    assert needed(lock, ["SQLAlchemy>=2"]) == lock.read_text().split()
    with pytest.raises(DataError, match="no exact version of"):
        needed(lock, ["SQLAlchemy[mypy]>=2"])


def test_libraries_that_torch_pins_itself_are_in_no_file(tmp_path: Path, monkeypatch) -> None:
    asked = {"torch": ["nvidia-cudnn-cu13==9; platform_system == 'Linux'", "six"], "six": []}
    monkeypatch.setattr("importlib.metadata.requires", asked.get)
    assert needed(write(tmp_path / "lock", "torch==2.13.0", "six==1"), ["torch"]) == [
        "six==1",
        "torch==2.13.0",
    ]


def test_a_dep_of_early_pythons_3_11_is_there_whatever_python_asks(tmp_path: Path) -> None:
    lock = write(tmp_path / "lock", "redis==7.4.1", "async-timeout==5.0.1")
    assert "async-timeout==5.0.1" in needed(lock, ["redis"])


def copy(folder: Path, changes: dict[str, str]) -> dict[str, str]:
    """The files of a repository like ours, but with other versions of some packages."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "environments/development.txt", folder)
    for file in folder.iterdir():
        text = file.read_text()
        for name, version in changes.items():
            text, found = re.subn(rf"(?m)^(\W*{name})==[\w.]+", rf"\g<1>=={version}", text)
            assert found == 1, (file, name)
        file.write_text(text)
    resolution = folder / "development.txt"
    return {
        **exported(folder / "pyproject.toml", resolution),
        "development": resolution.read_text(),
    }


def ours() -> dict[str, str]:
    return {use: (ROOT / f"environments/{use}.txt").read_text() for use in USES}


def test_the_files_are_what_the_export_gives(tmp_path: Path) -> None:
    assert copy(tmp_path, {}) == ours()


def test_the_resolution_holds_what_pyproject_asks_for_and_nothing_else() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    roots = [line for lines in groups.values() for line in lines]
    resolution = ROOT / "environments/development.txt"
    assert needed(resolution, roots) == resolution.read_text().splitlines()
    exact = dict(line.split("==") for line in roots if "==" in line)
    locked = pins_of(resolution)
    assert {name: locked[name.split("[")[0]] for name in exact} == exact


def test_make_lock_knows_what_the_torch_of_pyproject_asks_for() -> None:
    """With or without CUDA: what torch asks for on Linux alone are libraries of CUDA."""
    told = tomllib.loads((ROOT / "environments/uv.toml").read_text())["dependency-metadata"][0]
    assert f"torch=={told['version']}" in (ROOT / "pyproject.toml").read_text()
    asked = [line for line in requires("torch") or [] if "extra ==" not in line]
    plain = {str(Requirement(line)) for line in asked if "linux" not in line.lower()}
    assert plain == {str(Requirement(line)) for line in told["requires-dist"]}


def test_all_that_a_use_needs_is_in_the_next_larger_one() -> None:
    serving, steps, airflow, development = ({*text.split()} for text in ours().values())
    assert serving < steps < airflow < development


def test_a_use_holds_nothing_of_the_others() -> None:
    held = {use: {line.partition("==")[0] for line in text.split()} for use, text in ours().items()}
    # Not mypy: Feast asks for SQLAlchemy[mypy].
    tools = {"ruff", "pytest", "moto", "playwright", "pip-audit", "duckdb"}
    assert tools <= held["development"] and not tools & held["airflow"]
    assert not [name for name in held["steps"] if "airflow" in name]
    assert not {"dvc", "feast", "great-expectations"} & held["serving"]


@pytest.mark.parametrize("use", USES)
def test_each_line_of_a_file_is_one_exact_version_of_the_registry(use: str) -> None:
    lines = ours()[use].splitlines()
    assert [line for line in lines if line.count("==") != 1 or set(line) & set("+@/; ")] == []


def stale(files: dict[str, str]) -> set[str]:
    """The stages that declare an environment whose file is not ours."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    other = {f"environments/{use}.txt" for use, text in files.items() if text != ours()[use]}
    above = {"environments", "pyproject.toml"}
    return {name for name, stage in stages.items() if (other | above) & {*stage["deps"]}}


def test_another_airflow_or_ruff_makes_no_stage_stale(tmp_path: Path) -> None:
    files = copy(tmp_path, {"apache-airflow": "3.9.9", "ruff": "0.99.0"})
    assert {use for use in USES if files[use] != ours()[use]} == {"airflow", "development"}
    assert stale(files) == set()


def test_another_polars_makes_every_stage_stale(tmp_path: Path) -> None:
    files = copy(tmp_path, {"polars": "9.9.9"})
    assert "polars==9.9.9\n" in files["steps"] and "polars==9.9.9\n" in files["serving"]
    every = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert stale(files) == set(every)
