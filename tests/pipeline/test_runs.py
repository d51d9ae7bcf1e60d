"""A run is isolated, goes on where it stopped, and ends as one experiment.

Long because each case is one run of the same small repository.
"""

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
from parity import dvc_
from small_git import commit, shell

from include.errors import ParamsError, PipelineError
from include.pipeline import yaml_text
from include.pipeline.child.orders import Refused, Reproduce
from include.pipeline.child.reproducing import reproduce as reproduce_here
from include.pipeline.child.reproducing import see_that_environment_is_its_own
from include.pipeline.child.stages import stage_of
from include.pipeline.closing import close_run as closing
from include.pipeline.closing.close_run import close_run
from include.pipeline.closing.reports import publish
from include.pipeline.opening import open_run as opening
from include.pipeline.opening.open_run import open_run
from include.pipeline.plan import load
from include.pipeline.reproduce import StageFailed, reproduce
from include.pipeline.workspace import Run, discard_old, find, marker_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def start(repo: Path, home: Path, run_id: str = "one", targets=("second.shout",), **params) -> Run:
    values = {name.replace("__", "."): value for name, value in params.items()}
    return open_run(repo, run_id, params=values, targets=targets, plan_key=None, home=home)


def thaw(repo: Path, command: str) -> None:
    """Let the frozen stage run, with another command."""
    text = (repo / "dvc.yaml").read_text()
    text = text.replace("cp source.txt frozen.txt", command).replace("frozen: true", "")
    (repo / "dvc.yaml").write_text(text)
    commit(repo)


def finish(run: Run, home: Path) -> dict[str, str]:
    did = {stage: reproduce(run, stage, log=lambda line: None).status for stage in run.stages}
    close_run(run, home)
    return did


def experiments(repo: Path) -> set[str]:
    refs = shell(repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    return {name.rsplit("/", 1)[1] for name in refs}


def lock_of(repo: Path, name: str, file: str = "dvc.lock") -> str:
    ref = shell(repo, "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").strip()
    return shell(repo, "git", "show", f"{ref}:{file}")


def test_a_run_leaves_an_experiment_and_nothing_else(repo, home):
    run = start(repo, home, "scheduled__2013-01-01T00:00:00+00:00")
    assert finish(run, home) == {
        "prepare": "ran",
        "count@left": "ran",
        "second/dvc.yaml:shout": "ran",
    }
    assert experiments(repo) == {"scheduled__2013-01-01T000000+0000"}
    assert list((home / "runs").iterdir()) == []
    assert shell(repo, "git", "status", "--porcelain") == ""
    assert not (repo / "parts").exists()
    shown = dvc_(repo, "exp", "show", "--csv")
    assert "scheduled__2013-01-01T000000+0000" in shown
    assert shell(repo, "git", "for-each-ref", "refs/leeway") == ""


def test_its_lock_is_that_of_plain_dvc_repro(repo, home):
    finish(start(repo, home, targets=["."]), home)
    dvc_(repo, "checkout", "frozen.txt")
    dvc_(repo, "repro", "--all-pipelines")
    for file in ("dvc.lock", "second/dvc.lock"):
        assert lock_of(repo, "one", file).strip() == (repo / file).read_text().strip()


def test_the_next_run_does_nothing_that_the_last_one_did(repo, home):
    finish(start(repo, home, targets=["."]), home)
    run = start(repo, home, "two", targets=["."])
    assert set(run.unchanged) == set(run.stages)
    assert set(finish(run, home).values()) == {"cached"}
    assert lock_of(repo, "two") == lock_of(repo, "one")


def test_a_changed_param_reruns_what_depends_on_it_and_says_so(repo, home):
    finish(start(repo, home), home)
    run = start(repo, home, "two", shout__times=3)
    assert run.unchanged == ("prepare", "count@left")
    outcome = reproduce(run, "second/dvc.yaml:shout", log=lambda line: None)
    assert outcome.status == "ran"
    assert outcome.why == ("the command changed", "param shout.times changed from 2 to 3")
    assert "# how often, 1 to 9" in (run.folder / "params.yaml").read_text()


def test_a_working_tree_with_changes_is_a_commit_on_no_branch(repo, home):
    head = shell(repo, "git", "rev-parse", "HEAD").strip()
    (repo / "source.txt").write_text("changed\n")
    (repo / "new.txt").write_text("new\n")
    run = start(repo, home)
    assert run.snapshot
    assert run.commit != head
    assert (run.folder / "source.txt").read_text() == "changed\n"
    assert not (run.folder / "new.txt").exists()  # no stage needs it
    assert shell(repo, "git", "rev-parse", "HEAD").strip() == head
    assert shell(repo, "git", "status", "--porcelain").split() == [
        "M",
        "source.txt",
        "??",
        "new.txt",
    ]
    finish(run, home)
    assert "one" in dvc_(repo, "exp", "list", "--name-only")


def test_a_plan_that_is_not_that_of_the_commit_stops_the_run(repo, home):
    key = load(repo).key
    (repo / "extra.yaml").write_text("queue: cpu\n")
    commit(repo)
    with pytest.raises(PipelineError, match=r"is not the one that this run was drawn from"):
        open_run(repo, "one", params={}, targets=[], plan_key=key, home=home)
    assert list((home / "runs").iterdir()) == []


def test_an_unknown_param_names_the_nearest(repo, home):
    with pytest.raises(
        ParamsError, match=r"no value 'shout\.tims'\. Did you mean 'shout\.times'\?"
    ):
        start(repo, home, shout__tims=3)


def test_a_param_of_another_kind_is_refused(repo, home):
    with pytest.raises(ParamsError, match=r"sets shout\.times to 'many', a str; it is a int: 2"):
        start(repo, home, shout__times="many")


def test_a_step_that_fails_keeps_its_status_and_its_own_words(repo, home):
    words = 'echo "The file is torn." >&2; echo "  Next: mend it." >&2; exit 7'
    (repo / "step.sh").write_text(words)
    thaw(repo, "sh step.sh")
    run = start(repo, home, targets=["frozen"])
    with pytest.raises(StageFailed) as error:
        reproduce(run, "frozen", log=lambda line: None)
    assert (str(error.value), error.value.status) == ("The file is torn.\n  Next: mend it.", 7)
    with pytest.raises(PipelineError, match=r"1 stages of the run have no good result: frozen\."):
        close_run(run, home)
    assert experiments(repo) == set()


@pytest.mark.parametrize(
    ("step", "given", "fix"),
    [
        (
            "change shout.times in params.yaml.",
            {"shout__times": 3},
            "change shout.times in params.yaml. This run was given shout.times = 3 and keeps it: "
            "trigger a new run with another value.",
        ),
        (
            "set shout in params.yaml to what the source has.",
            {"shout__times": 3},
            "set shout in params.yaml to what the source has. This run was given shout.times = 3 "
            "and keeps it: trigger a new run with another value.",
        ),
        (
            "change shout.mark in params.yaml.",
            {},
            "change shout.mark in params.yaml. This run keeps what commit COMMIT says: commit the "
            "change, or give the value, and trigger a new run.",
        ),
        ("mend the file.", {"shout__times": 3}, "mend the file."),
    ],
    ids=["a value of the run", "a section with one", "a value of the commit", "no value"],
)
def test_a_step_s_advice_is_one_that_who_is_on_call_can_follow(repo, home, step, given, fix):
    (repo / "step.sh").write_text(f'echo "It is wrong." >&2; echo "  Next: {step}" >&2; exit 1')
    thaw(repo, "sh step.sh")
    run = start(repo, home, targets=["frozen"], **given)
    with pytest.raises(StageFailed) as error:
        reproduce(run, "frozen", log=lambda line: None)
    assert error.value.fix == fix.replace("COMMIT", run.commit[:10])


@pytest.fixture
def declaring(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose stage `frozen` runs, in an environment that it declares."""
    thaw(repo, "cp source.txt frozen.txt")
    text = (repo / "dvc.yaml").read_text()
    dep = "deps: [source.txt, environments/steps.txt]\n    outs: [frozen.txt]"
    (repo / "dvc.yaml").write_text(text.replace("deps: [source.txt]\n    outs: [frozen.txt]", dep))
    (repo / "environments").mkdir()
    (repo / "environments/steps.txt").write_text("dvc==1\n")
    assert "environments/steps.txt" in (repo / "dvc.yaml").read_text()
    monkeypatch.chdir(repo)
    monkeypatch.setattr(sys, "prefix", str(repo))
    return repo


FROZEN = Reproduce("frozen", False, False, "", None, None)
DVC_1 = sha256(b"dvc==1\n").hexdigest()


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        (
            {"environments/steps.txt": "0" * 64},
            "another environments/steps.txt (000000000000) than",
        ),
        ({"environments/serving.txt": DVC_1}, "no environments/steps.txt, so not"),
    ],
    ids=["another", "none"],
)
def test_a_stage_is_refused_where_its_environment_is_not_installed(declaring, held, problem):
    lines = (f"{digest}  {name}\n" for name, digest in held.items())
    (declaring / "environments.sha256").write_text("".join(lines))
    with pytest.raises(Refused) as refused:
        reproduce_here(FROZEN)
    assert refused.value.refusal.what == (
        f"This image or environment was made from {problem} that of the run ({DVC_1[:12]}): "
        "the result of stage 'frozen' would not be what its key says."
    )
    assert refused.value.refusal.fix == (
        "make it anew (`make compose-up`, or `make setup` where the worker is in no image), "
        "then trigger a new run."
    )
    assert not (declaring / "frozen.txt").exists()


def test_other_environments_than_a_stage_s_own_may_change(declaring):
    from dvc.repo import Repo

    with Repo(".") as repo:
        stage = stage_of(repo, "frozen")
        see_that_environment_is_its_own(stage)  # not an image of ours
        note = f"{DVC_1}  environments/steps.txt\n{'0' * 64}  environments/airflow.txt\n"
        (declaring / "environments.sha256").write_text(note)
        see_that_environment_is_its_own(stage)


def test_the_whole_resolution_may_be_read_where_no_image_installs_it(declaring):
    from dvc.repo import Repo

    (declaring / "environments/development.txt").write_text("dvc==1\nruff==1\n")
    text = (declaring / "dvc.yaml").read_text()
    both = text.replace(
        "environments/steps.txt", "environments/steps.txt, environments/development.txt"
    )
    (declaring / "dvc.yaml").write_text(both)
    note = declaring / "environments.sha256"
    with Repo(".") as repo:
        stage = stage_of(repo, "frozen")
        note.write_text(f"{DVC_1}  environments/steps.txt\n")
        see_that_environment_is_its_own(stage)
        note.write_text(f"{note.read_text()}{'0' * 64}  environments/development.txt\n")
        with pytest.raises(Refused):
            see_that_environment_is_its_own(stage)


@pytest.mark.parametrize("inside", [False, True], ids=["a file", "a folder"])
def test_a_report_that_is_a_link_out_of_the_run_is_not_published(repo, home, tmp_path, inside):
    secret = tmp_path / "secret"
    secret.write_text("of the worker")
    run = start(repo, home)
    for stage in run.stages:
        reproduce(run, stage)
    report = run.folder / ("parts/left.txt" if inside else "second/shout.txt")
    report.unlink()
    report.symlink_to(secret)
    with pytest.raises(PipelineError, match=r"is a link to .*secret, which is no file of the run"):
        publish(run, home, ["parts" if inside else "second/shout.txt"])
    for there in (run.folder / ".dvc", run.folder / "second"):
        link = run.folder / "parts" / "link"
        link.symlink_to(there)
        report.unlink()
        report.write_text("a file")
        with pytest.raises(PipelineError, match=r"link is a link to"):
            publish(run, home, ["parts"])
        link.unlink()
        report.unlink()
        report.symlink_to(secret)
    assert not [p for p in (home / "reports").rglob("*") if p.is_file()]


def test_a_step_that_writes_to_its_input_does_not_change_the_cache(repo, home):
    finish(start(repo, home), home)
    text = (repo / "dvc.yaml").read_text()
    bad = text.replace(
        "wc -c < parts/${item}.txt", "echo x >> parts/${item}.txt; wc -c < parts/${item}.txt"
    )
    (repo / "dvc.yaml").write_text(bad)
    commit(repo)
    before = {
        path: path.read_bytes() for path in (repo / ".dvc/cache").rglob("*") if path.is_file()
    }
    run = start(repo, home, "two")
    with pytest.raises(PipelineError) if os.geteuid() else pytest.MonkeyPatch.context():
        reproduce(run, "count@left", log=lambda line: None)
    assert all(path.read_bytes() == held for path, held in before.items())


def test_stages_of_one_run_work_at_once(repo, home):
    run = start(repo, home, targets=["grid"])
    code = (
        "import sys; from pathlib import Path; from include.pipeline.workspace import Run;"
        "from include.pipeline.reproduce import reproduce;"
        "run = Run.from_json(sys.argv[1]); print(reproduce(run, sys.argv[2]).status)"
    )
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", code, run.to_json(), stage], cwd=ROOT, stdout=-1, text=True
        )
        for stage in run.stages
    ]
    assert [job.communicate()[0].splitlines()[-1] for job in jobs] == ["ran"] * 4
    close_run(run, home)
    assert lock_of(repo, "one").count("grid@") == 4


def test_the_log_is_the_output_of_the_step_as_it_comes(repo, home):
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(
        text.replace("cp source.txt frozen.txt", "echo seen; sleep 2; echo 1 > frozen.txt")
    )
    commit(repo)
    times: dict[str, float] = {}
    began = time.monotonic()
    run = start(repo, home, targets=["frozen"])
    # A frozen stage is not run by DVC: it keeps what it has.
    (run.folder / "dvc.yaml").write_text(
        (run.folder / "dvc.yaml").read_text().replace("frozen: true", "")
    )
    reproduce(run, "frozen", log=lambda line: times.setdefault(line, time.monotonic() - began))
    assert times["seen"] < time.monotonic() - began - 1.8


def slow(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text()
    step = "sleep 31.5; cp source.txt frozen.txt"
    (repo / "dvc.yaml").write_text(
        text.replace("cp source.txt frozen.txt", step).replace("frozen: true", "")
    )
    commit(repo)


def sleepers() -> list[str]:
    found = subprocess.run(
        ["pgrep", "-f", "^sleep 31.5"], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def wait_for(condition, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=str)
def test_a_task_that_is_killed_leaves_no_orphan_and_its_retry_ends_well(repo, home, number):
    thaw(repo, "sleep 31.5; wc source.txt > frozen.txt")
    run = start(repo, home, targets=["frozen"])
    code = (
        "import sys; from pathlib import Path; from include.pipeline.workspace import Run;"
        "from include.pipeline.reproduce import reproduce;"
        "reproduce(Run.from_json(sys.argv[1]), 'frozen')"
    )
    task = subprocess.Popen(
        [sys.executable, "-c", code, run.to_json()], cwd=ROOT, stdout=-1, stderr=-1
    )
    wait_for(sleepers, 20)
    task.send_signal(number)
    wait_for(lambda: not sleepers())
    task.wait(10)
    assert not (run.folder / "frozen.txt").exists()
    again = start(repo, home, targets=["frozen"])
    assert again.folder == run.folder
    (run.folder / "dvc.yaml").write_text(
        (run.folder / "dvc.yaml").read_text().replace("sleep 31.5; ", "")
    )
    assert reproduce(again, "frozen", log=lambda line: None).status == "ran"


def test_a_close_that_is_killed_is_finished_by_the_next_and_saves_once(repo, home, monkeypatch):
    run = start(repo, home)
    for stage in run.stages:
        reproduce(run, stage, log=lambda line: None)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(closing, "remember", killed)
        with pytest.raises(KeyboardInterrupt):
            close_run(run, home)
    first = shell(repo, "git", "for-each-ref", "refs/exps")
    close_run(run, home)
    close_run(run, home)
    assert shell(repo, "git", "for-each-ref", "refs/exps") == first
    assert len(first.splitlines()) == 1


def test_an_opening_that_is_killed_is_begun_anew(repo, home, monkeypatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(opening, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            start(repo, home)
    assert finish(start(repo, home), home)["prepare"] == "ran"


def test_data_goes_to_the_remote_when_there_is_one(repo, home, tmp_path):
    (tmp_path / "remote").mkdir()
    dvc_(repo, "remote", "add", "-d", "store", str(tmp_path / "remote"))
    commit(repo)
    finish(start(repo, home, targets=["prepare"]), home)
    assert len([path for path in (tmp_path / "remote").rglob("*") if path.is_file()]) == 2


def test_old_workspaces_are_removed_but_not_those_of_young_or_living_runs(repo, home):
    old, young, waits = (start(repo, home, name) for name in ("old", "young", "waits"))
    for run in (old, waits):  # nothing was written for long: a stage works, or waits for a worker
        for path in (run.folder, *run.folder.rglob("*")):
            os.utime(path, (1, 1), follow_symlinks=False)
    assert discard_old(home, 24, live=lambda run: run.id == "waits") == ["old"]
    assert (old.folder.exists(), young.folder.exists(), waits.folder.exists()) == (
        False,
        True,
        True,
    )
    kept = shell(repo, "git", "for-each-ref", "--format=%(refname)", "refs/leeway").split()
    assert kept == ["refs/leeway/runs/waits", "refs/leeway/runs/young"]


def test_comments_of_params_are_the_help_of_a_form(repo):
    assert yaml_text.comments((repo / "params.yaml").read_text()) == {
        "shout.times": "how often, 1 to 9",
        "shout.mark": "what follows each time",
    }


def test_a_run_survives_its_way_through_text(repo, home):
    run = start(repo, home)
    assert Run.from_json(json.dumps(json.loads(run.to_json()))) == run


def test_workspaces_inside_the_repository_are_seen_neither_by_git_nor_by_dvc(repo):
    start(repo, repo / "leeway")
    assert "leeway" not in shell(repo, "git", "status", "--porcelain", "--untracked-files=all")
    assert (repo / "leeway/.dvcignore").read_text() == "*\n"


def test_a_run_that_an_older_version_opened_goes_on(repo, home):
    run = start(repo, home)
    held = json.loads(marker_of(run.top).read_text())
    held["locks"] = held.pop("lockfiles")
    marker_of(run.top).write_text(json.dumps(held))
    assert find(repo, home, "", "one") == run
    marker_of(run.top).write_text(json.dumps({"id": "one", "unknown": 1}))
    assert finish(start(repo, home), home)["prepare"] == "ran"
