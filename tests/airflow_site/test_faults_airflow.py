"""Airflow's own faults end well: no process is left, and a run goes on to the result it should have.

Long because every case is a fault in one run of one Airflow, whose start costs most.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from parity import dvc_
from real_processes import at_work_in
from running_airflow import ended, running, states, wait_for_dag, wait_until
from small_git import commit, init, shell

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site, environment, port_of

# Does what files of the folder GATE ask of it: NAME.fail, or NAME.wait until NAME.go is there.
STEP = """
import json, os, sys, time
from pathlib import Path

name, source, target = sys.argv[1:]
gate = Path(os.environ["GATE"])
told = {"leader": os.getsid(0), "step": os.getpid(), "folder": os.getcwd()}
(gate / f"{name}.new").write_text(json.dumps(told))
(gate / f"{name}.new").replace(gate / f"{name}.told")
if (gate / f"{name}.fail").exists():
    sys.exit(f"The table of {name} is empty.\\n  Next: fill the table.")
until = time.monotonic() + 300
while (gate / f"{name}.wait").exists() and not (gate / f"{name}.go").exists():
    assert time.monotonic() < until
    time.sleep(0.05)
Path(target).write_text(name + Path(source).read_text())
"""
GRAPH = """
stages:
  first:
    cmd: python3 step.py first source.txt first.txt
    deps: [step.py, source.txt]
    outs: [first.txt]
  second:
    cmd: python3 step.py ${name} first.txt second.txt
    deps: [step.py, first.txt]
    outs: [second.txt]
  hasty:
    cmd: python3 step.py hasty source.txt hasty.txt
    deps: [step.py, source.txt]
    outs: [hasty.txt]
    meta: {timeout_minutes: 0.2}
"""
DAGS = '''"""The repository of the faults, as Airflow DAGs."""

from datetime import UTC, datetime, timedelta

from dvc_dag import pipeline_dag

for name, targets, retries in (
    ("faults", ["second"], 0),
    ("again", ["second"], 1),
    ("hasty", ["hasty"], 0),
):
    globals()[name] = pipeline_dag(
        name,
        targets=targets,
        form={"name": {"pattern": "^[a-z0-9-]+$"}},
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        max_active_runs=20,
        default_args={"retries": retries, "retry_delay": timedelta(seconds=1)},
    )
'''


@dataclass(frozen=True)
class Here:
    """A running Airflow, its repository, and the folder that steps obey."""

    site: Site
    api: AirflowApi
    gate: Path
    alone: Path  # a copy of the repository, for DVC alone

    def ask(self, name: str, what: str) -> Path:
        (self.gate / f"{name}.{what}").touch()
        return self.gate / f"{name}.{what}"

    def told(self, name: str) -> dict[str, Any]:
        """What the step of this name says of itself, once it works."""
        path = self.gate / f"{name}.told"
        wait_until(path.exists, 120)
        found = json.loads(path.read_text())
        path.unlink()
        assert isinstance(found, dict)
        return found

    def at_work(self) -> set[int]:
        return at_work_in(self.site.leeway)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("faults-airflow")
    repo, gate = folder / "repo", folder / "gate"
    gate.mkdir()
    (repo / "dags").mkdir(parents=True)
    (repo / "dags/faults.py").write_text(DAGS)
    (repo / "dvc.yaml").write_text(GRAPH)
    (repo / "params.yaml").write_text("name: nobody\n")
    (repo / "step.py").write_text(STEP)
    (repo / "source.txt").write_text(" was here\n")
    (repo / ".gitignore").write_text("__pycache__/\n/*.txt\n!/source.txt\n")
    init(repo)
    commit(repo)
    shutil.copytree(repo, folder / "alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATE", str(gate))
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site-cache"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        with running(repo) as (site, api):
            wait_for_dag(api, "hasty", 120)
            yield Here(site, api, gate, folder / "alone")
            assert at_work_in(site.leeway) == set()


def trigger(here: Here, dag_id: str, name: str) -> str:
    return here.api.trigger(dag_id, {"name": name})


def lock_alone(here: Here, name: str) -> str:
    """The lock of this run by DVC alone."""
    (here.alone / "params.yaml").write_text(f'name: "{name}"\n')
    (here.alone / "dvc.lock").unlink(missing_ok=True)
    dvc_(here.alone, "repro", "--quiet", "second")
    return (here.alone / "dvc.lock").read_text()


def experiments(here: Here) -> dict[str, str]:
    """The lock of each experiment, by what its run was named: first of the text of `second`."""
    refs = shell(here.site.repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    locks = [shell(here.site.repo, "git", "show", f"{ref}:dvc.lock") for ref in refs]
    names = [yaml.safe_load(lock)["stages"]["second"]["cmd"].split()[2] for lock in locks]
    assert len(set(names)) == len(names)
    return dict(zip(names, locks, strict=True))


def task(here: Here, dag_id: str, run_id: str, name: str) -> dict[str, Any]:
    return next(t for t in here.api.tasks(dag_id, run_id) if t["task_id"] == name)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def clear(here: Here, dag_id: str, run_id: str, **which: object) -> None:
    body = {"dry_run": False, "dag_run_id": run_id, "reset_dag_runs": True, **which}
    here.api.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)


def test_a_failed_stage_ends_its_log_with_its_error_and_goes_on_where_it_was(here):
    fail = here.ask("mended", "fail")
    run_id = trigger(here, "faults", "mended")
    assert ended(here.api, "faults", run_id) == "failed"
    assert states(here.api, "faults", run_id) == {
        "open_run": "success",
        "first": "success",
        "second": "failed",
        "close_run": "upstream_failed",
    }
    log = "\n".join(here.api.log("faults", run_id, "second", 1))
    assert "The table of mended is empty.\n  Next: fill the table." in log
    assert experiments(here) == {}
    folder = Path(here.told("mended")["folder"])
    (folder / "marker").touch()
    fail.unlink()
    clear(here, "faults", run_id, only_failed=True)
    assert ended(here.api, "faults", run_id) == "success"
    assert here.told("mended")["folder"] == str(folder)
    assert task(here, "faults", run_id, "first")["try_number"] == 1
    assert experiments(here)["mended"] == lock_alone(here, "mended")


def test_a_stage_marked_as_failed_ends_with_all_that_it_started(here):
    here.ask("marked", "wait")
    run_id = trigger(here, "faults", "marked")
    told = here.told("marked")
    assert {told["leader"], told["step"]} <= here.at_work()
    path = f"/dags/faults/dagRuns/{run_id}/taskInstances/second"
    here.api.call("PATCH", path, {"new_state": "failed"})
    gone_in(here, "marked as failed")
    assert ended(here.api, "faults", run_id) == "failed"
    assert "marked" not in experiments(here)


def gone_in(here: Here, what: str) -> None:
    """Wait until nothing works: 10 s on a quiet machine, and the step would for 300 s."""
    began = time.monotonic()
    wait_until(lambda: not here.at_work(), 60)
    print(f"{what}: all gone in {time.monotonic() - began:.1f} s")


def gone(here: Here, told: dict[str, int]) -> None:
    """Wait until a stage's DVC process and its step work no more; others may."""
    wait_until(lambda: not {told["leader"], told["step"]} & here.at_work(), 60)


def test_a_running_stage_that_is_cleared_ends_and_is_run_again(here):
    here.ask("cleared", "wait")
    run_id = trigger(here, "faults", "cleared")
    first = here.told("cleared")
    clear(here, "faults", run_id, task_ids=["second"], only_failed=False)
    gone(here, first)
    assert here.told("cleared")["step"] != first["step"]
    here.ask("cleared", "go")
    assert ended(here.api, "faults", run_id) == "success"
    assert experiments(here)["cleared"] == lock_alone(here, "cleared")


def test_a_task_that_is_killed_is_tried_again(here):
    here.ask("killed", "wait")
    run_id = trigger(here, "again", "killed")
    first = here.told("killed")
    os.kill(parent_of(first["leader"]), signal.SIGKILL)
    gone(here, first)
    assert here.told("killed")["step"] != first["step"]
    here.ask("killed", "go")
    assert ended(here.api, "again", run_id) == "success"
    assert task(here, "again", run_id, "second")["try_number"] == 2
    assert experiments(here)["killed"] == lock_alone(here, "killed")


def test_a_stage_that_takes_too_long_ends_with_all_that_it_started(here):
    here.ask("hasty", "wait")
    run_id = trigger(here, "hasty", "nobody")
    told = here.told("hasty")
    assert ended(here.api, "hasty", run_id) == "failed"
    gone(here, told)
    assert "Process timed out" in "\n".join(here.api.log("hasty", run_id, "hasty", 1))


def test_a_run_outlives_the_death_of_the_scheduler(here):
    here.ask("headless", "wait")
    run_id = trigger(here, "again", "headless")
    first = here.told("headless")
    groups = processes.groups_of(here.site.home)
    old = groups["scheduler"]
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: not processes.alive(old))
    try:
        env = environment(here.site, port_of(here.site.home))
        groups["scheduler"] = processes.launch("scheduler", env, here.site.home)
        processes.write(here.site.home, groups)
        here.ask("headless", "go")
        assert ended(here.api, "again", run_id) == "success"
    finally:
        # Its workers are left, and wait for ever; `make up` ends them with all else.
        processes.kill(old, signal.SIGKILL)
    assert not {first["leader"], first["step"]} & here.at_work()
    assert experiments(here)["headless"] == lock_alone(here, "headless")


def test_twenty_runs_at_once_are_as_good_as_one(here):
    names = [f"one-{n}" for n in range(20)]
    runs = [trigger(here, "faults", name) for name in names]
    assert [ended(here.api, "faults", run) for run in runs] == ["success"] * 20
    found = experiments(here)
    assert [found[name] for name in names] == [lock_alone(here, name) for name in names]
