"""A pinned version is the same bytes for ever; without one there is no champion."""

import json
import shutil
from pathlib import Path

import live_repo
import pytest
import tiny_bento
from live_repo import fetch, revision
from parity import Both, dvc_, set_param
from small_git import commit, shell

from include.flights.serving import predictor
from include.pipeline.registry.tags import read


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with v0.0.1, trees, and v0.0.2, a blend."""
    folder = tmp_path_factory.mktemp("live")
    members = {"trees": {"xgboost": 1.0}, "blend": {"xgboost": 0.6, "torch": 0.4}}
    return live_repo.make(
        folder, *(live_repo.bento(folder / name, held) for name, held in members.items())
    )


@pytest.fixture
def repo(versions: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(versions, tmp_path / "repo", symlinks=True))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def pin(repo: Path, version: str, **more: str) -> None:
    for name, value in {"version": version, **more}.items():
        set_param(repo, f"champion.{name}", value)


def test_without_a_version_there_is_no_champion_and_the_graph_runs(versions):
    assert files(versions / "models/champion") == {"champion.json": b'{\n  "version": null\n}\n'}


def test_a_version_is_its_model_and_says_what_it_is(repo):
    pin(repo, "v0.0.2")
    assert fetch(repo).returncode == 0
    found = repo / "fetched"
    about = json.loads((found / "champion.json").read_text())
    version = read(repo, "flight_delays").version("v0.0.2")
    bento = repo.parent / "v2"
    dvc_(repo, "get", str(repo), "bento/flight_delays.bento", "--rev", version.commit, "-o", bento)
    assert about == {
        "version": "v0.0.2",
        "commit": version.commit,
        "md5": read(repo, "flight_delays").made(version)["hash"],
        "bytes": bento.stat().st_size,
    }
    assert {*files(found)} == {
        "champion.json",
        "chosen.json",
        "manifest.json",
        "time_zones.json",
        *("xgboost/model.json", "xgboost/model.ubj"),
        *("torch/model.json", "torch/weights.safetensors"),
    }
    model, manifest = predictor.load(found), json.loads((found / "manifest.json").read_text())
    assert model.answer(model.probe()).round(6).tolist() == manifest["probe"]
    assert model.predict(tiny_bento.TABLE).shape == (tiny_bento.TABLE.height,)


def test_a_replay_from_a_clone_with_only_the_remote_is_the_same_bytes(repo, tmp_path):
    pin(repo, "v0.0.1")
    dvc_(repo, "repro", "--quiet", "fetch_champion")
    commit(repo, "pinned")
    clone = tmp_path / "clone"
    shell(tmp_path, "git", "clone", "--quiet", str(repo), str(clone))
    dvc_(clone, "repro", "--quiet", "fetch_champion")
    assert files(clone / "models/champion") == files(repo / "models/champion")
    assert (clone / "dvc.lock").read_bytes() == (repo / "dvc.lock").read_bytes()


def test_an_experiment_that_dvc_runs_in_a_folder_of_its_own_has_the_version_too(repo):
    words = ("--set-param", "champion.version=v0.0.1", "fetch_champion")
    dvc_(repo, "exp", "run", "--quiet", "--temp", "--name", "aside", *words)
    dvc_(repo, "exp", "apply", "aside")
    assert json.loads((repo / "models/champion/champion.json").read_text())["version"] == "v0.0.1"


def test_a_whole_pin_needs_no_tag_and_no_commit(repo, tmp_path):
    version = read(repo, "flight_delays").version("v0.0.1")
    md5 = read(repo, "flight_delays").made(version)["hash"]
    pin(repo, "v0.0.1")
    assert fetch(repo).returncode == 0
    pin(repo, "v0.0.1", commit=version.commit, md5=md5)
    commit(repo, "pinned")
    clone = tmp_path / "clone"
    words = ("clone", "--quiet", "--no-tags", "--depth", "1", f"file://{repo}", str(clone))
    shell(tmp_path, "git", *words)
    assert read(clone, "flight_delays").versions == ()
    done = fetch(clone)
    assert done.returncode == 0, done.stderr
    assert files(clone / "fetched") == files(repo / "fetched")
    # Nor does a worker whose tags are older than the run.
    shell(clone, "git", "fetch", "--quiet", "origin", "tag", "flight_delays@v0.0.2")
    shutil.rmtree(clone / "fetched")
    done = fetch(clone)
    assert done.returncode == 0, done.stderr
    assert files(clone / "fetched") == files(repo / "fetched")


def test_a_damaged_object_of_the_cache_is_fetched_again(repo):
    version = read(repo, "flight_delays").version("v0.0.1")
    md5 = read(repo, "flight_delays").made(version)["hash"]
    held = repo / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    whole = held.read_bytes()
    held.chmod(0o644)
    held.write_bytes(whole[:-1])
    pin(repo, "v0.0.1")
    assert fetch(repo).returncode == 0
    assert held.read_bytes() == whole


@pytest.mark.parametrize(("version", "rows"), [("v0.0.1", 50), ("none", 0)])
def test_both_runners_fetch_and_score_alike(repo, version, rows):
    values: dict[str, object] = {"champion.version": version, "score_flights.months": 1}
    if version != "none":
        found = read(repo, "flight_delays").version(version)
        values["champion.commit"] = found.commit
        values["champion.md5"] = read(repo, "flight_delays").made(found)["hash"]
    both = Both(repo)
    clone, run, did = both.agree(values)
    assert json.loads((clone / "scores.json").read_text())["rows"] == rows
    assert both.out(run, "scores.json") == (clone / "scores.json").read_text()
    assert did["package_bento"] == "cached"  # a champion is in the key of who reads it alone


def test_an_unknown_version_names_the_known_ones(repo):
    pin(repo, "v0.0.4")
    assert fetch(repo).stderr == (
        "fetch_champion: flight_delays has no version 'v0.0.4'. Did you mean 'v0.0.2'?\n"
        "  Next: name one of v0.0.2, v0.0.1.\n"
    )


def test_an_artifact_without_versions_says_what_to_do(repo):
    pin(repo, "v0.0.1")
    set_param(repo, "fetch_champion.artifact", "flight_delay")
    assert fetch(repo).stderr == (
        "fetch_champion: The registry of this clone has no version of 'flight_delay', so none that "
        "is v0.0.1. Did you mean 'flight_delays'?\n"
        "  Next: run `leeway registry show --fetch`, which asks the remote, then try again.\n"
    )


def test_bytes_that_nobody_has_say_where_they_were_looked_for(repo):
    version = read(repo, "flight_delays").version("v0.0.2")
    md5 = read(repo, "flight_delays").made(version)["hash"]
    shutil.rmtree(repo / ".dvc/cache")
    dvc_(repo, "remote", "modify", "--quiet", "store", "url", str(repo.parent / "empty"))
    pin(repo, "v0.0.2")
    assert fetch(repo).stderr.splitlines()[-2:] == [
        f"fetch_champion: DVC's cache does not have the object {md5}, nor one of its remotes "
        "(store).",
        "  Next: run `dvc push --all-commits` where it was made, and let this clone have that "
        "remote.",
    ]


def test_a_pin_that_contradicts_the_registry_is_refused(repo):
    commits = [read(repo, "flight_delays").version(name).commit for name in ("v0.0.1", "v0.0.2")]
    pin(repo, "v0.0.2", commit=commits[0])
    assert fetch(repo).stderr == (
        f"fetch_champion: v0.0.2 of flight_delays is the commit {commits[1][:10]}, not "
        f"{commits[0][:10]}.\n"
        "  Next: set what stands beside v0.0.2 to none, or name another version.\n"
    )
    md5 = read(repo, "flight_delays").made(read(repo, "flight_delays").version("v0.0.1"))["hash"]
    pin(repo, "v0.0.2", commit="none", md5=md5)
    assert "v0.0.2 of flight_delays has the hash " in fetch(repo).stderr
    pin(repo, "v0.0.9", md5=md5)
    assert "flight_delays has no version 'v0.0.9'" in fetch(repo).stderr
    pin(repo, "none")
    assert "set all three to none" in fetch(repo).stderr


def test_a_version_that_is_no_bento_is_refused(repo):
    (repo / "made.bin").write_text("no bento\n")
    dvc_(repo, "repro", "--quiet", "package_bento")
    commit(repo, "bad")
    shell(repo, "git", "tag", "flight_delays@v0.0.9", revision(repo, "HEAD"))
    pin(repo, "v0.0.9")
    said = fetch(repo).stderr
    assert "flight_delays v0.0.9" in said and "is no bento" in said
