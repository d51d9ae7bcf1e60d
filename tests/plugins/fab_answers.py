"""What the reports answer where Airflow's users and roles are real: `python fab_answers.py FOLDER`.

In a process of its own, which makes its own database: Airflow knows one set of settings for each.
Each run has reports, one of which holds its own name; vera may read the DAG `evil`, root all.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
RUNS = [("evil", "s1"), ("evil", "secret-s1"), ("evil-secret", "s1"), ("secret", "s1")]
HOSTILE = ("evil", "a/b <i>é</i> %2e%2e&dag_id=secret")
REUSED = ("evil", "made anew")  # its reports are of a run of this name that was deleted
GONE = ("evil", "deleted")  # of which Airflow knows nothing
RUNS += [HOSTILE, REUSED]
MARKUP = "<img src=x onerror=alert(1)>"
PAGE = '<!doctype html><a href="more.html">more</a>'
ASKED = [
    *RUNS[:4],
    ("~", "s1"),
    ("evil", "none"),
    ("evil", "%00"),
    ("evil", "..%2F..%2Fsecret%2Fs1"),
]
PASSWORD = "a password of the tests"


def settle(home: Path) -> None:
    """Let Airflow of this process have a database in a folder, and FAB's users."""
    settings = {
        "CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "SCHEDULER__ALLOWED_RUN_ID_PATTERN": ".*",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "API_AUTH__JWT_SECRET": "j" * 64,
        "API__SECRET_KEY": "s" * 64,
        "LEEWAY__HOME": str(home / "leeway"),
    }
    os.environ |= {f"AIRFLOW__{name}": value for name, value in settings.items()}
    os.environ["AIRFLOW_HOME"] = str(home)


def make_runs(home: Path) -> None:
    """Runs in the database, and a report of each."""
    from airflow.models import DagModel, DagRun
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType

    from include.pipeline.closing.card import place_of, write_card
    from include.pipeline.workspace import reports_of

    now = datetime.now(UTC)
    with create_session() as session:
        session.add(DagBundleModel(name="ours"))
        session.flush()
        for dag_id in sorted({dag_id for dag_id, _ in RUNS}):
            session.add(DagModel(dag_id=dag_id, bundle_name="ours", fileloc="dags.py"))
        session.flush()
        for dag_id, run_id in RUNS:
            run = {"dag_id": dag_id, "run_id": run_id, "run_type": DagRunType.MANUAL}
            session.add(DagRun(**run, run_after=now, logical_date=None, state="success"))
    for dag_id, run_id in [*RUNS, GONE]:
        folder = reports_of(home / "leeway", dag_id, run_id)
        (folder / "reports").mkdir(parents=True)
        (folder / "report.txt").write_text(f"{dag_id} {run_id}")
        (folder / "reports/page.html").write_text(PAGE)
        (folder / "reports/more.html").write_text("more")
        told = {"state": MARKUP, "sentence": f"{dag_id} {run_id} {MARKUP}"}
        (folder / "reports/page.json").write_text(json.dumps({"verdict": told}))
        write_card(home / "leeway", (dag_id, run_id), repo=str(home), makers={MARKUP: MARKUP})
    place = place_of(home / "leeway", *REUSED)
    place.write_text(json.dumps({**json.loads(place.read_text()), "published": 1.0}))


def make_users() -> None:
    """Root, and vera, whose role reads one DAG."""
    from airflow.providers.fab.www.app import create_app

    flask = create_app(enable_plugins=False)
    with flask.app_context():
        security = flask.appbuilder.sm
        role = security.add_role("reads evil")
        for resource in ("DAG:evil", "DAG Run:evil", "DAG Runs"):
            permission = security.create_permission("can_read", resource)
            security.add_permission_to_role(role, permission)
        for name, given in (("vera", role), ("root", security.find_role("Admin"))):
            person = {"username": name, "first_name": name, "last_name": name, "password": PASSWORD}
            assert security.add_user(**person, email=f"{name}@example.org", role=given)


def answers() -> dict[str, dict[str, list[Any]]]:
    """What a server answers that has started, and what it still did for its first page."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app(), base_url="http://localhost") as client:
        for thread in threading.enumerate():
            if thread.name == "reports":
                thread.join()
        return answered(client)


def answered(client: Any) -> dict[str, dict[str, list[Any]]]:
    """For each user and address: the status of the answer, what it holds, and what it may do."""
    found: dict[str, dict[str, list[Any]]] = {}
    for user in ("vera", "root", ""):
        headers = {}
        if user:
            login = {"username": user, "password": PASSWORD}
            token = client.post("/auth/token", json=login).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
        if not found:
            found["first page"] = {
                "read": done_for(partial(client.get, "/reports/", headers=headers))
            }
        found[user] = {}
        for address in addresses():
            answer = client.get(address, headers=headers)
            policy = answer.headers.get("content-security-policy")
            found[user][address] = [answer.status_code, answer.text, policy, str(answer.url)]
        # the second project
        found[f"{user} asks"] = asking(client, headers)
        # end of the second project
    found["by ticket"] = by_ticket(client, found["vera"]["/reports/evil/s1/report.txt"][3])
    return found


# the second project
def asking(client: Any, headers: dict[str, str]) -> list[list[int]]:
    """What the page Ask answers, and a question, where readers of one DAG or another may ask."""
    found = []
    for dag_id in ("evil", "secret"):
        os.environ["AIRFLOW__LEEWAY__ASSISTANT_DAG"] = dag_id
        page = client.get("/ask/", headers=headers)
        # No service is configured: who may ask is told so.
        question = client.post("/ask/question", json={"question": "why?"}, headers=headers)
        found.append([page.status_code, question.status_code])
    return found


# end of the second project
def done_for(request: Callable[[], Any]) -> list[str]:
    """The cards and templates that are read for a request, and the modules that are imported."""
    seen: list[str] = []

    def note(event: str, about: tuple[Any, ...]) -> None:
        if event == "import" or (event == "open" and str(about[0]).endswith((".j2", ".json"))):
            seen.append(str(about[0]))

    sys.addaudithook(note)
    request()
    return seen[:]


def by_ticket(client: Any, address: str) -> dict[str, list[Any]]:
    """What an address of a report that was made for vera opens to who has no login."""
    from itsdangerous import URLSafeTimedSerializer

    held = address.partition("/~/")[2].partition("/")[0]
    first, *rest = held.split(".")
    signer = URLSafeTimedSerializer("j" * 64, "reports of runs")
    others = {
        "as it is": held,
        "changed": ".".join([first[:-1] + ("A" if first[-1] != "A" else "B"), *rest]),
        "of nobody": signer.dumps([{"sub": "99"}, "evil", "s1"]),
        "of no run": signer.dumps([{"sub": "1"}, "evil", "deleted"]),
        "of what she may not read": signer.dumps([{"sub": "1"}, "secret", "s1"]),
        "of another kind": signer.dumps("evil"),
    }
    places = {name: f"/reports/~/{ticket}/report.txt" for name, ticket in others.items()}
    places["another report"] = f"/reports/~/{held}/reports/more.html"
    places["above the run"] = f"/reports/~/{held}/..%2F..%2Fsecret%2Fs1%2Freport.txt"
    found = {}
    for name, place in places.items():
        answer = client.get(place)
        found[name] = [answer.status_code, answer.text]
    return found


def addresses() -> list[str]:
    """What each user asks for."""
    found = ["/reports/", "/reports/?dag_id=evil", "/reports/?dag_id=secret"]
    found += ["/reports/?dag_id=~", "/reports/?dag_id=none&state=x&since=x&page=9"]
    found += [f"/reports/{dag_id}/{run_id}/" for dag_id, run_id in ASKED]
    found += [f"/reports/{dag_id}/{run_id}/report.txt" for dag_id, run_id in ASKED]
    runs = [*RUNS, GONE, ("~", "s1"), ("evil", "none")]
    queries = [urlencode({"dag_id": dag_id, "run_id": run_id}) for dag_id, run_id in runs]
    found += [f"/reports/run?{query}" for query in queries]
    found += [f"/reports/run?{query}&show=reports/page.html" for query in queries]
    return [*found, "/reports/run?dag_id=evil&dag_id=secret&run_id=s1", "/reports/~/forged/x.html"]


def main(home: Path) -> None:
    """Write the answers into the folder."""
    settle(home)
    from airflow.utils.db import initdb

    initdb()
    make_runs(home)
    make_users()
    (home / "answers.json").write_text(json.dumps(answers()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
