"""A run takes the version that is live as it begins, and keeps it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from parity import refused
from small_git import commit, init, shell

from include.pipeline.apart import Place
from include.pipeline.closing.close_run import close_run
from include.pipeline.names import run_name
from include.pipeline.opening.live import with_live
from include.pipeline.opening.open_run import open_run
from include.pipeline.plan import load
from include.pipeline.registry.tags import read
from include.pipeline.registry.writing import promote
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run

LIVE = {"champion": "model@champion"}
NONE = dict.fromkeys(("champion.version", "champion.commit", "champion.md5"), "none")


GRAPH = """
stages:
  train: {cmd: echo model > model.bin, outs: [model.bin]}
  use: {cmd: cat params.yaml > used.txt, params: [champion], outs: [used.txt]}
artifacts:
  model: {path: model.bin, type: model}
"""
LOCK = """
schema: '2.0'
stages:
  train:
    cmd: echo model > model.bin
    outs: [{path: model.bin, hash: md5, md5: %s, size: 6}]
"""
HASHES = {f"v0.0.{n}": f"{n}a" * 16 for n in (1, 2, 3)}


@pytest.fixture(scope="module")
def with_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of what `train` made, as gto registers them, and a stage that reads a pin."""
    repo = tmp_path_factory.mktemp("versions") / "repo"
    repo.mkdir()
    init(repo, "--initial-branch=main")
    for key, value in {"user.name": "Ann", "user.email": "ann@localhost"}.items():
        shell(repo, "git", "config", key, value)
    (repo / "dvc.yaml").write_text(GRAPH)
    section = {"version": "none", "commit": "none", "md5": "none"}
    (repo / "params.yaml").write_text(yaml.safe_dump({"rate": 1, "champion": section}))
    for name, md5 in HASHES.items():
        (repo / "dvc.lock").write_text(LOCK % md5)
        commit(repo, name)
        shell(repo, "git", "tag", "--annotate", f"model@{name}", "--message", name)
    return repo


@pytest.fixture
def repo(with_versions: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(with_versions, tmp_path / "repo", symlinks=True))


def place(repo: Path, run_id: str = "one", url: str = "", home: str = "home") -> Place:
    return Place(url, repo, repo.parent / home, "score", run_id)


def whole(repo: Path, name: str) -> dict[str, str]:
    """All that a run is to know of a version."""
    sha = read(repo, "model").version(name).commit
    return {"champion.version": name, "champion.commit": sha, "champion.md5": HASHES[name]}


def opened(at: Place, values: Mapping[str, object]) -> Run:
    words = {
        "targets": ("use",),
        "plan_key": load(at.repo).key,
        "home": at.home,
        "dag_id": at.dag_id,
    }
    return open_run(at.repo, at.run_id, params=values, url=at.url, **words)


def test_a_run_takes_what_is_live_with_its_commit_and_hash(repo):
    said: list[str] = []
    assert with_live(place(repo), {"rate": 2}, LIVE, said.append) == {"rate": 2, **NONE}
    promote(repo, "model", "v0.0.2", "champion")
    assert with_live(place(repo), {"champion.version": "live"}, LIVE, said.append) == whole(
        repo, "v0.0.2"
    )
    assert said == [
        "champion is none, for no version of model is champion",
        "champion is v0.0.2, which is champion of model",
    ]


def test_a_run_may_name_another_version_or_none(repo):
    promote(repo, "model", "v0.0.2", "champion")
    assert with_live(place(repo), {"champion.version": "v0.0.1"}, LIVE) == whole(repo, "v0.0.1")
    assert with_live(place(repo), {"champion.version": "none"}, LIVE) == NONE
    assert "model has no version 'v0.0.4'" in refused(
        lambda: with_live(place(repo), {"champion.version": "v0.0.4"}, LIVE)
    )
    other = whole(repo, "v0.0.1") | {"champion.version": "v0.0.2"}
    assert "trigger a new run without champion.commit" in refused(
        lambda: with_live(place(repo), other, LIVE)
    )


def test_a_run_that_is_tried_again_or_cleared_keeps_its_version(repo):
    promote(repo, "model", "v0.0.1", "champion")
    run = opened(place(repo), with_live(place(repo), {}, LIVE))
    promote(repo, "model", "v0.0.2", "champion")
    first = whole(repo, "v0.0.1")
    assert with_live(place(repo), {}, LIVE) == first  # its workspace has it
    reproduce(run, "use", log=len)
    close_run(run, place(repo).home)
    said: list[str] = []
    assert with_live(place(repo), {}, LIVE, said.append) == first  # its experiment has it
    assert said == ["champion is v0.0.1, as this run took it before"]
    assert with_live(place(repo, "two"), {}, LIVE) == whole(repo, "v0.0.2")
    # Somebody who wants another one says so.
    named = with_live(place(repo), {"champion.version": "v0.0.3"}, LIVE)
    assert named == whole(repo, "v0.0.3")


def test_an_experiment_of_a_graph_without_the_section_says_nothing(repo):
    promote(repo, "model", "v0.0.1", "champion")
    (repo / "params.yaml").write_text("rate: 1\n")
    commit(repo)
    name = f"refs/exps/12/34/{run_name('score', 'one')}"
    shell(repo, "git", "update-ref", name, "HEAD")
    shell(repo, "git", "reset", "--quiet", "--hard", "HEAD^")
    assert with_live(place(repo), {}, LIVE) == whole(repo, "v0.0.1")


def test_the_remote_says_what_is_live_and_this_clone_if_it_is_silent(repo, tmp_path):
    bare, other = tmp_path / "bare.git", tmp_path / "other"
    shell(repo, "git", "init", "--quiet", "--bare", str(bare))
    shell(repo, "git", "remote", "add", "origin", str(bare))
    shell(repo, "git", "push", "--quiet", "origin", "--all")
    shell(repo, "git", "push", "--quiet", "origin", "--tags")
    shell(tmp_path, "git", "clone", "--quiet", str(bare), str(other))
    promote(other, "model", "v0.0.3", "champion", "origin")
    assert with_live(place(repo), {}, LIVE) == whole(repo, "v0.0.3")
    bare.rename(tmp_path / "away.git")
    said: list[str] = []
    assert with_live(place(repo), {}, LIVE, said.append) == whole(repo, "v0.0.3")
    assert said[0].startswith("what is live is taken from this clone, for its remote does not")


def test_workers_that_share_no_disk_take_one_version(repo, tmp_path):
    server, store = tmp_path / "server.git", tmp_path / "store"
    shell(repo, "git", "init", "--quiet", "--bare", str(server))
    (repo / ".dvc/config").write_text(f"[core]\nremote = s\n['remote \"s\"']\nurl = {store}\n")
    commit(repo)
    promote(repo, "model", "v0.0.1", "champion")
    shell(repo, "git", "push", "--quiet", str(server), "--tags")
    here, there = place(repo, url=str(server)), place(repo, url=str(server), home="other")
    run = opened(here, with_live(here, {}, LIVE))
    promote(repo, "model", "v0.0.2", "champion")
    shell(repo, "git", "push", "--quiet", str(server), "--tags")
    first = whole(repo, "v0.0.1")
    assert with_live(there, {}, LIVE) == first  # as the first worker offered it
    reproduce(run, "use", log=len)
    close_run(run, here.home)
    [ref] = shell(
        repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps/*/*/score.*"
    ).split()
    shell(repo, "git", "update-ref", "-d", ref)
    assert with_live(there, {}, LIVE) == first  # as the server's experiment has it
