"""What is live is unpacked and named in a file, whatever lies between the registry and the file.

Long because each of those things is a case of one look.
"""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3_server
from live_models import ARTIFACT, PATH
from parity import dvc_
from real_processes import wait_until
from small_git import shell
from small_rule import packaged

from include.following import follower as module
from include.following.__main__ import main
from include.following.follower import LOCK, Follower, alone
from include.pipeline.registry.tags import read
from include.pipeline.registry.writing import promote, register, roll_back
from include.serving.manifest import MODEL, read_manifest
from include.serving.pointer import Pointer, read_pointer


@pytest.fixture(scope="module")
def bentos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files that hold a model of one number each: BentoML need not build them."""
    made = []
    for rate in (0.1, 0.2, 0.3):
        folder = tmp_path_factory.mktemp("rule")
        packaged(folder / "bento", rate)
        with tarfile.open(folder / "rule.bento", "w:xz") as archive:
            archive.add(folder / "bento", arcname=".")
        made.append(folder / "rule.bento")
    return made


@pytest.fixture
def live(tmp_path: Path) -> Path:
    (tmp_path / "live").mkdir()
    return tmp_path / "live"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def follower(repo: Path, live: Path, said: list[str]) -> Follower:
    return Follower(repo, "", "", live, said.append)


def versions(pointer: Pointer) -> tuple[str | None, str | None]:
    pair = pointer.champion, pointer.challenger
    one, two = (pointed and pointed.version for pointed in pair)
    return one, two


def cached(repo: Path, version: str) -> Path:
    registry = read(repo, ARTIFACT)
    md5 = registry.made(registry.version(version))["hash"]
    return repo / ".dvc/cache/files/md5" / md5[:2] / md5[2:]


def test_the_file_says_what_is_live_and_the_bentos_are_whole(
    follower: Follower, repo: Path, live: Path
) -> None:
    assert versions(follower.look()) == (None, None)
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    promote(repo, ARTIFACT, "v0.0.2", "challenger")
    pointer = follower.look()
    assert versions(pointer) == ("v0.0.1", "v0.0.2")
    assert read_pointer(live) == pointer
    for pointed in (pointer.champion, pointer.challenger):
        assert pointed is not None
        assert read_manifest(live / pointed.folder / MODEL)["name"] == "visits"
    promote(repo, ARTIFACT, "v0.0.2", "champion")
    assert versions(follower.look()) == ("v0.0.2", None)
    roll_back(repo, ARTIFACT)
    assert versions(follower.look()) == ("v0.0.1", None)


def test_a_file_that_says_the_same_is_not_written_again(
    follower: Follower, repo: Path, live: Path
) -> None:
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    follower.look()
    before = (live / "live.json").stat().st_ino
    follower.look()
    assert (live / "live.json").stat().st_ino == before


def test_a_damaged_file_is_refused_and_the_last_champion_stays(
    follower: Follower, repo: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    follower.look()
    file = cached(repo, "v0.0.2")
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(whole[:-1] + b"?")
    promote(repo, ARTIFACT, "v0.0.2", "champion")
    said.clear()
    pointers = [follower.look(), follower.look()]
    assert pointers[0] == pointers[1]
    assert versions(pointers[0]) == ("v0.0.1", None)
    assert pointers[0].refused["champion"].startswith("v0.0.2 is live and cannot be had: The file")
    [line] = said  # once
    assert line.endswith("Next: remove it from DVC's cache, and run `dvc fetch`.")
    file.write_bytes(whole)
    assert versions(follower.look()) == ("v0.0.1", None)  # it is not tried all the time
    monkeypatch.setattr(module.time, "monotonic", lambda: 1e9)
    pointer = follower.look()
    assert (versions(pointer), pointer.refused) == (("v0.0.2", None), {})


def test_the_next_start_unpacks_anew_what_somebody_changed(
    follower: Follower, repo: Path, live: Path
) -> None:
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    champion = follower.look().champion
    assert champion is not None
    (live / champion.folder / MODEL / "rate.txt").unlink()
    assert Follower(repo, "", "", live, print).look().champion == champion
    read_manifest(live / champion.folder / MODEL)


def test_a_name_that_is_another_model_now_is_taken_for_that(
    follower: Follower, repo: Path, live: Path
) -> None:
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    before = follower.look().champion
    for tag in shell(repo, "git", "tag").split():
        shell(repo, "git", "tag", "--delete", tag)
    register(repo, ARTIFACT, "model-3", name="v0.0.1")
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    now = follower.look().champion
    assert before is not None and now is not None
    file = cached(repo, "v0.0.1")
    assert (now.version, now.md5) == ("v0.0.1", file.parent.name + file.name)
    assert now.md5 != before.md5


def test_where_nothing_is_champion_any_more_the_last_one_stays(
    follower: Follower, repo: Path
) -> None:
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    follower.look()
    for tag in shell(repo, "git", "tag", "--list", f"{ARTIFACT}#champion*").split():
        shell(repo, "git", "tag", "--delete", tag)
    assert versions(follower.look()) == ("v0.0.1", None)


def test_what_gto_registered_is_served(follower: Follower, repo: Path) -> None:
    for tag in shell(repo, "git", "tag").split():
        shell(repo, "git", "tag", "--delete", tag)
    sha = shell(repo, "git", "rev-parse", "HEAD").strip()
    for tag in ("@v2.0.0", "#champion#1"):  # as gto makes them
        shell(repo, "git", "tag", "--annotate", "--message", "by gto", f"{ARTIFACT}{tag}", sha)
    assert versions(follower.look()) == ("v2.0.0", None)


@pytest.fixture(params=["a folder", "S3"])
def remote(
    repo: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A remote of DVC that has all models, as the settings of this working tree alone name it."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    if request.param == "S3":
        with s3_server.running(tmp_path) as store:
            store.mkdir("models")
            dvc_(repo, "remote", "add", "--local", "--default", "far", "s3://models/dvc")
            dvc_(repo, "push", "--quiet", "--all-commits")
            yield
    else:
        far = str(tmp_path / "far")
        dvc_(repo, "remote", "add", "--local", "--default", "far", far)
        dvc_(repo, "push", "--quiet", "--all-commits")
        yield


@pytest.mark.usefixtures("remote")
def test_what_the_cache_lacks_comes_from_the_remote(follower: Follower, repo: Path) -> None:
    shutil.rmtree(repo / ".dvc/cache")
    promote(repo, ARTIFACT, "v0.0.1", "champion")
    assert versions(follower.look()) == ("v0.0.1", None)
    assert not (repo / ".dvc/cache").exists()  # a server's disk need not hold it twice


def test_tags_come_from_the_remote_and_one_that_is_away_is_told_once(
    repo: Path, bare: Path, live: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell(repo.parent, "git", "clone", "--quiet", str(bare), "other")
    promote(repo.parent / "other", ARTIFACT, "v0.0.3", "champion", "origin")
    follower = Follower(repo, ARTIFACT, "origin", live, said.append)
    assert versions(follower.look()) == ("v0.0.3", None)
    monkeypatch.setattr(module, "FETCH_EVERY_S", 0)
    monkeypatch.setattr(module, "AFTER_FAILURE_S", 0)
    said.clear()
    follower.fetch_at = 0
    bare.rename(bare.with_name("away"))
    for _ in range(3):
        assert versions(follower.look()) == ("v0.0.3", None)
    bare.with_name("away").rename(bare)
    follower.look()
    assert [line.split(" ")[1] for line in said] == ["gives", "answers"]


def test_bentos_are_removed_when_no_worker_can_want_them(
    follower: Follower, repo: Path, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = follower.begin_with(repo / PATH).champion
    assert first is not None
    for version in ("v0.0.1", "v0.0.2"):
        promote(repo, ARTIFACT, version, "champion")
        follower.look()
    assert len([*(live / "bentos").iterdir()]) == 3  # a worker may still read the file before
    follower.kept.add(first.folder.name)  # its code runs
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + module.GRACE_S + 1)
    kept = follower.look().champion
    assert kept is not None
    assert {path.name for path in (live / "bentos").iterdir()} == {
        first.folder.name,
        kept.folder.name,
    }


def test_one_follows_for_a_folder_and_another_is_told(
    repo: Path, live: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with alone(live):
        assert main(["--repo", str(repo), "--live", str(live)]) == 1
    assert capsys.readouterr().err == (
        f"Another process follows the registry for {live}.\n  Next: end that one first.\n"
    )


def test_the_command_waits_for_an_artifact_and_ends_when_it_is_told_to(
    repo: Path, live: Path
) -> None:
    graph = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text("stages: {}\n")
    promote(repo, ARTIFACT, "v0.0.2", "champion")
    command = [sys.executable, "-m", "include.following", "--repo", str(repo), "--live", str(live)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == (
            f"{repo} declares no artifacts, of which one is to be served.\n"
        )
        (repo / "dvc.yaml").write_text(graph)
        wait_until(lambda: (live / "live.json").exists(), 10)
        process.terminate()
        assert process.wait(10) == 0
    assert versions(read_pointer(live)) == ("v0.0.2", None)
    assert (live / LOCK).exists()
