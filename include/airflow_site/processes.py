"""Start Airflow's processes, each in a group of its own, and stop them with all their children."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

import psutil

from include.airflow_site import default_dag
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site, environment, port_of, prepare, secrets_of
from include.errors import PipelineError

PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
# It would serve its logs to all interfaces; the API reads them from the folder.
QUIET = {"triggerer": ["--skip-serve-logs"]}


def start(site: Site, say: Callable[[str], None] = print) -> AirflowApi:
    """Start what does not run yet, and return when the API answers.

    Raises:
        PipelineError: a process ended, or the API did not answer.
    """
    prepare(site.home)
    default_dag.write(site)
    if up(site):
        return api_of(site)
    stop(site)
    say("Starting Airflow ...")
    try:
        return started(site)
    except BaseException:
        stop(site)
        raise


def started(site: Site) -> AirflowApi:
    """Start all parts, the API first: a task that cannot reach it fails."""
    home, port = site.home, port_of(site.home)
    env = environment(site, port)
    migrate(home, env)
    (home / "port").write_text(str(port))
    (home / "dags_folder").write_text(str(site.dags))
    groups = {"api-server": launch("api-server", env, home)}
    write(home, groups)
    api = api_of(site)
    wait(api, home, groups)
    groups |= {part: launch(part, env, home) for part in PARTS[1:]}
    write(home, groups)
    api.put_pool("gpu", slots_of_gpu(), "GPU stages of one machine wait here for each other")
    return api


def api_of(site: Site) -> AirflowApi:
    """The API of the Airflow that runs, for its administrator."""
    url = f"http://127.0.0.1:{port_of(site.home)}"
    return AirflowApi(url, "admin", secrets_of(site.home)["password"])


def up(site: Site) -> bool:
    """Whether all parts run, for the DAGs that the repository has now."""
    groups, folder = groups_of(site.home), site.home / "dags_folder"
    whole = groups.keys() == set(PARTS) and all(alive(group) for group in groups.values())
    return whole and folder.exists() and folder.read_text() == str(site.dags)


def migrate(home: Path, env: dict[str, str]) -> None:
    """Have a database for this Airflow: to ask one that is takes it 4 s, so we write down whose."""
    mark, airflow = home / "migrated_by", version("apache-airflow-core")
    if mark.exists() and mark.read_text() == f"{airflow} {revision(home / 'airflow.db')}":
        return
    mark.unlink(missing_ok=True)  # who is interrupted here asks again
    once([sys.executable, "-m", "airflow", "db", "migrate"], env, home / "logs/migrate.log")
    mark.write_text(f"{airflow} {revision(home / 'airflow.db')}")


def revision(database: Path) -> str:
    """The migration that a database has come to; empty if it is no database of Airflow's."""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as held:
            row = held.execute("select version_num from alembic_version").fetchone()
    except sqlite3.Error:
        return ""
    return str(row[0]) if row else ""


def once(command: list[str], env: dict[str, str], log: Path) -> None:
    """Run a command to its end."""
    with log.open("w") as file:
        done = subprocess.run(command, env=env, stdout=file, stderr=file, check=False)
    if done.returncode:
        what = f"`{' '.join(command[2:])}` ended with {done.returncode}."
        raise PipelineError(what, f"read {log}.")


def launch(part: str, env: dict[str, str], home: Path) -> int:
    """Start one process as the leader of a group; its id is the group's."""
    with (home / "logs" / f"{part}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", part, *QUIET.get(part, [])],
            env=env,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return process.pid


def wait(rest: AirflowApi, home: Path, groups: dict[str, int], seconds: float = 180) -> None:
    """Return when the API answers."""
    until = time.monotonic() + seconds
    while not rest.healthy():
        for part, group in groups.items():
            if not alive(group):
                fix = f"read {home / 'logs' / part}.log."
                raise PipelineError(f"Airflow's {part} ended before it was ready.", fix)
        if time.monotonic() > until:
            what = f"Airflow's API did not answer within {seconds:.0f} s."
            raise PipelineError(what, f"read {home / 'logs'}.")
        time.sleep(0.2)


def stop(site: Site) -> None:
    """End all groups: politely, then at once; tasks that run end with them."""
    home = site.home
    groups = list(groups_of(home).values())
    for number, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        members = sorted({group for leader in groups for group in with_children(leader)})
        for group in members:
            kill(group, number)
        until = time.monotonic() + seconds
        while any(alive(group) for group in members) and time.monotonic() < until:
            reap()
            time.sleep(0.05)
    (home / "processes.json").unlink(missing_ok=True)
    for name in ("port", "dags_folder"):
        (home / name).unlink(missing_ok=True)


def with_children(leader: int) -> set[int]:
    """The group of a process, and the groups of all that it started: tasks lead their own."""
    related = relations()
    found, waiting = {leader}, [leader]
    while waiting:
        one = waiting.pop()
        near = {pid for pid, others in related.items() if one in others} - found
        found |= near
        waiting += near
    return {related[pid][1] for pid in found if pid in related}


def relations() -> dict[int, tuple[int, int, int]]:
    """The parent, group and session of each process of the machine."""
    found = {}
    for process in psutil.process_iter(["ppid"]):
        with suppress(ProcessLookupError):
            pid = process.pid
            found[pid] = (process.info["ppid"], os.getpgid(pid), os.getsid(pid))
    return found


def kill(group: int, number: int) -> None:
    """Send a signal to a group, if it is there."""
    if group in (0, 1, os.getpgrp()):
        return
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def alive(group: int) -> bool:
    """Whether the leader of a group is there and works: the dead that nobody reaped do not."""
    try:
        return bool(psutil.Process(group).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def reap() -> None:
    """Take leave of children that ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def groups_of(home: Path) -> dict[str, int]:
    """The groups that were started last, without those that are gone."""
    try:
        held = json.loads((home / "processes.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {part: pid for part, (pid, since) in held.items() if ours(pid, since)}


def write(home: Path, groups: dict[str, int]) -> None:
    """Remember the groups, so that another command can stop them."""
    held = {part: (pid, began(pid)) for part, pid in groups.items()}
    (home / "processes.json").write_text(json.dumps(held) + "\n")


def ours(pid: int, since: int | None) -> bool:
    """Whether a number is still that of the process that we started, and not a stranger's.

    While others are left in its session, as the workers of a scheduler that was killed, nobody
    gets its number.
    """
    now = began(pid)
    if now is not None:
        return now == since
    return any(session == pid for _, _, session in relations().values())


def began(pid: int) -> int | None:
    """When a process began, in hundredths of a second since the machine did; None if there is none.

    A clock that was set since then changes nothing.
    """
    try:
        return int((psutil.Process(pid).create_time() - psutil.boot_time()) * 100 + 0.5)
    except psutil.NoSuchProcess:
        return None


def slots_of_gpu() -> int:
    """One slot per GPU; one without, so that GPU stages queue all the same."""
    return max(1, len(list(Path("/proc/driver/nvidia/gpus").glob("*"))))
