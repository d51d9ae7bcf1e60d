"""After every fault a run goes on to the result of a run that nothing happened to.

Long because each fault is a case on the same run, compared with one without it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import small_git
import yaml
from real_processes import at_work_in, fork, kill_self, status_of, wait_until
from small_git import commit, shell

from include.errors import PipelineError
from include.pipeline import memory, params_file, workspace
from include.pipeline.closing import close_run as closing
from include.pipeline.closing import experiment
from include.pipeline.closing.close_run import close_run
from include.pipeline.closing.reports import publish
from include.pipeline.git import cloning
from include.pipeline.opening import open_run as opening
from include.pipeline.opening.open_run import open_run
from include.pipeline.orders import Push
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run, discard_old

ROOT = Path(__file__).parents[2]
PREPARE, COUNT, SHOUT = "prepare", "count@left", "second/dvc.yaml:shout"
# Writes half of its out, and waits if there is a gate: a folder outside of the run.
HALVES = """
import os, sys, time
from pathlib import Path

source, target = sys.argv[1:]
text = Path(source).read_text().upper()
with open(target, "w") as out:
    out.write(text[:3])
    out.flush()
    if "GATE" in os.environ:
        gate = Path(os.environ["GATE"])
        (gate / "step").write_text(f"{os.getsid(0)} {os.getpid()} .")
        until = time.monotonic() + 120
        while not (gate / "go").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
    out.write(text[3:])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a repository of which nothing has run, and a copy of it beside.

    DVC is imported once, as the scheduler does it: its processes are forks, and start soon.
    """
    import dvc.repo.reproduce  # noqa: F401

    folder = tmp_path_factory.mktemp("faults") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder.parent / "site-cache"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        repo = small_git.make(folder / "repo")
        (repo / "halves.py").write_text(HALVES)
        change(repo, "wc -c < parts/${item}.txt >", "python3 halves.py parts/${item}.txt")
        keep(folder, "new")
        yield folder


def change(repo: Path, old: str, new: str) -> None:
    """Commit another dvc.yaml."""
    text = (repo / "dvc.yaml").read_text()
    assert old in text
    (repo / "dvc.yaml").write_text(text.replace(old, new))
    commit(repo)


def keep(site: Path, name: str) -> None:
    shutil.copytree(site, site.with_name(name), symlinks=True)


def restore(site: Path, name: str) -> None:
    """Bring a site back to a state that was kept; at the same path, which is in its settings."""
    shutil.rmtree(site)
    shutil.copytree(site.with_name(name), site, symlinks=True)


def start(site: Path, run_id: str = "one", times: int = 3) -> Run:
    params = {"shout.times": times}
    repo, home = site / "repo", site / "home"
    return open_run(repo, run_id, params=params, targets=[SHOUT], plan_key=None, home=home)


def work(run: Run) -> dict[str, str]:
    return {stage: reproduce(run, stage, log=lambda line: None).status for stage in run.stages}


def refs(site: Path) -> str:
    """The experiments. The name of a tree follows from all locks in it: same line, same locks."""
    form = "--format=%(tree) %(refname)"
    return shell(site / "repo", "git", "for-each-ref", form, "refs/exps")


def lock_of(site: Path, name: str, file: str = "dvc.lock") -> str:
    commit_of = shell(site / "repo", "git", "for-each-ref", f"refs/exps/*/*/{name}").split()[0]
    return shell(site / "repo", "git", "show", f"{commit_of}:{file}")


@pytest.fixture(scope="module")
def undisturbed(site: Path) -> str:
    """The experiment of a run that nothing happens to; its states are kept on the way."""
    run = start(site)
    assert set(work(run).values()) == {"ran"}
    keep(site, "worked")
    close_run(run, site / "home")
    keep(site, "closed")
    assert len(yaml.safe_load(lock_of(site, "one"))["stages"]) == 3  # with the frozen one
    return refs(site)


@pytest.fixture
def new(site: Path, undisturbed: str) -> Path:
    """The site before its first run."""
    restore(site, "new")
    return site


@pytest.fixture
def worked(site: Path, undisturbed: str) -> tuple[Path, Run]:
    """The site with a run whose stages have ended, and which is not closed."""
    restore(site, "worked")
    return site, start(site)


@pytest.fixture
def closed(site: Path, undisturbed: str) -> Path:
    """The site after its first run."""
    restore(site, "closed")
    return site


def killed_at(
    owner: object, name: str, when: Callable[..., bool] = lambda *_, **__: True
) -> Callable[[], None]:
    """Arrange in a fork that it is killed when it gets to a step."""

    def arrange() -> None:
        real = getattr(owner, name)

        def step(*words: object, **named: object) -> object:
            if when(*words, **named):
                kill_self()
            return real(*words, **named)

        setattr(owner, name, step)

    return arrange


def killed(arrange: Callable[[], None], work: Callable[[], object]) -> None:
    """Do some work in a process that is killed in the middle of it."""

    def both() -> None:
        arrange()
        work()

    assert status_of(fork(both)) == -signal.SIGKILL


OPENING = {
    "before the clone": killed_at(opening, "clone"),
    "in the clone": killed_at(cloning, "git", lambda _, *words, **named: words[0] == "checkout"),
    "before the params": killed_at(params_file, "write"),
    "before the commit is kept": killed_at(opening, "anchor"),
    "before it is known whose it is": killed_at(opening, "settle"),
    "before it has its name": killed_at(Path, "replace", lambda path, _: path.name[:5] == ".one."),
    "before what is unchanged is known": killed_at(opening, "asked"),
    "before that is written down": killed_at(opening, "see_that_runnable"),
}


@pytest.mark.parametrize("arrange", OPENING.values(), ids=OPENING.keys())
def test_an_opening_that_is_killed_is_done_again(new, undisturbed, arrange):
    killed(arrange, lambda: start(new))
    run = start(new)
    assert work(run) == {PREPARE: "ran", COUNT: "ran", SHOUT: "ran"}
    close_run(run, new / "home")
    assert refs(new) == undisturbed


def test_what_a_killed_opening_left_is_aged_out(new):
    killed(OPENING["before it is known whose it is"], lambda: start(new))
    (left,) = (new / "home/runs").iterdir()
    for path in (left / "dvc.lock", left):
        os.utime(path, (1, 1))
    assert discard_old(new / "home", 24, live=lambda run: True) == [left.name]


CLOSING = {
    "before the lockfiles are ordered": killed_at(closing, "put_in_order"),
    "before the experiment": killed_at(closing, "save"),
    "in the experiment": killed_at(
        experiment, "git", lambda repo, *words, **_: words[0] == "update-ref"
    ),
    "before the push": killed_at(closing, "asked", lambda run, order: isinstance(order, Push)),
    "before what it made is remembered": killed_at(memory, "remember"),
    "before the workspace is put aside": killed_at(
        Path, "replace", lambda path, _: path.name == "one"
    ),
    "before the workspace is removed": killed_at(
        shutil, "rmtree", lambda path, **_: Path(path).name == ".one.gone" and Path(path).exists()
    ),
}


@pytest.mark.parametrize("arrange", CLOSING.values(), ids=CLOSING.keys())
def test_a_close_that_is_killed_is_done_again_and_saves_once(worked, undisturbed, arrange):
    site, run = worked
    (site / "remote").mkdir()
    if arrange in (CLOSING["before the push"], CLOSING["before what it made is remembered"]):
        run = add_remote(run, site / "remote")
    killed(arrange, lambda: close_run(run, site / "home"))
    assert close_run(run, site / "home") == close_run(run, site / "home") == "one"
    assert refs(site) == undisturbed
    assert list((site / "home/runs").iterdir()) == []
    assert [len(memory.recall(good(site), name)) for name in run.stages] == [1, 1, 1]


def test_a_close_that_is_killed_as_it_removes_the_workspace_is_done_again(worked, undisturbed):
    site, run = worked
    gone = site / "home/runs/.one.gone"
    killed(
        killed_at(os, "rmdir", lambda *_, **__: gone.exists()),
        lambda: close_run(run, site / "home"),
    )
    assert gone.exists() and not run.folder.exists()
    close_run(run, site / "home")
    assert refs(site) == undisturbed
    assert not gone.exists()


@pytest.mark.parametrize("victim", ["the step", "DVC", "the task"])
def test_a_kill_in_the_middle_of_a_stage_leaves_no_trace(
    new, undisturbed, tmp_path, monkeypatch, victim
):
    monkeypatch.setenv("GATE", str(tmp_path))
    run = start(new)
    reproduce(run, PREPARE, log=lambda line: None)
    task = fork(lambda: reproduce(run, COUNT, log=lambda line: None))
    told = tmp_path / "step"
    wait_until(lambda: told.exists() and told.read_text().endswith("."))
    leader, step = map(int, told.read_text().split()[:2])
    os.kill({"the step": step, "DVC": leader, "the task": task}[victim], signal.SIGKILL)
    assert status_of(task) == (-signal.SIGKILL if victim == "the task" else 1)
    wait_until(lambda: not at_work_in(new), 20)
    assert (run.folder / "count-left.txt").read_text() == "HEL"
    with pytest.raises(PipelineError, match=r"2 stages of the run have no good result: "):
        close_run(run, new / "home")
    (tmp_path / "go").touch()
    again = start(new)
    assert (again.folder, work(again)) == (
        run.folder,
        {PREPARE: "cached", COUNT: "ran", SHOUT: "ran"},
    )
    close_run(again, new / "home")
    assert refs(new) == undisturbed


def test_a_dep_that_is_absent_is_that_of_this_run_and_not_that_of_the_last(closed):
    (closed / "repo/source.txt").write_text("changed\n")
    commit(closed / "repo")
    run = start(closed, "two")
    assert run.unchanged == ()
    reproduce(run, PREPARE, log=lambda line: None)
    shutil.rmtree(run.folder / "parts")
    assert reproduce(run, COUNT, log=lambda line: None).status == "ran"
    assert (run.folder / "count-left.txt").read_text() == "CHANGED\n"


def test_an_unchanged_folder_of_which_a_part_was_read_is_still_good(closed):
    change(closed / "repo", "python3 halves.py", "nice python3 halves.py")
    run = start(closed, "two")
    assert run.unchanged == (PREPARE,)
    work(run)
    assert close_run(run, closed / "home") == "two"


APPENDS = """
import os
import sys
from pathlib import Path

import dvc.repo.reproduce
import small_git
import test_faults

site = Path(sys.argv[1])
repo = small_git.make(site / "repo")
if "LINKS" in os.environ:
    small_git.shell(repo, sys.executable, "-m", "dvc", "config", "cache.type", os.environ["LINKS"])
    small_git.commit(repo)
test_faults.work(test_faults.start(site))
append = "sh -c 'echo more >> parts/${item}.txt' || true;"
test_faults.change(repo, "wc -c <", f"{append} wc -c <")
before = test_faults.cache_of(site)
run = test_faults.start(site, "two")
test_faults.work(run)
read = run.folder / "parts/left.txt"
print(*read.read_text().split(), "in a", "link" if read.stat().st_nlink > 1 else "copy")
print("cache is", "as it was" if test_faults.cache_of(site).items() >= before.items() else "changed")
"""
# Another user, who may read what root may, but write only what is their own.
AS_NOBODY = (
    *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
)


def may_be_nobody() -> bool:
    if not shutil.which("setpriv"):
        return False
    return subprocess.run([*AS_NOBODY, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("user", "read"),
    [
        pytest.param(
            (),
            "hello more in a copy",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="not root"),
        ),
        pytest.param(AS_NOBODY if os.geteuid() == 0 else (), "hello more in a copy"),
        pytest.param(
            (*(AS_NOBODY if os.geteuid() == 0 else ()), "env", "LINKS=hardlink"), "hello in a link"
        ),
    ],
    ids=["root", "another user", "another user, who asked for links"],
)
def test_a_step_that_appends_to_its_input_does_not_reach_the_cache(request, tmp_path, user, read):
    if user and not may_be_nobody():
        pytest.skip("this root may not become another user")
    # pytest's own folders are for this user alone.
    folder = Path(tempfile.mkdtemp()) if user else tmp_path
    request.addfinalizer(lambda: shutil.rmtree(folder))
    if user:
        os.chown(folder, 65534, 65534)
    paths = (ROOT, ROOT / "tests/pipeline")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "DVC_SITE_CACHE_DIR": str(folder / "site-cache"),
        "DVC_NO_ANALYTICS": "1",
    }
    command = [*user, sys.executable, "-c", APPENDS, str(folder)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-2:] == [read, "cache is as it was"]


def cache_of(site: Path) -> dict[str, bytes]:
    """Each object of the cache."""
    files = (site / "repo/.dvc/cache/files").rglob("*")
    return {str(path): path.read_bytes() for path in files if path.is_file()}


def object_of(site: Path, name: str) -> Path:
    """The object of an out, or of a file of the folder `parts`."""
    out, _, inner = name.partition("/") if name.startswith("parts/") else (name, "", "")
    for stage in (PREPARE, COUNT, SHOUT):
        for held in memory.recall(good(site), stage)[0].entry["outs"]:
            if held["path"] == out:
                found = held["md5"]
    if inner:
        listed = yaml.safe_load(address(site, found).read_text())
        found = next(entry["md5"] for entry in listed if entry["relpath"] == inner)
    return address(site, found)


def good(site: Path) -> Path:
    """Where it is remembered what good runs made."""
    return workspace.good_of(site / "home", site / "repo")


def address(site: Path, oid: str) -> Path:
    return site / "repo/.dvc/cache/files/md5" / oid[:2] / oid[2:]


def flip(path: Path) -> bytes:
    """Damage an object of the cache as a disk would: one byte, and the mode as it was."""
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    path.chmod(0o444)
    return good


@pytest.mark.parametrize(
    ("name", "producer", "consumer"),
    [
        ("count-left.txt", COUNT, SHOUT),
        ("parts/left.txt", PREPARE, COUNT),
        ("parts", PREPARE, COUNT),
    ],
    ids=["a file", "a file of a folder", "the list of a folder"],
)
def test_a_damaged_input_is_refused_and_made_again_by_its_stage(closed, name, producer, consumer):
    change(closed / "repo", "python3 halves.py", "nice python3 halves.py")
    run = start(closed, "two", times=4)
    if consumer == SHOUT:
        reproduce(run, COUNT, log=lambda line: None)
        (run.folder / "count-left.txt").unlink()
    path = object_of(closed, name)
    content = flip(path)
    with pytest.raises(PipelineError) as error:
        reproduce(run, consumer, log=lambda line: None)
    assert str(error.value) == (
        f"{name}, an out of {producer!r}, is damaged in the cache, or no longer there.\n"
        f"  Next: clear the task of stage {producer!r}, which makes it again, and then this one."
    )
    # Without the producer there is still nothing to consume.
    with pytest.raises(PipelineError, match="is damaged in the cache, or no longer there"):
        reproduce(run, consumer, log=lambda line: None)
    assert reproduce(run, producer, log=lambda line: None).status == "ran"
    assert path.read_bytes() == content
    assert reproduce(run, consumer, log=lambda line: None).status == "ran"
    assert work(run)[SHOUT] in ("cached", "ran")
    close_run(run, closed / "home")
    assert set(start(closed, "three", times=4).unchanged) == {PREPARE, COUNT, SHOUT}


def test_a_damaged_out_that_would_be_restored_is_made_again(closed):
    path = object_of(closed, "second/shout.txt")
    shutil.rmtree(good(closed))  # only DVC's own run cache knows what was made
    content = flip(path)
    run, lines = start(closed, "three", times=3), list[str]()
    for stage in (PREPARE, COUNT):
        assert reproduce(run, stage, log=lambda line: None).why == ("restored from the cache",)
    assert reproduce(run, SHOUT, log=lines.append).status == "ran"
    assert "second/shout.txt is damaged in the cache: it is made again" in lines
    assert (run.folder / "second/shout.txt").read_bytes() == path.read_bytes() == content


def test_a_damaged_report_is_not_published(closed):
    run = start(closed, "two")
    assert set(run.unchanged) == {PREPARE, COUNT, SHOUT}
    content = flip(object_of(closed, "second/shout.txt"))
    with pytest.raises(PipelineError, match=r"second/shout\.txt, an out of .* is damaged"):
        publish(run, closed / "home", ["second/shout.txt"])
    assert reproduce(run, SHOUT, log=lambda line: None).status == "ran"
    (report,) = publish(run, closed / "home", ["second/shout.txt"])
    assert report.read_bytes() == content


def add_remote(run: Run, folder: Path) -> Run:
    """The run, with a default remote in the settings that nobody commits."""
    with (run.folder / ".dvc/config.local").open("a") as file:
        file.write(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {folder}\n")
    return replace(run, remote=True)


def test_a_damaged_object_is_not_pushed(closed):
    remote = closed / "remote"
    remote.mkdir()
    run = add_remote(start(closed, "two"), remote)
    damaged = object_of(closed, "count-left.txt")
    content = flip(damaged)
    with pytest.raises(PipelineError, match=r"count-left\.txt, an out of 'count@left', is damaged"):
        close_run(run, closed / "home")
    assert [path for path in remote.rglob("*") if path.is_file()] == []
    assert reproduce(run, COUNT, log=lambda line: None).status == "ran"
    close_run(run, closed / "home")
    pushed = remote / damaged.relative_to(closed / "repo/.dvc/cache")
    assert pushed.read_bytes() == content
