"""A repository whose experiments make a model, and clones of it that share no disk."""

import shutil
from pathlib import Path

import pytest
from parity import dvc_
from small_git import bare_of, commit, init, shell

from include.pipeline.registry.writing import register

GRAPH = """
stages:
  prepare:
    cmd: mkdir parts && cp data/* parts/
    deps: [data]
    outs: [parts]
  train:
    cmd: cat parts/* params.yaml > model.bin && echo '{"auc":0.75}' > metrics.json
    deps: [parts, environments/steps.txt]
    params: [rate]
    outs: [model.bin]
    metrics: [metrics.json]
  look:
    cmd: wc -c < model.bin > size.txt
    deps: [model.bin]
    outs: [size.txt]
artifacts:
  model: {path: model.bin, type: model}
"""


@pytest.fixture(scope="session")
def with_experiments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three experiments, `slow`, `quick` and `wild`, each with a model of its own."""
    repo = tmp_path_factory.mktemp("registry") / "repo"
    for folder, name, text in (
        ("data", "2013-06.txt", "June\n"),
        ("data", "2013-07.txt", "July\n"),
        ("environments", "steps.txt", "a==1\n"),
    ):
        (repo / folder).mkdir(parents=True, exist_ok=True)
        (repo / folder / name).write_text(text)
    (repo / "dvc.yaml").write_text(GRAPH)
    (repo / "params.yaml").write_text("rate: 1\n")
    init(repo, "--initial-branch=main")
    for key, value in {"user.name": "Ann", "user.email": "ann@localhost"}.items():
        shell(repo, "git", "config", key, value)
    dvc_(repo, "add", "--quiet", "data")
    commit(repo, "start")
    for name, rate in {"slow": 1, "quick": 2, "wild": 3}.items():
        dvc_(repo, "exp", "run", "--quiet", "--name", name, "--set-param", f"rate={rate}")
    return repo


@pytest.fixture
def repo(with_experiments: Path, tmp_path: Path) -> Path:
    shutil.copytree(with_experiments, tmp_path / "repo", symlinks=True)
    return tmp_path / "repo"


@pytest.fixture(scope="session")
def with_versions(with_experiments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experiments as v0.0.1, v0.0.2 and v0.0.3."""
    repo = tmp_path_factory.mktemp("versions") / "repo"
    shutil.copytree(with_experiments, repo, symlinks=True)
    for name in ("slow", "quick", "wild"):
        register(repo, "model", name)
    return repo


@pytest.fixture
def three(with_versions: Path, tmp_path: Path) -> Path:
    shutil.copytree(with_versions, tmp_path / "repo", symlinks=True)
    return tmp_path / "repo"


@pytest.fixture
def bare(repo: Path) -> Path:
    """A bare remote that holds the experiments as well."""
    return bare_of(repo, "refs/exps/*")
