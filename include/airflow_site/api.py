"""The few calls of Airflow's REST API that we make."""

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from include.errors import PipelineError

# Airflow's server holds up its own requests for 5 s when two of them write to SQLite at once, then
# refuses one of them, of which nothing is left in the database.
BUSY = {500: "Database error", 503: "Database is locked"}  # the latter of a backfill
PAUSES_S = (0.2, 0.5, 1, 2, 4, 8)
HERE = ("127.0.0.1", "localhost", "::1")


class Busy(PipelineError):
    """Another request held the database."""


def client(url: str) -> httpx.Client:
    """What sends requests: to this machine never by a proxy."""
    place = httpx.URL(url)
    return httpx.Client(
        base_url=url,
        timeout=60,
        follow_redirects=True,
        trust_env=place.host not in HERE,
        # Reading the certificates of the world takes longer than a request.
        verify=place.scheme == "https",
        # Airflow closes a connection that idles for 5 s; a request on its way then would be lost.
        limits=httpx.Limits(keepalive_expiry=2),
    )


class AirflowApi:
    """A client that logs in when it must."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self.user, self.password = url, user, password
        self.token = ""
        self.client = client(url)

    def healthy(self) -> bool:
        """Whether the API answers: the public one, and that of tasks, which is made when asked."""
        try:
            for path in ("/api/v2/version", "/execution/health"):
                if self.client.get(path, timeout=30).status_code != 200:
                    return False
        except httpx.RequestError:
            return False
        return True

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer to one request.

        Raises:
            PipelineError: Airflow refused; the message is its own.
        """
        if not self.token:
            login = {"username": self.user, "password": self.password}
            self.token = self.send("POST", "/auth/token", login)["access_token"]
        for pause_s in PAUSES_S:
            try:
                return self.send(method, f"/api/v2{path}", body)
            except Busy:
                time.sleep(pause_s)
        return self.send(method, f"/api/v2{path}", body)

    def send(self, method: str, path: str, body: object) -> Any:
        """One request with what we hold of a token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            answer = self.client.request(method, path, json=body, headers=headers)
        except httpx.RequestError as error:
            what = f"Airflow at {self.url} does not answer: {error}."
            raise PipelineError(what, "see the logs in .airflow/logs.") from None
        if answer.is_error:
            detail = answer.text[:500]
            what = f"Airflow answered {method} {path} with {answer.status_code}: {detail}"
            sign = BUSY.get(answer.status_code)
            kind = Busy if sign and sign in detail else PipelineError
            raise kind(what, "see the logs in .airflow/logs.")
        return answer.json() if answer.content else None

    def listed(self, path: str, name: str) -> list[dict[str, Any]]:
        """All entries of a list; Airflow gives at most 100 at a time."""
        found: list[dict[str, Any]] = []
        sign = "&" if "?" in path else "?"
        while True:
            page = self.call("GET", f"{path}{sign}limit=100&offset={len(found)}")
            found += page[name]
            if not page[name] or len(found) >= page["total_entries"]:
                return found

    def put_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool, or set its slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        try:
            self.call("PATCH", f"/pools/{name}", body)
        except PipelineError:
            self.call("POST", "/pools", body)

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """The DAG, if it has been read."""
        found = self.call("GET", f"/dags?dag_id_pattern={quote(dag_id)}&exclude_stale=false")
        return next((dag for dag in found["dags"] if dag["dag_id"] == dag_id), None)

    def dags(self, since: float = 0) -> dict[str, str]:
        """The file of each DAG whose reading began since then, by id."""
        found = self.listed("/dags", "dags")
        return {
            dag["dag_id"]: Path(dag["fileloc"]).name
            for dag in found
            if moment(dag["last_parsed_time"]) - (dag["last_parse_duration"] or 0) >= since
        }

    def import_errors(self, since: float = 0) -> dict[str, str]:
        """What has been wrong with DAG files since then, by file."""
        errors = self.listed("/importErrors", "import_errors")
        return {
            Path(error["filename"]).name: error["stack_trace"]
            for error in errors
            if moment(error["timestamp"]) >= since
        }

    def trigger(self, dag_id: str, conf: dict[str, object]) -> str:
        """Start a run by hand, and return its id."""
        self.let_run(dag_id)
        body = {"logical_date": None, "conf": conf}
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def let_run(self, dag_id: str) -> None:
        """Let the runs of a DAG begin."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def tell(
        self, dag_id: str, run_id: str, notes: Mapping[str, str], state: str = ""
    ) -> list[str]:
        """Put notes on tasks of a run, and set their state if one is given.

        Args:
            notes: by task id; the UI shows them.

        Returns:
            What Airflow refused, as a task that is in that state already.
        """
        change = {"new_state": state} if state else {}
        entities = [{"task_id": name, "note": note, **change} for name, note in notes.items()]
        refused: list[str] = []
        # In parts: Airflow reads the graph again for each task whose state is set.
        for first in range(0, len(entities), 50):
            action = {"action": "update", "action_on_non_existence": "skip"}
            body = {"actions": [{**action, "entities": entities[first : first + 50]}]}
            path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
            errors = self.call("PATCH", path, body)["update"]["errors"]
            refused += [str(error["error"]) for error in errors]
        return refused

    def describe(self, dag_id: str, run_id: str, note: str) -> None:
        """Put a note on a run."""
        self.call("PATCH", f"/dags/{dag_id}/dagRuns/{quote(run_id)}", {"note": note})

    def unended(self) -> list[dict[str, Any]]:
        """The runs of any DAG that wait or work, the oldest first."""
        return self.listed("/dags/~/dagRuns?order_by=id&state=queued&state=running", "dag_runs")

    def end(self, dag_id: str, run_id: str) -> None:
        """End a run as failed, with what it works on."""
        self.call("PATCH", f"/dags/{dag_id}/dagRuns/{quote(run_id)}", {"state": "failed"})

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A run, with its state."""
        found = self.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id)}")
        assert isinstance(found, dict)
        return found

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The tasks of a run."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
        return self.listed(path, "task_instances")

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned; None if nothing."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}"
        try:
            found = self.call("GET", f"{path}/xcomEntries/return_value?deserialize=true")["value"]
        except PipelineError:
            return None
        return found

    def log(self, dag_id: str, run_id: str, task_id: str, number: int) -> list[str]:
        """The lines of a task's log."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{task_id}/logs/{number}"
        return [line for entry in self.call("GET", path)["content"] for line in lines_of(entry)]


def lines_of(entry: object) -> list[str]:
    """The lines of an entry of a log: what it says, and the error that it is about."""
    if not isinstance(entry, dict):
        return [str(entry)]
    errors = [str(found.get("exc_value", "")) for found in entry.get("error_detail") or []]
    return [str(entry.get("event", entry)), *(line for text in errors for line in text.split("\n"))]


def moment(text: str | None) -> float:
    """A time of Airflow's in seconds since 1970; 0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
