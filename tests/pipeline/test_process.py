"""A step is a child of its task: seen live, alone with its environment, and never left behind.

Long because each case is one step of the same small run, as a fork and as a new Python.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from real_processes import at_work_in, fork, status_of, wait_until
from small_git import commit, init, shell

from include.errors import PipelineError
from include.pipeline.child.dvc_locks import works
from include.pipeline.child.orders import Reproduce, Reproduced, Terms, answer
from include.pipeline.cost_of_run import read_cost
from include.pipeline.places.container import command_of
from include.pipeline.places.where import Contained, Where
from include.pipeline.reproduce import Outcome, StageFailed, beyond, reproduce
from include.pipeline.workspace import Run

ROOT = Path(__file__).parents[2]
# Waits for a file that the test makes, but never for ever.
WAITS = """
import os, sys, time
from pathlib import Path
def wait_for(name):
    until = time.monotonic() + 60
    while not Path(name).exists():
        assert time.monotonic() < until, name
        time.sleep(0.02)
"""
# Writes half of its out, then waits.
SLOW = f"""{WAITS}
with open("out.txt", "w") as out:
    out.write("first half, ")
    out.flush()
    print("leader", os.getsid(0), flush=True)
    print("step", os.getpid(), flush=True)
    wait_for("go")
    out.write("second half")
"""


@pytest.fixture(params=["a new Python", "a fork"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the DVC process is made: it is a fork where DVC has been imported."""
    if request.param == "a fork":
        import dvc.repo.reproduce  # noqa: F401
    else:
        monkeypatch.delitem(sys.modules, "dvc.repo", raising=False)
    return str(request.param)


@pytest.fixture(scope="module")
def one_step(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one") / "repo"
    folder.mkdir()
    (folder / "dvc.yaml").write_text("stages: {step: {cmd: python3 step.py, outs: [out.txt]}}")
    init(folder)
    commit(folder)
    return folder


@pytest.fixture
def run(one_step: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of one stage, whose step is step.py of its workspace."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    folder = Path(shutil.copytree(one_step, tmp_path / "repo"))
    return Run("one", folder, folder, "HEAD", False, "", ("step",), (), ("step",), {})


def write(run: Run, step: str) -> None:
    (run.folder / "step.py").write_text(step)


def lines_of(run: Run, step: str) -> list[str]:
    """What a step that makes its out writes."""
    write(run, f"{step}\nopen('out.txt', 'w').write('made')")
    lines: list[str] = []
    assert reproduce(run, "step", log=lines.append).status == "ran"
    return lines


def retry(run: Run) -> Outcome:
    (run.folder / "go").touch()
    outcome = reproduce(run, "step", log=lambda line: None)
    assert (run.folder / "out.txt").read_text() == "first half, second half"
    assert at_work_in(run.folder) == set()
    return outcome


def test_a_line_is_seen_while_the_step_still_works(way, run):
    write(run, f"{WAITS}\nprint('seen', flush=True)\nwait_for('go')\nPath('out.txt').touch()")
    # The step ends well only if its line comes before its end.
    reproduce(run, "step", log=lambda line: (run.folder / "go").touch() if line == "seen" else None)


def test_every_kind_of_line_arrives(way, run):
    step = r"""
import sys
write = sys.stdout.buffer.write
write(b"half\rwhole\r\n" + b"caf\xc3\xa9 \xff\n")
write(b"x" * 200_000 + b"\n")
write(b"".join(b"%05d\n" % n for n in range(30_000)))
sys.stdout.flush()
sys.stderr.write("and of errors\n")
"""
    lines = lines_of(run, step)
    first = lines.index("half")
    assert lines[first : first + 4] == ["half", "whole", "café \ufffd", "x" * 200_000]
    assert lines[first + 4 : first + 30_004] == [f"{n:05}" for n in range(30_000)]
    assert lines[first + 30_004] == "and of errors"


def test_the_status_and_the_two_lines_of_an_error_survive_without_a_last_newline(way, run):
    write(run, "import sys; sys.stderr.write('The file is torn.\\n  Next: mend it.'); sys.exit(7)")
    with pytest.raises(StageFailed) as error:
        reproduce(run, "step", log=lambda line: None)
    assert (str(error.value), error.value.status) == ("The file is torn.\n  Next: mend it.", 7)


def test_a_step_sees_the_environment_but_nothing_of_airflow_and_leeway(way, run, monkeypatch):
    theirs = str(run.folder / "theirs")
    secrets = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW_CONN_STORE", "AIRFLOW_VAR_TOKEN")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), theirs]))
    monkeypatch.setenv("OF_THE_USER", "kept")
    lines = lines_of(run, "import json, os; print(json.dumps(dict(os.environ)))")
    seen = json.loads(next(line for line in lines if line.startswith("{")))
    assert not {*secrets} & seen.keys()
    assert (seen["PYTHONPATH"], seen["OF_THE_USER"]) == (theirs, "kept")


def test_no_path_of_ours_is_no_path_at_all(way, run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert "None" in lines_of(run, "import os; print(os.environ.get('PYTHONPATH'))")


def test_a_step_reads_nothing_and_can_be_interrupted_though_its_task_cannot(way, run):
    held = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        step = "import signal, sys; print([sys.stdin.read(), str(signal.getsignal(2).__name__)])"
        assert "['', 'default_int_handler']" in lines_of(run, step)
    finally:
        signal.signal(signal.SIGINT, held)


def killed_in_the_middle(run: Run, whom: str) -> tuple[Exception, float]:
    """Kill a process of a step that wrote half of its out; the error, and seconds until it."""
    write(run, SLOW)
    moment = 0.0

    def kill(line: str) -> None:
        nonlocal moment
        name, _, pid = line.partition(" ")
        if name == whom:
            moment = time.monotonic()
            os.kill(int(pid), signal.SIGKILL)

    with pytest.raises(PipelineError) as error:
        reproduce(run, "step", log=kill)
    return error.value, time.monotonic() - moment


def test_the_death_of_dvc_is_noticed_at_once_and_ends_its_step(way, run):
    error, seconds = killed_in_the_middle(run, "leader")
    assert str(error).startswith("The DVC process ended with -9 before its time: ")
    assert str(error).endswith("\n  Next: clear the task to try again; what was done is kept.")
    assert seconds < 20  # the step would have gone on for a minute
    lost = read_cost(run, "step")
    assert (lost.tries, lost.ran) == (1, True) and 0 < lost.wall_s < 60
    assert at_work_in(run.folder) == set()
    assert not (run.folder / "dvc.lock").exists()
    again = retry(run)
    assert again.status == "ran" and again.cost is not None
    assert again.cost.tries == 2 and again.cost.wall_s > lost.wall_s and again.cost.cpu_s > 0


def test_the_death_of_a_step_is_an_error_with_its_signal(way, run):
    error, _ = killed_in_the_middle(run, "step")
    assert isinstance(error, StageFailed)
    # A shell that waits for its child says 128 + 9; one that became its child is killed itself.
    assert error.status in (-9, 137)
    assert str(error).startswith(f"Stage 'step' ended with {error.status}: ")
    assert at_work_in(run.folder) == set()
    assert retry(run).status == "ran"


def test_the_death_of_a_task_leaves_no_orphan(way, run):
    write(run, SLOW)
    task = fork(lambda: reproduce(run, "step", log=lambda line: None))
    wait_until((run.folder / "out.txt").exists)
    assert len(at_work_in(run.folder)) > 1
    os.kill(task, signal.SIGKILL)
    assert status_of(task) == -signal.SIGKILL
    wait_until(lambda: not at_work_in(run.folder), 20)
    assert (run.folder / "out.txt").read_text() == "first half, "
    assert retry(run).status == "ran"


def test_a_process_that_a_step_leaves_behind_does_not_hold_the_task(way, run):
    began = time.monotonic()
    step = "import subprocess; print('left', subprocess.Popen(['sleep', '300']).pid)"
    lines = lines_of(run, step)
    assert time.monotonic() - began < 120
    left = next(line.split()[1] for line in lines if line.startswith("left"))
    assert int(left) not in at_work_in(run.folder)
    assert at_work_in(run.folder) == set()


def test_a_process_that_works_is_never_taken_for_a_dead_one(way, run):
    write(run, f"{WAITS}\nprint('seen', flush=True)\nwait_for('go')\nPath('out.txt').touch()")
    held: list[bool] = []

    def look(line: str) -> None:
        if line == "seen":
            [path] = (run.folder / ".dvc/tmp").glob("rwlock-*[0-9]")
            locks = json.loads(path.read_text())
            held.extend(works(holder) for holder in locks["write"].values())
            (run.folder / "go").touch()

    reproduce(run, "step", log=look)
    assert held == [True]


def test_a_container_does_not_judge_the_locks_of_others(run):
    write(run, "open('out.txt', 'w').write('made')")
    # A stage in another container, whose number is that of no process here.
    other = {"write": {}, "read": {str(run.folder / "x"): [{"pid": 2**22 - 1, "cmd": "other"}]}}
    (run.folder / ".dvc/tmp/rwlock").write_text(json.dumps(other))
    step = Reproduce("step", False, False, "", None, None)
    order = Contained(step, Where("docker", "-"), {}, run.folder, run.top, run.cache_dir, run.repo)
    _, script, message = command_of(order, Terms("r", 1, True, 5))
    shell(run.folder, "setsid", sys.executable, script, message)
    answered = json.loads((run.folder / "r").read_text())["answer"]
    assert answered["status"] == 0 and answered["usage"]["peak_gb"] > 0  # it measures there as well
    assert json.loads((run.folder / ".dvc/tmp/rwlock").read_text()) == other
    own = json.loads((run.folder / ".dvc/tmp/rwlock-step").read_text())
    assert not any(own.values())


def test_a_step_s_memory_is_measured_and_held_to_what_its_stage_declares(way, run):
    held = b"x" * 400_000_000  # a forked process begins with the memory of this one
    write(run, "held = b'x' * 150_000_000\nopen('out.txt', 'w').write('made')")
    usage = reproduce(run, "step", log=lambda line: None).usage
    assert len(held) and usage is not None and 0.15 < usage.peak_gb < 0.25
    assert usage.cpu_s > 0
    said = beyond(usage, 0.1)
    assert f"its largest process took {usage.peak_gb:.2f} GB, more than the 0.1 GB" in said
    assert beyond(usage, 4) == beyond(usage, None) == beyond(None, 0.1) == ""


def test_of_several_commands_the_largest_process_counts_also_one_that_a_step_starts(run):
    (run.folder / "dvc.yaml").write_text(
        "stages: {step: {cmd: [python3 step.py, touch out.txt], outs: [out.txt]}}"
    )
    big = "held = b'x' * 150_000_000"
    write(run, f'import subprocess, sys; subprocess.run([sys.executable, "-c", "{big}"])')
    usage = reproduce(run, "step", log=lambda line: None).usage
    assert usage is not None and 0.15 < usage.peak_gb < 0.25


def test_a_stage_that_ran_no_command_took_memory_for_none(way, run):
    write(run, "open('out.txt', 'w').write('made')")
    reproduce(run, "step", log=lambda line: None)
    usage = reproduce(run, "step", log=lambda line: None).usage
    assert usage is not None and usage.peak_gb == 0 and usage.cpu_s > 0


def test_the_death_of_what_starts_the_step_is_the_death_of_the_step(way, run):
    step = "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)"
    write(run, f"{step}\n")
    (run.folder / "dvc.yaml").write_text(
        "stages: {step: {cmd: 'exec python3 step.py', outs: [out.txt]}}"
    )
    with pytest.raises(StageFailed, match="ended with -9"):
        reproduce(run, "step", log=lambda line: None)
    assert at_work_in(run.folder) == set()


def test_an_answer_is_whole_or_none_and_goes_through_no_link(tmp_path):
    file, terms = tmp_path / "answer", Terms(str(tmp_path / "answer"), 0, True, 1)
    with pytest.raises(TypeError):
        answer(terms, Reproduced(problem={1: {(): "no name in JSON"}}))
    assert not file.exists()
    file.symlink_to(tmp_path / "victim")
    answer(terms, Reproduced())
    assert json.loads(file.read_text())["answer"]["status"] == 0
    assert not (tmp_path / "victim").exists()
