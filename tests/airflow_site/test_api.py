"""The client of Airflow's REST API, against a server that answers as Airflow does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from include.airflow_site.api import AirflowApi
from include.errors import PipelineError

TASKS = [{"task_id": f"task-{number}", "note": None} for number in range(250)]
DAGS = [
    {
        "dag_id": name,
        "fileloc": f"/dags/{name}.py",
        "last_parsed_time": moment,
        "last_parse_duration": took_s,
    }
    for name, moment, took_s in (
        ("old", "2026-01-01T00:00:00Z", None),
        ("new", "2026-01-01T00:00:10Z", 1.5),
    )
]
REFUSED, LOCKED = (500, "Database error"), (503, "Database is locked. Use another.")


class Answers(BaseHTTPRequestHandler):
    """Logs in admin, lists 250 tasks, at most 100 at a time, and refuses what it does not know."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self.headers["Authorization"] != "Bearer token-1":
            return self.answer(401, {"detail": "Not authenticated"})
        if address.path.endswith("/taskInstances"):
            query = parse_qs(address.query)
            first, most = int(query["offset"][0]), min(int(query["limit"][0]), 100)
            part = TASKS[first : first + most]
            return self.answer(200, {"task_instances": part, "total_entries": len(TASKS)})
        if address.path == "/api/v2/dags":
            return self.answer(200, {"dags": DAGS, "total_entries": len(DAGS)})
        return self.answer(404, {"detail": "no such path"})

    def do_POST(self) -> None:
        held = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self.server.logins += 1
            if held == {"username": "admin", "password": "secret"}:
                return self.answer(201, {"access_token": "token-1"})
            return self.answer(401, {"detail": "Invalid credentials"})
        return self.answer(400, {"detail": "12 is greater than the maximum of 9"})

    def do_PATCH(self) -> None:
        held = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.faults:
            status, reason = self.server.faults.pop()
            return self.answer(status, {"detail": {"reason": reason}})
        self.server.changes.append(held)
        if "actions" in held:
            refused = [{"error": "task-0 is running", "status_code": 409}]
            return self.answer(200, {"update": {"success": [], "errors": refused}})
        return self.answer(200, {})

    def answer(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.logins, server.changes, server.faults = 0, [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def api(server) -> AirflowApi:
    return AirflowApi(f"http://127.0.0.1:{server.server_port}", "admin", "secret")


def test_a_list_is_whole_though_airflow_gives_100_entries_at_a_time(api):
    assert api.tasks("small", "manual__1+00:00") == TASKS


def test_a_dag_that_was_read_before_its_file_changed_does_not_count(api):
    assert api.dags() == {"old": "old.py", "new": "new.py"}
    # Five seconds after midnight UTC.
    assert api.dags(since=1767225605) == {"new": "new.py"}
    assert api.dags(since=1767225608.5) == {"new": "new.py"}
    assert api.dags(since=1767225609) == {}, "it was being read when its file changed"


def test_it_logs_in_once(api, server):
    api.tasks("small", "one")
    api.tasks("small", "two")
    assert server.logins == 1


def test_what_airflow_refuses_is_said_in_its_words(api):
    with pytest.raises(PipelineError) as error:
        api.trigger("small", {"shout.times": 12})
    assert str(error.value) == (
        "Airflow answered POST /api/v2/dags/small/dagRuns with 400: "
        '{"detail": "12 is greater than the maximum of 9"}\n'
        "  Next: see the logs in .airflow/logs."
    )


def test_a_wrong_password_is_refused(server):
    api = AirflowApi(f"http://127.0.0.1:{server.server_port}", "admin", "guess")
    with pytest.raises(PipelineError, match=r"POST /auth/token with 401: .*Invalid credentials"):
        api.tasks("small", "one")


def test_many_notes_go_in_parts_and_refusals_come_back(api, server):
    notes = {task["task_id"]: "cached" for task in TASKS[:120]}
    refused = api.tell("small", "one", notes, state="success")
    sent = [change["actions"][0]["entities"] for change in server.changes]
    assert [len(entities) for entities in sent] == [50, 50, 20]
    assert sent[0][0] == {"task_id": "task-0", "note": "cached", "new_state": "success"}
    assert refused == ["task-0 is running"] * 3


@pytest.mark.parametrize("busy", [REFUSED, LOCKED], ids=["a write", "a backfill"])
def test_a_busy_database_is_asked_again(api, server, monkeypatch, busy):
    monkeypatch.setattr("include.airflow_site.api.PAUSES_S", (0, 0))
    server.faults = [busy] * 2
    api.describe("small", "one", "a note")
    assert server.changes == [{"note": "a note"}]


@pytest.mark.parametrize(
    "faults",
    [[REFUSED] * 3, [(500, "of another kind")], [(503, "in maintenance")]],
    ids=["busy for long", "another fault", "another refusal"],
)
def test_a_fault_of_the_server_is_an_error(api, server, monkeypatch, faults):
    monkeypatch.setattr("include.airflow_site.api.PAUSES_S", (0, 0))
    server.faults = list(faults)
    with pytest.raises(PipelineError, match="with {}: .*{}".format(*faults[0])):
        api.describe("small", "one", "a note")
    assert (server.faults, server.changes) == ([], [])


def test_a_task_without_a_result_has_none(api):
    assert api.result("small", "one", "task-0") is None


def test_a_server_that_is_not_there_is_an_error_that_names_it():
    with pytest.raises(PipelineError, match=r"Airflow at http://127\.0\.0\.1:9 does not answer: "):
        AirflowApi("http://127.0.0.1:9", "admin", "secret").tasks("small", "one")
    assert not AirflowApi("http://127.0.0.1:9", "admin", "secret").healthy()


def test_a_proxy_is_not_asked_for_this_machine(api, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert len(AirflowApi(api.url, "admin", "secret").tasks("small", "one")) == 250
