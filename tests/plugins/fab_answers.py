"""What the reports answer where Airflow's users and roles are real: `python fab_answers.py FOLDER`.

In a process of its own, which makes its own database: Airflow knows one set of settings for each.
Each run has one report, which holds its own name; vera may read the DAG `evil`, root all of them.
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = [("evil", "s1"), ("evil", "secret-s1"), ("evil-secret", "s1"), ("secret", "s1")]
ASKED = [*RUNS, ("~", "s1"), ("evil", "none"), ("evil", "%00"), ("evil", "..%2F..%2Fsecret%2Fs1")]
PASSWORD = "a password of the tests"


def settle(home: Path) -> None:
    """Let Airflow of this process have a database in a folder, and FAB's users."""
    settings = {
        "CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
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
            folder = reports_of(home / "leeway", dag_id, run_id)
            folder.mkdir(parents=True)
            (folder / "report.txt").write_text(f"{dag_id} {run_id}")


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


def answers() -> dict[str, dict[str, list[object]]]:
    """For each user and run: the status of its page, and what its report holds, if it is shown."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    client = TestClient(create_app(), base_url="http://localhost")
    found: dict[str, dict[str, list[object]]] = {}
    for user in ("vera", "root", ""):
        headers = {}
        if user:
            login = {"username": user, "password": PASSWORD}
            token = client.post("/auth/token", json=login).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
        found[user] = {}
        for dag_id, run_id in ASKED:
            url = f"/reports/{dag_id}/{run_id}/"
            page = client.get(url, headers=headers)
            report = client.get(f"{url}report.txt", headers=headers)
            shown = report.text if report.status_code == 200 else None
            found[user][f"{dag_id} {run_id}"] = [page.status_code, shown]
    return found


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
