"""A stage in a container gives what a process gives, and leaves nothing behind.

Long because all its cases share one image and one small repository.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import s3_server
import small_git
from deployment import checkout
from deployment import reproduce as reproduce_plainly
from engine import Engine
from running_airflow import wait_until
from workers import lock_at, run_in_turns, two_workers

from include.errors import PipelineError
from include.pipeline.closing.close_run import close_run
from include.pipeline.opening.open_run import open_run
from include.pipeline.places.where import Where
from include.pipeline.reproduce import Outcome, StageFailed, reproduce
from include.pipeline.workspace import Run

pytestmark = pytest.mark.containers
ROOT = Path(__file__).parents[2]
LABELS = {"dag": "test", "try": "1"}


@pytest.fixture(scope="module")
def image(images: dict[str, str]) -> str:
    return images["step"]


def start(repo: Path, home: Path, targets: tuple[str, ...], run_id: str = "one") -> Run:
    return open_run(repo, run_id, params={}, targets=targets, plan_key=None, home=home)


def in_container(run: Run, stage: str, image: str, **asked: object) -> Outcome:
    where = Where("docker", image, **asked)  # type: ignore[arg-type]
    return reproduce(run, stage, where=where, labels=LABELS, log=print)


def write_step(repo: Path, command: str) -> None:
    """Let the stage `frozen` run a command."""
    text = (repo / "dvc.yaml").read_text().replace("frozen: true", "")
    (repo / "dvc.yaml").write_text(text.replace("cp source.txt frozen.txt", "sh step.sh"))
    (repo / "step.sh").write_text(command)
    small_git.commit(repo)


def ours(docker: Engine) -> list[str]:
    return docker("ps", "--all", "--quiet", "--filter", "label=leeway.dag=test").split()


def test_the_lock_is_that_of_a_process(repo, image, tmp_path, docker):
    targets = ("second.shout", "grid")
    for name, runtime in (("process", None), ("docker", image)):
        run = start(repo, tmp_path / name, targets, name)
        for stage in run.stages:
            if runtime:
                in_container(run, stage, runtime)
            else:
                reproduce(run, stage, log=print)
        close_run(run, tmp_path / name)
    refs = [f"refs/exps/*/*/{name}" for name in ("process", "docker")]
    names = [small_git.shell(repo, "git", "for-each-ref", "--format=%(refname)", r) for r in refs]
    for file in ("dvc.lock", "second/dvc.lock"):
        one, two = (small_git.shell(repo, "git", "show", f"{n.strip()}:{file}") for n in names)
        assert one == two
    assert not ours(docker)


def test_containers_of_workers_that_share_no_disk_give_the_same_lock_without_a_network(
    repo, image, tmp_path, docker
):
    with s3_server.running(tmp_path) as store:
        store.mkdir("data")
        workers = two_workers(repo, tmp_path)
        run, entries = workers[0].open(), {}
        where = Where("docker", image)
        assert set(run_in_turns(run, workers, entries, where)) == {"ran"}
        workers[1].close(run, entries)
        again, entries = workers[1].open("two"), {}
        assert set(run_in_turns(again, workers, entries, where)) == {"cached"}
    small_git.shell(repo, sys.executable, "-m", "dvc", "repro", "second/dvc.yaml:shout")
    ours = lock_at(workers[0].url, "one", "second/dvc.lock")
    assert ours == (repo / "second/dvc.lock").read_text()


def test_a_step_has_no_root_no_network_and_no_writable_system(repo, image, tmp_path):
    write_step(
        repo,
        "id -u\n"
        "touch /usr/here 2>/dev/null && echo system-is-writable\n"
        "touch /tmp/here && echo tmp-is-writable\n"
        "ls /sys/class/net\n"
        "env | grep -c AIRFLOW\n"
        "cp source.txt frozen.txt\n",
    )
    lines: list[str] = []
    run = start(repo, tmp_path / "home", ("frozen",))
    where = Where("docker", image)
    reproduce(run, "frozen", where=where, labels=LABELS, log=lines.append)
    said = lines[lines.index("> sh step.sh") + 1 :]
    assert said[0] == (str(os.geteuid()) if os.geteuid() else "50000")
    assert said[1:4] == ["tmp-is-writable", "lo", "0"]


def test_a_failed_step_keeps_its_status_and_its_own_words(repo, image, tmp_path, docker):
    write_step(repo, 'echo "The file is torn." >&2; echo "  Next: mend it." >&2; exit 7')
    run = start(repo, tmp_path / "home", ("frozen",))
    with pytest.raises(StageFailed) as error:
        in_container(run, "frozen", image)
    assert (str(error.value), error.value.status) == ("The file is torn.\n  Next: mend it.", 7)
    assert not ours(docker)


def test_a_step_that_takes_too_much_memory_says_so(repo, image, tmp_path):
    write_step(repo, 'exec python3 -c "x = bytearray(10**9); print(len(x))"')
    run = start(repo, tmp_path / "home", ("frozen",))
    with pytest.raises(
        PipelineError, match=r"'frozen' was killed: .* its 0\.3 GB\.\n  Next: raise"
    ):
        in_container(run, "frozen", image, memory_gb=0.3)


def test_a_step_that_lives_on_without_what_took_too_much_memory_is_good(repo, image, tmp_path):
    write_step(
        repo,
        'python3 -c "x = bytearray(10**9); print(len(x))" || echo a smaller batch\n'
        "cp source.txt frozen.txt\n",
    )
    run = start(repo, tmp_path / "home", ("frozen",))
    lines: list[str] = []
    where = Where("docker", image, memory_gb=0.3)
    outcome = reproduce(run, "frozen", where=where, labels=LABELS, log=lines.append)
    assert "a smaller batch" in lines
    assert outcome.status == "ran"


def test_a_step_cannot_write_what_its_worker_obeys(repo, image, tmp_path):
    write_step(
        repo,
        "for file in .git/config .dvc/config .dvc/config.local .dvc/leeway-run.json; do\n"
        "  { echo x >> $file; } 2>/dev/null && echo wrote $file\n"
        "done\n"
        "for folder in .git .dvc .dvc/tmp; do\n"
        """  python3 -c "import os; os.rename('$folder', 'gone')" 2>/dev/null && echo moved $folder\n"""
        "done\n"
        "cp source.txt frozen.txt\n",
    )
    run = start(repo, tmp_path / "home", ("frozen",))
    lines: list[str] = []
    where = Where("docker", image)
    reproduce(run, "frozen", where=where, labels=LABELS, log=lines.append)
    assert not [line for line in lines if line.startswith(("wrote", "moved"))]


def test_a_missing_image_says_what_to_do(repo, image, tmp_path):
    run = start(repo, tmp_path / "home", ("prepare",))
    with pytest.raises(PipelineError, match=r"no image leeway/none\.\n  Next: make it"):
        in_container(run, "prepare", "leeway/none")


def declare(repo: Path, name: str, content: str) -> None:
    """Let the stage `frozen` run, in an environment that it declares."""
    write_step(repo, "cp source.txt frozen.txt")
    text = (repo / "dvc.yaml").read_text()
    outs = "\n    outs: [frozen.txt]"
    dep = f"deps: [source.txt, environments/{name}.txt]{outs}"
    (repo / "dvc.yaml").write_text(text.replace(f"deps: [source.txt]{outs}", dep))
    (repo / "environments").mkdir()
    (repo / f"environments/{name}.txt").write_text(content)
    small_git.commit(repo)


@pytest.mark.parametrize(
    ("name", "problem"),
    [("steps", r"from another environments/steps\.txt"), ("airflow", r"from no environments/air")],
)
def test_an_image_of_another_environment_is_refused(repo, image, tmp_path, name, problem):
    declare(repo, name, "another==1\n")
    run = start(repo, tmp_path / "home", ("frozen",))
    with pytest.raises(PipelineError, match=problem):
        in_container(run, "frozen", image)


def test_an_image_of_the_environment_of_a_stage_runs_it(repo, image, tmp_path):
    declare(repo, "steps", (ROOT / "environments/steps.txt").read_text())
    run = start(repo, tmp_path / "home", ("frozen",))
    assert in_container(run, "frozen", image).status == "ran"


def task(run: Run, image: str) -> subprocess.Popen[str]:
    code = (
        "import json, sys; from include.pipeline.workspace import Run;"
        "from include.pipeline.places.where import Where; from include.pipeline.reproduce import reproduce;"
        "reproduce(Run.from_json(sys.argv[1]), 'frozen', where=Where('docker', sys.argv[2]),"
        " labels=json.loads(sys.argv[3]))"
    )
    words = [sys.executable, "-c", code, run.to_json(), image, json.dumps(LABELS)]
    return subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=-1)


def test_a_killed_task_takes_its_container_with_it(repo, image, tmp_path, docker):
    write_step(repo, "echo going; sleep 600; cp source.txt frozen.txt")
    run = start(repo, tmp_path / "home", ("frozen",))
    process = task(run, image)
    assert process.stdout is not None
    while "going" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: not ours(docker), 10)
    process.wait(10)


def test_a_container_that_a_killed_worker_left_is_gone_before_the_retry_runs(
    repo, image, tmp_path, docker
):
    write_step(repo, "echo going; sleep 600; cp source.txt frozen.txt")
    run = start(repo, tmp_path / "home", ("frozen",))
    process = task(run, image)
    assert process.stdout is not None
    while "going" not in process.stdout.readline():
        pass
    (old,) = ours(docker)
    # Everything of the worker at once: nobody is left to remove the container.
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    for pid in (*children, str(process.pid)):
        os.kill(int(pid), signal.SIGKILL)
    process.wait(10)
    assert ours(docker) == [old]
    (run.folder / "step.sh").write_text("cp source.txt frozen.txt")
    in_container(run, "frozen", image)
    assert not ours(docker)
    assert (run.folder / "frozen.txt").read_text() == (run.folder / "source.txt").read_text()


def test_a_run_of_the_same_name_of_another_deployment_is_left_alone(repo, image, tmp_path, docker):
    write_step(repo, "echo going; sleep 600; cp source.txt frozen.txt")
    other = small_git.make(tmp_path / "other")
    write_step(other, "cp source.txt frozen.txt")
    process = task(start(repo, tmp_path / "home", ("frozen",)), image)
    assert process.stdout is not None
    while "going" not in process.stdout.readline():
        pass
    theirs = ours(docker)
    in_container(start(other, tmp_path / "other-home", ("frozen",)), "frozen", image)
    assert ours(docker) == theirs != []
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: not ours(docker), 10)
    process.wait(10)


def test_the_flights_pipeline_in_containers_gives_the_lock_of_dvc_repro(image, tmp_path):
    small = {"  rounds: 1000 ": "  rounds: 40 ", "  epochs: 6 ": "  epochs: 1 "}
    small |= {'  end: "2014-01-01"': '  end: "2013-06-01"', "  resamples: 500 ": "  resamples: 20 "}
    plain, ours = (checkout(tmp_path / name, small) for name in ("plain", "ours"))
    for folder in (plain, ours):
        (folder / "dvc.lock").unlink()
        small_git.commit(folder)
    expected = reproduce_plainly(plain)
    run = start(ours, tmp_path / "home", ())
    assert run.unchanged == ()
    for stage in run.stages:
        in_container(run, stage, image, cpus=2)
    assert (run.folder / "dvc.lock").read_text() == expected
