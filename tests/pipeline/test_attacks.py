"""A step in a container may write into its workspace and the cache: its worker takes no harm.

The steps of these tests run as processes, in runs that know that some of them were in containers.

Long because each attack is a case on the same run of three stages.
"""

import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from contained_stage import brought
from parity import dvc_, make
from real_processes import fork, status_of
from small_git import commit, shell

from include.errors import PipelineError
from include.pipeline import elsewhere
from include.pipeline.child.guards import save_no_runs
from include.pipeline.child.orders import Reproduce, Terms
from include.pipeline.child.transfer import be_here, here
from include.pipeline.closing.close_run import close_run
from include.pipeline.closing.reports import publish
from include.pipeline.opening.open_run import open_run
from include.pipeline.places.ownership import give
from include.pipeline.places.where import Contained, Where
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run, contained, discard_old, good_of, own, touch

GRAPH = """
stages:
  one:
    cmd: mkdir -p made && echo ${word} > made/a.txt
    outs: [made]
  two:
    cmd: cp made/a.txt two.txt
    deps: [made]
    outs: [two.txt]
  three:
    cmd: sh three.sh
    deps: [three.sh, two.txt]
    outs: [three.txt]
"""
OUTSIDE = ["../victim", "../../victim", "a/../../victim", "{place}", "", ".", "a//b", "a\0b"]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    files = {"dvc.yaml": GRAPH, "params.yaml": "word: one\n", "three.sh": "echo 3 > three.txt\n"}
    return make(tmp_path / "repo", files)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(repo: Path, home: Path) -> Run:
    return begin(repo, home)


def begin(repo: Path, home: Path, run_id: str = "one") -> Run:
    """A run with containers in it."""
    run = open_run(repo, run_id, params={}, targets=["."], plan_key=None, home=home)
    touch(contained(run))
    return run


def attack(repo: Path, text: str) -> None:
    """Let the last stage do something else beside its work, and commit it."""
    (repo / "three.sh").write_text(f"{text}\necho 3 > three.txt\n")
    commit(repo)


def quietly(run: Run, *stages: str) -> list[str]:
    return [reproduce(run, stage, log=lambda line: None).status for stage in stages]


def plant(run: Run, name: str, data: bytes, suffix: str = "") -> str:
    """Put an object into the cache, as a step may, and return its name there."""
    oid = hashlib.md5(data).hexdigest() + suffix
    path = run.cache_dir / "files" / "md5" / oid[:2] / oid[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return oid


def forge(run: Run, stage: str, out: dict[str, Any]) -> None:
    """Let the lock say that a stage made something else."""
    lock = yaml.safe_load((run.folder / "dvc.lock").read_text())
    lock["stages"][stage]["outs"][0] |= out
    (run.folder / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False))


def led_out(run: Run, path: str) -> None:
    """Forge what the first stage made: a folder whose list names a path."""
    oid = plant(run, "planted", b"planted")
    text = json.dumps([{"md5": oid, "relpath": path}]).encode()
    forge(run, "one", {"md5": plant(run, "list", text, ".dir"), "nfiles": 1})
    shutil.rmtree(run.folder / "made")


def written_to(run: Run) -> set[Path]:
    """The files outside of the workspace and the cache that hold what was planted."""
    found = (path for path in run.top.parents[2].rglob("*") if path.is_file())
    planted = {path for path in found if path.read_bytes() == b"planted"}
    return {path for path in planted if run.cache_dir not in path.parents}


@pytest.mark.parametrize("path", OUTSIDE)
def test_the_list_of_a_folder_names_nothing_outside_of_it(run, home, tmp_path, path):
    quietly(run, "one")
    led_out(run, path.format(place=tmp_path / "victim"))
    with pytest.raises(PipelineError, match="damaged in the cache|not in it"):
        quietly(run, "two")
    assert "damaged in the cache" in brought(run, "two", tmp_path / "result")
    with pytest.raises(PipelineError):
        publish(run, home, ["made"])
    assert written_to(run) == set()


def test_what_a_step_writes_into_the_lock_of_another_stage_does_not_count(repo, home):
    run = begin(repo, home)
    quietly(run, "one", "two", "three")
    close_run(run, home)
    # In the next run a step says of another stage, before it has run, that it made something else.
    (repo / "params.yaml").write_text("word: two\n")
    commit(repo)
    run = begin(repo, home, "two")
    quietly(run, "one")
    lock = yaml.safe_load((run.folder / "dvc.lock").read_text())
    made = lock["stages"]["one"]["outs"][0]
    entry = {"cmd": "cp made/a.txt two.txt", "deps": [made]}
    oid = plant(run, "planted", b"planted")
    entry["outs"] = [{"path": "two.txt", "hash": "md5", "md5": oid, "size": 7}]
    lock["stages"]["two"] = entry
    (run.folder / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False))
    assert quietly(run, "two") == ["ran"]
    assert (run.folder / "two.txt").read_text() == "two\n"


def test_a_lock_that_is_forged_after_its_stage_is_put_right_as_the_run_closes(run, repo, home):
    quietly(run, "one", "two", "three")
    right = (run.folder / "dvc.lock").read_text()
    forge(run, "two", {"md5": plant(run, "planted", b"planted"), "size": 7})
    said = []
    name = close_run(run, home, log=said.append)
    assert said == ["a step wrote into the lockfile of two: it says again what the stages made"]
    ref = shell(repo, "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").strip()
    assert shell(repo, "git", "show", f"{ref}:dvc.lock").strip() == right.strip()
    kept = [json.loads(path.read_text()) for path in good_of(home, repo).rglob("*.json")]
    assert oid_of(b"two") not in str(kept) and oid_of(b"planted") not in str(kept)


def oid_of(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("dvc.yaml", "sh three.sh", "touch ../../../victim"),
        ("dvc.yaml", "[three.txt]", "[../../../victim]"),
        ("dvc.yaml", "[three.sh, two.txt]", "[/etc/hostname]"),
        ("params.yaml", "one", "x; touch ../../../victim"),
    ],
    ids=["a command", "an out", "a dep", "a value in a command"],
)
def test_a_step_cannot_change_what_its_worker_runs(run, home, file, old, new):
    quietly(run, "one", "two")
    path = run.folder / file
    path.write_text(path.read_text().replace(old, new))
    stage = "one" if file == "params.yaml" else "three"
    with pytest.raises(PipelineError, match=f"Stage '{stage}' is not what it was as the run began"):
        quietly(run, stage)
    with pytest.raises(PipelineError, match="is not what it was"):
        close_run(run, home)
    assert not list(home.rglob("victim"))


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml", ".gitignore"])
def test_a_link_in_the_place_of_what_dvc_writes_is_refused(run, home, tmp_path, name):
    quietly(run, "one", "two")
    victim = tmp_path / "victim"
    shutil.copyfile(run.folder / name, victim)
    before = victim.read_text()
    (run.folder / name).unlink()
    (run.folder / name).symlink_to(victim)
    with pytest.raises(PipelineError, match=f"{name} is a link to {victim}, out of the workspace"):
        quietly(run, "three")
    with pytest.raises(PipelineError, match=f"{name} is a link to"):
        close_run(run, home)
    assert victim.read_text() == before


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml"])
def test_a_link_to_what_is_not_there_is_refused(run, home, tmp_path, name):
    quietly(run, "one", "two")
    (run.folder / name).unlink()
    (run.folder / name).symlink_to(tmp_path / "victim")
    with pytest.raises(PipelineError, match=rf"{name}' is not a .dvc file\.\n  Next: let no stage"):
        quietly(run, "three")
    with pytest.raises(PipelineError, match=rf"{name}' is not a .dvc file\.\n  Next: let no stage"):
        close_run(run, home)
    assert not (tmp_path / "victim").exists()


def obeying(folder: Path, victim: Path) -> None:
    """Let a repository's settings name a program, which git runs to ask what changed."""
    program = folder.parent / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {victim}\n")
    program.chmod(0o755)
    shell(folder, "git", "config", "core.fsmonitor", str(program))


def test_what_the_settings_of_a_submodule_name_is_not_run(repo, home, tmp_path):
    inner = make(tmp_path / "inner", {"lib.txt": "lib\n"})
    allowed = ("-c", "protocol.file.allow=always")
    shell(repo, "git", *allowed, "submodule", "--quiet", "add", str(inner), "made-of/lib")
    graph = GRAPH.replace("three.sh, two.txt", "three.sh, two.txt, made-of")
    (repo / "dvc.yaml").write_text(graph.replace("[two.txt]", "[two.txt: {cache: false}]"))
    commit(repo)
    run = begin(repo, home)
    quietly(run, "one", "two", "three")
    (run.folder / "made-of/lib/lib.txt").write_text("changed\n")
    obeying(run.folder / "made-of/lib", tmp_path / "victim")
    shell(run.folder, "git", "status")
    (tmp_path / "victim").unlink()  # git does run it
    name = close_run(run, home)
    assert not (tmp_path / "victim").exists()
    ref = shell(repo, "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").strip()
    assert shell(repo, "git", "show", f"{ref}:two.txt") == "one\n"
    held = ("git", "rev-parse", f"{ref}:made-of/lib", "HEAD:made-of/lib")
    assert len({*shell(repo, *held).split()}) == 1


@pytest.mark.parametrize("place", ["projects/one", "projects"])
def test_a_repository_that_a_step_makes_around_dvc_s_is_refused(home, tmp_path, place):
    top = tmp_path / "top"
    repo = top / "projects" / "one"
    repo.mkdir(parents=True)
    shell(top, "git", "init", "--quiet")
    dvc_(repo, "init", "--quiet", "--subdir")
    (repo / "dvc.yaml").write_text(GRAPH.replace("${word}", "one"))
    (repo / "three.sh").write_text("echo 3 > three.txt\n")
    commit(top)
    run = begin(repo, home)
    quietly(run, "one", "two", "three")
    shell(run.top / place, "git", "init", "--quiet")
    obeying(run.top / place, tmp_path / "victim")
    for act in (lambda: quietly(run, "three"), lambda: close_run(run, home)):
        with pytest.raises(PipelineError, match=rf"{place}/.git is no part of the run's commit"):
            act()
    with pytest.raises(PipelineError, match="is no part of the run's commit"):
        publish(run, home, ["absent"])
    assert not (tmp_path / "victim").exists()


def test_a_folder_of_outs_that_became_a_link_is_not_written_into(repo, home, tmp_path):
    graph = GRAPH.replace("outs: [two.txt]", "outs: [two/two.txt]").replace(
        "cp made/a.txt two.txt", "mkdir -p two && cp made/a.txt two/two.txt"
    )
    (repo / "dvc.yaml").write_text(graph.replace("three.sh, two.txt", "three.sh, two/two.txt"))
    commit(repo)
    run = begin(repo, home)
    quietly(run, "one", "two")
    victim = tmp_path / "victim"
    victim.mkdir()
    (run.folder / "two" / "two.txt").unlink()
    shutil.rmtree(run.folder / "two")
    (run.folder / "two").symlink_to(victim)
    for stage in ("two", "three"):
        with pytest.raises(PipelineError, match="two is a link to"):
            quietly(run, stage)
    assert not list(victim.iterdir())


def test_a_link_of_the_repository_s_own_is_followed(repo, home, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    (repo / "big").symlink_to(disk)
    text = GRAPH.replace("two.txt", "big/two.txt")
    (repo / "dvc.yaml").write_text(text.replace("[big/two.txt]", "[big/two.txt: {cache: false}]"))
    commit(repo)
    run = begin(repo, home)
    assert quietly(run, "one", "two", "three") == ["ran"] * 3


def test_a_report_that_is_a_link_to_a_folder_is_not_walked(run, home, tmp_path, monkeypatch):
    quietly(run, "one", "two", "three")
    shutil.rmtree(run.folder / "made")
    (run.folder / "made").symlink_to(tmp_path)
    walked = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path=".": walked.append(str(path)) or real(path))
    with pytest.raises(PipelineError, match="made is a link to"):
        publish(run, home, ["made"])
    assert walked == []


@pytest.mark.parametrize("name", ["/etc/hostname", "../../secret", "a/../../secret"])
def test_a_report_outside_of_the_repository_is_refused(run, home, name):
    with pytest.raises(PipelineError, match="lie outside of the repository"):
        publish(run, home, [name])


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root gives files away")
def test_what_a_parallel_step_swaps_in_is_not_given_away(tmp_path):
    top, victims = tmp_path / "top", tmp_path / "victims"
    victims.mkdir()
    for number in range(20):
        (victims / str(number)).write_text("of root")
        (top / str(number)).mkdir(parents=True)
        for name in "abcdefghij":
            (top / str(number) / name).write_text("of the run")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for number in range(20):
                for name in "abcdefghij":
                    path, aside = top / str(number) / name, top / f"{number}-{name}"
                    aside.symlink_to(victims / str(number))
                    aside.replace(path)
                folder, aside = top / str(number), top / f".{number}"
                folder.rename(aside)
                folder.symlink_to(victims)
                folder.unlink()
                aside.rename(folder)

    swapping = threading.Thread(target=swap)
    swapping.start()
    until = time.monotonic() + 2
    while time.monotonic() < until:
        give(top, 50000, 0, files=True)
    done.set()
    swapping.join()
    assert {path.lstat().st_uid for path in (victims, *victims.iterdir())} == {0}
    assert top.lstat().st_uid == 50000


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root gives files away")
def test_the_files_of_a_run_are_given_to_the_user_of_its_containers(run):
    outside = run.top.parent / "outside"
    outside.write_text("of root")
    os.link(outside, run.folder / "link")
    give(run.top, 50000, 0, files=True)
    assert (run.folder / "dvc.yaml").stat().st_uid == 50000
    assert run.folder.stat().st_uid == 50000
    assert {p.lstat().st_uid for p in ((run.top / ".git"), own(run.top), outside)} == {0}


def leads_to(run: Run, path: Path) -> str:
    """A name of an object that DVC would find at a path."""
    return f"../{os.path.relpath(path, run.cache_dir / 'files')}"


def as_an_object(run: Run, oid: str) -> None:
    forge(run, "one", {"md5": oid})


def in_a_list(run: Run, oid: str) -> None:
    text = json.dumps([{"md5": oid, "relpath": "a.txt"}]).encode()
    forge(run, "one", {"md5": plant(run, "list", text, ".dir"), "nfiles": 1})


@pytest.mark.parametrize("forged", [as_an_object, in_a_list])
def test_a_path_is_no_name_of_an_object(run, home, tmp_path, forged):
    quietly(run, "one")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    forged(run, leads_to(run, victim))
    shutil.rmtree(run.folder / "made")
    with pytest.raises(PipelineError, match="names an object .*/victim', and that is a path"):
        quietly(run, "two")
    assert "and that is a path" in brought(run, "two", tmp_path / "result")
    with pytest.raises(PipelineError):
        publish(run, home, ["made"])
    assert victim.read_text() == "precious"  # DVC removes what is not as it should be


def test_what_a_step_names_as_a_metric_is_not_taken_from_what_git_and_dvc_obey(run, repo, home):
    quietly(run, "one", "two", "three")
    with (run.folder / ".dvc" / "config.local").open("a") as file:
        file.write("['remote \"x\"']\n    url = s3://x\n    secret_access_key = hunter2\n")
    with (run.folder / "dvc.yaml").open("a") as file:
        file.write("metrics: [.dvc/config.local, .git/config, ../../../x]\n")
    close_run(run, home)
    assert "config.local" not in shell(repo, "git", "rev-list", "--objects", "--all")


def test_a_run_that_is_opened_again_does_not_take_over_what_a_step_changed(run, repo, home):
    quietly(run, "one", "two")
    path, text = run.folder / "dvc.yaml", (run.folder / "dvc.yaml").read_text()
    path.write_text(text.replace("sh three.sh", "touch three.txt ../../../victim"))
    with pytest.raises(PipelineError, match="Stage 'three' is not what it was as the run began"):
        begin(repo, home)
    path.write_text(text)
    again = begin(repo, home)
    assert again.unchanged == ("one", "two")
    assert quietly(again, "one", "two", "three") == ["cached", "cached", "ran"]
    assert close_run(again, home)


def test_closing_asks_no_submodule_that_a_step_may_have_set_up(repo, home, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    shell(inner, "git", "init", "--quiet")
    (inner / "a.txt").write_text("a")
    commit(inner)
    allowed = ("-c", "protocol.file.allow=always")
    shell(repo, "git", *allowed, "submodule", "--quiet", "add", str(inner), "sub")
    commit(repo)
    run = begin(repo, home)
    quietly(run, "one", "two", "three")
    with (run.folder / "sub" / ".git" / "config").open("a") as file:
        file.write(f'[core]\n\tfsmonitor = "touch {tmp_path / "victim"}; false"\n')
    close_run(run, home)
    assert not (tmp_path / "victim").exists()


PIPES = {
    "a file of git": ("three.sh", "three"),
    "an out that git holds": ("two.txt", "1 stages of the run have no good result: two"),
    "the lines of git": (".gitignore", "three"),
    "the lock": ("dvc.lock", "three"),
    "a report": ("three.txt", "three"),
}


@pytest.mark.parametrize(("name", "comes"), PIPES.values(), ids=PIPES)
def test_nothing_waits_at_a_pipe_that_a_step_made(repo, home, tmp_path, name, comes):
    text = GRAPH.replace("outs: [two.txt]", "outs: [two.txt: {cache: false}]")
    (repo / "dvc.yaml").write_text(text)
    commit(repo)
    run = begin(repo, home)
    quietly(run, "one", "two", "three")
    (run.folder / name).unlink()
    os.mkfifo(run.folder / name)
    assert comes in said_by(lambda: close_run(run, home, ["three.txt"]) and "three", tmp_path)


def test_nothing_waits_at_a_pipe_in_the_cache(run, home, tmp_path):
    quietly(run, "one", "two", "three")
    path = run.cache_dir / "files" / "md5" / oid_of(b"3\n")[:2] / oid_of(b"3\n")[2:]
    path.unlink()
    os.mkfifo(path)
    assert "is no file" in said_by(lambda: close_run(run, home), tmp_path)


def said_by(work: Callable[[], str], tmp_path: Path) -> str:
    """What comes of some work, within a few seconds."""
    result = tmp_path / "said"

    def call() -> None:
        try:
            result.write_text(work())
        except PipelineError as error:
            result.write_text(str(error))

    pid, until = fork(call), time.monotonic() + 20
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return result.read_text()
        time.sleep(0.05)
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    return "it waits"


def test_what_git_and_dvc_obey_is_not_written_by_a_link(run, home):
    quietly(run, "one", "two")
    before = (run.folder / ".git" / "config").read_text()
    (run.folder / ".gitignore").unlink()
    (run.folder / ".gitignore").symlink_to(".git/config")
    with pytest.raises(PipelineError, match=r"\.gitignore is a link to \.git/config"):
        quietly(run, "three")
    with pytest.raises(PipelineError, match=r"\.gitignore is a link to"):
        close_run(run, home)
    assert (run.folder / ".git" / "config").read_text() == before


def test_a_run_closes_though_what_a_stage_read_is_gone(run, home):
    quietly(run, "one", "two", "three")
    (run.folder / "two.txt").unlink()
    assert close_run(run, home)


def test_folders_in_folders_do_not_keep_the_runs_after_them_from_opening(run, home):
    def nest() -> None:
        os.chdir(run.folder)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")

    status_of(fork(nest))
    assert discard_old(home, -1, lambda run: False) == ["one"]
    assert not list((home / "runs").iterdir())


def test_a_container_saves_nothing_in_the_run_cache(run, monkeypatch):
    from dvc.stage.cache import StageCache

    monkeypatch.setattr(StageCache, "save", StageCache.save)

    def torn(self: object, key: str, value: str) -> None:
        raise OSError("a file system that is read-only, and DVC would remove what is torn")

    monkeypatch.setattr(StageCache, "_load_cache", torn)
    save_no_runs()
    assert StageCache.save(None, None) is None
    assert StageCache._load_cache(None, "", "") is None


def test_the_sign_that_an_out_is_here_is_not_made_through_a_link(tmp_path, monkeypatch):
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    out = SimpleNamespace(fs_path=str(tmp_path / "out"))
    here(out).symlink_to(tmp_path / "victim")
    be_here(out)
    assert not (tmp_path / "victim").exists()
    here(out).unlink()
    be_here(out)
    be_here(out)
    assert here(out).is_file()


def test_where_a_step_links_its_answer_to_its_worker_writes_nothing(run, tmp_path):
    victim, file = tmp_path / "victim", tmp_path / "answer"
    victim.write_text("precious")
    step = Reproduce("one", False, False, "", None, None)
    order = Contained(step, Where("docker", "-"), {}, run.folder, run.top, run.cache_dir, run.repo)

    def step_that_is_killed(*_: object) -> int:
        file.symlink_to(victim)
        raise PipelineError("Stage 'one' was killed.", "let it use less.")

    def work() -> None:
        os.chdir(run.folder)
        elsewhere.runner_of = lambda runtime: step_that_is_killed
        elsewhere.work(Terms(str(file), 0, True, 9), order)

    status_of(fork(work))
    assert victim.read_text() == "precious"
    assert json.loads(file.read_text())["refusal"]["what"] == "Stage 'one' was killed."


def test_a_refusal_is_no_try_after_which_a_forged_entry_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    repo = tmp_path / "top/projects/one"
    repo.mkdir(parents=True)
    shell(tmp_path / "top", "git", "init", "--quiet")
    dvc_(repo, "init", "--quiet", "--subdir")
    (repo / "dvc.yaml").write_text(GRAPH.replace("${word}", "one"))
    (repo / "three.sh").write_text("echo 3 > three.txt\n")
    commit(tmp_path / "top")
    home = tmp_path / "home"
    run = open_run(repo, "one", params={}, targets=["."], plan_key=None, home=home)
    touch(contained(run))
    quietly(run, "one")
    oid = plant(run, "planted", b"evil\n")
    lockfile = yaml.safe_load((run.folder / "dvc.lock").read_text())
    lockfile["stages"]["two"] = {
        "cmd": "cp made/a.txt two.txt",
        "deps": lockfile["stages"]["one"]["outs"],
        "outs": [{"path": "two.txt", "hash": "md5", "md5": oid, "size": 5}],
    }
    (run.folder / "dvc.lock").write_text(yaml.safe_dump(lockfile, sort_keys=False))
    (run.folder / ".git").mkdir()
    with pytest.raises(PipelineError, match=r"\.git is no part of the run's commit"):
        quietly(run, "two")
    (run.folder / ".git").rmdir()
    quietly(run, "two")
    assert (run.folder / "two.txt").read_text() == "one\n"
