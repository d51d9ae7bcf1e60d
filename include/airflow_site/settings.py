"""How the embedded Airflow is set up: by environment variables alone, quiet, for few cores."""

import errno
import fcntl
import json
import os
import secrets
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import getproxies_environment

from include.errors import PipelineError

PORT = 8080
SECRETS = {"password": 16, "tasks": 32, "jwt": 64, "session": 64}  # bytes at random
CODE = Path(__file__).parents[2]
# In the tree of this project, Airflow finds us by two folders; where we are installed, and have
# another name, by our entry points.
IN_TREE = __name__.partition(".")[0] == "include"


@dataclass(frozen=True)
class Site:
    """One embedded Airflow: whose graph it runs, from which DAG files, and where it lives."""

    repo: Path  # the DVC repository
    dags: Path
    home: Path  # database, logs, secrets, workspaces; git-ignored

    @classmethod
    def of(cls, repo: Path) -> "Site":
        """The usual places in a repository; without DAG files of its own, it has one of ours."""
        repo = repo.resolve()
        home = repo / ".airflow"
        dags = repo / "dags"
        return cls(repo, dags if any(dags.rglob("*.py")) else home / "dags", home)

    @property
    def drawn(self) -> bool:
        """Whether the DAG is ours, for want of one."""
        return self.dags.parent == self.home

    @property
    def leeway(self) -> Path:
        """Where runs keep their workspaces and reports."""
        return self.home / "leeway"


def secrets_of(home: Path) -> dict[str, str]:
    """The logins and the keys, made at random at the first start, for this user's eyes alone."""
    path = home / "secrets.json"
    text, closed = read_private(path)
    held: dict[str, str] = json.loads(text) if text else {}
    made = {name: secrets.token_urlsafe(size) for name, size in SECRETS.items()}
    found = {**made, "fernet": fernet_key(), **held}
    if found != held or not closed:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, json.dumps(found, indent=2) + "\n")
    return found


def read_private(path: Path) -> tuple[str, bool]:
    """The text of a file of ours, and whether it is closed to others; nothing if it is not ours.

    Where a link leads is not ours, nor is the file of another user, who knows what is in it.
    """
    with suppress(FileNotFoundError):
        owners = (os.geteuid(), path.parent.stat().st_uid)
        try:
            file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW))
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return "", False
        with file:
            held = os.fstat(file.fileno())
            if held.st_uid in owners:
                return file.read(), not held.st_mode & 0o077
    return "", False


def fernet_key() -> str:
    """A key as Airflow wants it: 32 random bytes in URL-safe base64."""
    import base64

    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else may read, from its first byte on.

    It takes the place of what is there, be it a link, or a file that somebody has open.
    """
    number, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # for us alone
    try:
        with os.fdopen(number, "w") as file:
            file.write(text)
        os.replace(aside, path)
    finally:
        Path(aside).unlink(missing_ok=True)


def port_of(home: Path) -> int:
    """The port of the running Airflow; else one that is free, 8080 if it can be had."""
    held = home / "port"
    if held.exists():
        return int(held.read_text())
    return PORT if claimed(PORT) and free(PORT) else any_port()


CLAIMS: list[IO[str]] = []


def claimed(port: int) -> bool:
    """Whether no other start of ours is about to take the port; it is ours until we end."""
    path = Path(tempfile.gettempdir()) / f"leeway-port-{port}-{os.geteuid()}"
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "r+")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    CLAIMS.append(file)
    return True


def free(port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


FIXED = {
    "CORE__LOAD_EXAMPLES": "False",
    # A file with a DAG of ours need not hold the word airflow.
    "CORE__DAG_DISCOVERY_SAFE_MODE": "False",
    # A graph that was edited is run as it is now, not as it was half a minute ago.
    "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
    "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,leeway:op",
    "API__HOST": "127.0.0.1",
    "API__WORKERS": "1",
    # On a busy machine a task needs longer than 5 s to reach the API.
    "WORKERS__EXECUTION_API_TIMEOUT": "60",
    # How soon a task notices that it was marked or cleared.
    "WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    # How soon the first task of a run begins; between tasks see executor.py.
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
    # For a graph that was edited: a file of DAGs is read at once. It takes 0.15 s of a processor.
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    "LOGGING__LOGGING_LEVEL": "INFO",
    "USAGE_DATA_COLLECTION__ENABLED": "False",
    # One machine: a queue is a pool, so that GPU stages wait for each other.
    "LEEWAY__QUEUES": "gpu",
    "LEEWAY__POOLS": "gpu",
}


def environment(site: Site, port: int) -> dict[str, str]:
    """The whole environment of each process."""
    home, url = site.home, f"http://127.0.0.1:{port}"
    held = secrets_of(home)
    ours = {f"AIRFLOW__{name}": value for name, value in settings(site, port, held).items()}
    # Another Airflow's settings are not ours; what a user says of Leeway goes before our defaults.
    asked = {k: v for k, v in os.environ.items() if k.startswith("AIRFLOW__LEEWAY__")}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW__")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # without bytecode each start is slow
    # With this, tasks put notes on themselves, and are done at once if they have nothing to do.
    login = {"conn_type": "http", "host": url, "login": "leeway", "password": held["tasks"]}
    return {
        **kept,
        **ours,
        **asked,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_LEEWAY_API": json.dumps(login),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        **({"PYTHONPATH": str(CODE)} if IN_TREE else {}),
        **past_proxies(),
    }


def settings(site: Site, port: int, held: dict[str, str]) -> dict[str, str]:
    """Airflow's settings, by SECTION__NAME.

    Args:
        held: the logins and the keys.
    """
    passwords, url = site.home / "passwords.json", f"http://127.0.0.1:{port}"
    write_private(passwords, json.dumps({"admin": held["password"], "leeway": held["tasks"]}))
    return FIXED | {
        "CORE__DAGS_FOLDER": str(site.dags),
        "CORE__PLUGINS_FOLDER": str((CODE if IN_TREE else site.repo) / "plugins"),
        "CORE__EXECUTOR": f"{__package__}.executor.LocalExecutor",
        "CORE__PARALLELISM": str(max(4, os.cpu_count() or 2)),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__FERNET_KEY": held["fernet"],
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{site.home / 'airflow.db'}",
        "API__PORT": str(port),
        "API__BASE_URL": url,
        "API__SECRET_KEY": held["session"],
        "API_AUTH__JWT_SECRET": held["jwt"],
        "LEEWAY__REPO": str(site.repo),
        "LEEWAY__HOME": str(site.leeway),
    }


def past_proxies() -> dict[str, str]:
    """Where there is a proxy, the parts of Airflow must not ask it for each other."""
    held = getproxies_environment()
    direct = ",".join(filter(None, [held.get("no"), "127.0.0.1"]))
    return {"no_proxy": direct, "NO_PROXY": direct} if held else {}


def prepare(home: Path) -> None:
    """Make the folder, invisible to git and DVC, and to all other users of the machine.

    Raises:
        PipelineError: it is another user's, and open to all.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = home.stat()
    if held.st_mode & 0o077:
        if os.geteuid() not in (0, held.st_uid):
            what = f"{home} belongs to user {held.st_uid}, and others may read it."
            raise PipelineError(what, f"let that user start Airflow, or `chmod 700 {home}`.")
        home.chmod(0o700)
    (home / "logs").mkdir(exist_ok=True)
    # Whatever the repository ignores: no secret of ours gets into a commit.
    for name in (".gitignore", ".dvcignore"):
        (home / name).write_text("*\n")
