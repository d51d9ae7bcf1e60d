"""Runs a real Airflow on Celery for tests: PostgreSQL, Redis, and workers that come and go.

Long because it is a whole Airflow with workers, made and taken down in order.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from redis import Redis
from running_airflow import LOOK_S

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site, environment, prepare, secrets_of

INSTALL = "apt-get install postgresql redis-server"
WEEK_S = 7 * 24 * 3600
PARTS = ("scheduler", "dag-processor")


@dataclass
class Cluster:
    """An Airflow whose tasks run on Celery's workers."""

    site: Site
    api: AirflowApi
    database: str
    env: dict[str, str]

    def start_worker(self, name: str, queue: str) -> None:
        """Start a worker called `name@localhost` that serves one queue; return when it does."""
        self.launch_worker(name, queue)
        self.wait_for_worker(name)

    def launch_worker(self, name: str, queue: str) -> None:
        words = ["celery", "worker", "--queues", queue, "--concurrency", "1"]
        words += ["--celery-hostname", f"{name}@localhost", "--skip-serve-logs"]
        words += [
            "--without-gossip",
            "--without-mingle",
            "--pid",
            str(self.site.home / f"{name}.pid"),
        ]
        self.launch(words, self.site.home / "logs" / f"worker-{name}.log")

    def wait_for_worker(self, name: str) -> None:
        log = self.site.home / "logs" / f"worker-{name}.log"
        group = processes.groups_of(self.site.home)[log.stem]
        wait_until(
            lambda: not processes.alive(group) or " ready." in log.read_text(),
            f"worker {name} is ready",
            log,
        )
        assert processes.alive(group), log.read_text()

    def launch(self, words: list[str], log: Path) -> int:
        """Start one of Airflow's processes as the leader of a group that `stop` knows."""
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", *words],
                env=self.env,
                cwd=self.site.home,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        processes.write(
            self.site.home, {**processes.groups_of(self.site.home), log.stem: process.pid}
        )
        return process.pid

    def restart(self, settings: Mapping[str, str], dag_id: str) -> None:
        """Start the scheduler and the DAG processor anew; return when they have read a DAG again."""
        self.env |= {f"AIRFLOW__{name}": value for name, value in settings.items()}
        for part in PARTS:
            end(processes.groups_of(self.site.home)[part])
        before = self.read_at(dag_id)
        for part in PARTS:
            self.launch([part], self.site.home / "logs" / f"{part}.log")
        wait_until(lambda: self.read_at(dag_id) != before, f"{dag_id} is read again")

    def read_at(self, dag_id: str) -> str:
        """When the DAG's file was read last."""
        found = self.api.dag(dag_id)
        assert found is not None
        return str(found["last_parsed_time"])

    def worked(self, run_id: str, count: int) -> dict[str, tuple[str, str]]:
        """By task id, which worker ran it from which queue: as Celery itself has written down.

        Args:
            count: tasks to wait for: a worker writes down the last one after Airflow has heard.
        """
        query = (
            "select task.task_id, celery.worker, celery.queue from celery_taskmeta celery "
            "join task_instance task on task.external_executor_id = celery.task_id "
            "where celery.status = 'SUCCESS' and task.run_id = %s"
        )
        found: dict[str, tuple[str, str]] = {}

        def enough() -> bool:
            with closing(psycopg2.connect(self.database)) as held, held.cursor() as cursor:
                cursor.execute(query, [run_id])
                found.update({task: (worker, queue) for task, worker, queue in cursor})
            return len(found) >= count

        wait_until(enough, f"Celery wrote down {count} tasks")
        return found


def end(group: int) -> None:
    """End a group and all that it started, and return when its leader is gone."""
    members = processes.with_children(group)
    for number, patience_s in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
        for member in members:
            processes.kill(member, number)
        until = time.monotonic() + patience_s
        while processes.alive(group) and time.monotonic() < until:
            time.sleep(0.1)


def waiting_in(cluster: Cluster, queue: str) -> int:
    """How many tasks lie in a queue at the broker, with no worker to take them."""
    with closing(Redis.from_url(cluster.env["AIRFLOW__CELERY__BROKER_URL"])) as broker:
        return int(broker.llen(queue))


@contextmanager
def celery(
    repo: Path, workers: Mapping[str, str], settings: Mapping[str, str]
) -> Iterator[Cluster]:
    """An Airflow on Celery.

    Args:
        workers: the name of each worker, and the queue it serves.
        settings: names and values of Airflow's configuration, as LEEWAY__QUEUES.
    """
    site = Site.of(repo)
    with postgres() as database, redis() as broker:
        prepare(site.home)
        port = free_port()
        env = environment(site, port) | on_celery(database, broker)
        env |= {f"AIRFLOW__{name}": value for name, value in settings.items()}
        api = AirflowApi(f"http://127.0.0.1:{port}", "admin", secrets_of(site.home)["password"])
        cluster = Cluster(site, api, database, env)
        logs = site.home / "logs"
        migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
        processes.once(migrate, env, logs / "migrate.log")
        try:
            cluster.launch(["api-server"], logs / "api-server.log")
            for name, queue in workers.items():
                cluster.launch_worker(name, queue)
            processes.wait(api, site.home, processes.groups_of(site.home))
            for part in PARTS:
                cluster.launch([part], logs / f"{part}.log")
            for name in workers:
                cluster.wait_for_worker(name)
            yield cluster
        finally:
            processes.stop(site)


def on_celery(database: str, broker: str) -> dict[str, str]:
    """What the embedded Airflow's environment lacks for Celery."""
    settings = {
        "CORE__EXECUTOR": "CeleryExecutor",
        "DATABASE__SQL_ALCHEMY_CONN": database.replace("postgresql:", "postgresql+psycopg2:"),
        # No asyncpg: only calls that wait for a run, which nobody makes here, would need it.
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": "",
        "CELERY__BROKER_URL": broker,
        "CELERY__RESULT_BACKEND": database.replace("postgresql:", "db+postgresql+psycopg2:"),
        # So that Celery writes down which worker ran what.
        "CELERY__EXTRA_CELERY_CONFIG": json.dumps({"result_extended": True}),
        # By default Airflow gives up a stage that waited 600 s, three times, for its worker.
        "SCHEDULER__TASK_QUEUED_TIMEOUT": str(WEEK_S),
        "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "1",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
    }
    return {f"AIRFLOW__{name}": value for name, value in settings.items()}


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    initdb, server = program("initdb"), program("postgres")
    # It refuses to be root; then the user that Debian's package makes has a folder of its own.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="leeway-postgres-"))
    password, port = secrets.token_hex(16), free_port()
    (folder / "password").write_text(password)
    if user:
        for path in (folder, folder / "password"):
            shutil.chown(path, user)
    options = ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "--username=airflow"]
    quick = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB"]
    where = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    try:
        data = folder / "data"
        make = [initdb, "--no-sync", "--encoding=UTF8", "--locale=C", *options, "-D", str(data)]
        subprocess.run(make, cwd=folder, user=user, check=True, stdout=subprocess.DEVNULL)
        set_up = [word for setting in (*quick, *where) for word in ("-c", setting)]
        with serving([server, "-D", str(data), *set_up], folder, port, user, signal.SIGINT):
            yield f"postgresql://airflow:{password}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """The URL of a Redis server of our own."""
    password, port = secrets.token_hex(16), free_port()
    with tempfile.TemporaryDirectory(prefix="leeway-redis-") as folder:
        config = Path(folder) / "redis.conf"
        config.write_text(f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\n')
        command = [program("redis-server"), str(config)]
        with serving(command, Path(folder), port, None, signal.SIGTERM):
            yield f"redis://:{password}@127.0.0.1:{port}/0"


@contextmanager
def serving(
    command: list[str], folder: Path, port: int, user: str | None, end: signal.Signals
) -> Iterator[None]:
    """A server that answers on a port until the block ends."""
    log = folder / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command, cwd=folder, user=user, stdout=file, stderr=file, start_new_session=True
        )
    try:
        wait_until(lambda: server.poll() is not None or answers(port), f"{command[0]} answers", log)
        assert server.poll() is None, log.read_text()
        yield
    finally:
        server.send_signal(end)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(20)


def program(name: str) -> str:
    """The path of a program; Debian keeps those of PostgreSQL out of PATH."""
    found = shutil.which(name)
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=version_of)
    if found is None and not kept:
        pytest.skip(f"{name} is not installed: {INSTALL}")
    return found or str(kept[-1])


def version_of(path: Path) -> float:
    return float(path.parts[-3])


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def wait_until(condition: Any, what: str, log: Path | None = None, seconds: float = 120) -> None:
    """Return when the condition holds, or say what did not come to be."""
    until = time.monotonic() + seconds
    while not condition():
        told = "\n" + log.read_text()[-3000:] if log else ""
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}{told}"
        time.sleep(LOOK_S)
