"""The reports of a run, in a tab of its page: for who may read the DAG, and for nobody else.

A report is made of data, and may hold scripts. It is served in a sandbox, an origin of its own,
where no script can reach the login of its reader.
"""

from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.configuration import AIRFLOW_HOME, conf
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/reports"
SAFE = {
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'self' data: blob: "
    "'unsafe-inline' 'unsafe-eval'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
}
PAGE = """<!doctype html><meta charset="utf-8"><title>Reports</title>
<style>body {{ font: 15px/1.6 system-ui, sans-serif; margin: 1rem; color: #222; background: #fff }}
a {{ color: #0b5cad }} iframe {{ width: 100%; height: 80vh; border: 1px solid #ccc }}</style>
<p>{links}</p><iframe name="report" src="{first}" title="report"></iframe>"""


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The pages; made at the first request, for other processes load this file as well."""
    await made()(scope, receive, send)


@cache
def made() -> Any:
    """The application: on each page it asks for a login, and for a run that its user may read."""
    from airflow.api_fastapi.common.db.common import SessionDep
    from airflow.api_fastapi.core_api.security import GetUserDep
    from fastapi import Depends, FastAPI, HTTPException, Request
    from fastapi.responses import FileResponse, HTMLResponse, Response

    def see_that_readable(
        request: Request, user: GetUserDep, session: SessionDep, dag_id: str, run_id: str
    ) -> None:
        if not (exists(session, dag_id, run_id) and may_read(request, user)):
            raise HTTPException(404, "There is no such run, or it is not yours to read.")

    reader = Depends(see_that_readable)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[reader])

    @app.get("/{dag_id}/{run_id}/", response_class=HTMLResponse)
    def index(dag_id: str, run_id: str) -> str:
        return listed(folder_of(dag_id, run_id))

    @app.get("/{dag_id}/{run_id}/{path:path}")
    def report(dag_id: str, run_id: str, path: str) -> Response:
        found = inside(folder_of(dag_id, run_id), path)
        if found is None:
            raise HTTPException(404, "This run has no such report.")
        return FileResponse(found, headers=SAFE)

    return app


def exists(session: Any, dag_id: str, run_id: str) -> bool:
    """Whether Airflow has this run of this DAG; `~`, which means any to Airflow, is none."""
    from airflow.models import DagRun
    from sqlalchemy import select

    wanted = select(DagRun.id).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
    return session.scalar(wanted) is not None


def may_read(request: Any, user: Any) -> bool:
    """Whether Airflow would show the run of the request to its user."""
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import HTTPException

    try:
        requires_access_dag("GET", DagAccessEntity.RUN)(request, user)
    except HTTPException:
        return False
    return True


def folder_of(dag_id: str, run_id: str) -> Path:
    """Where the reports of a run were published."""
    from include.pipeline.workspace import reports_of

    home = conf.get("leeway", "home", fallback="") or str(Path(AIRFLOW_HOME) / "leeway")
    return reports_of(Path(home), dag_id, run_id)


def inside(folder: Path, path: str) -> Path | None:
    """The file at a path, if it is one of the run's."""
    try:
        found = (folder / path).resolve()
        return found if found.is_file() and found.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError):  # too long for a name, or with a letter that no name has
        return None


def listed(folder: Path) -> str:
    """A page of links to what can be read, with the first report below them."""
    pages = [path for path in sorted(folder.rglob("*")) if path.is_file() and readable(path)]
    shown = [p for p in pages if p.suffix == ".html" and (p.name == "index.html" or not beside(p))]
    shown += [p for p in pages if p.suffix in (".json", ".csv", ".txt", ".md") and p.name[0] != "_"]
    if not shown:
        none = "No reports: a run has those that its DAG names, once it is closed."
        return PAGE.format(links=none, first="about:blank")
    names = [path.relative_to(folder).as_posix() for path in shown]
    links = (f'<a href="{quote(n)}" target="report">{escape(n)}</a>' for n in names)
    return PAGE.format(links=" · ".join(links), first=quote(names[0]))


def readable(path: Path) -> bool:
    """Whether a page can show a name: a file's may be no text."""
    return str(path).encode(errors="ignore").decode() == str(path)


def beside(page: Path) -> bool:
    """Whether a page belongs to a set of pages with an index."""
    return any((parent / "index.html").exists() for parent in page.parents[:3])


class DvcReports(AirflowPlugin):
    """Adds the tab."""

    name = "dvc_reports"
    fastapi_apps = [{"app": application, "url_prefix": PREFIX, "name": "Reports"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Reports",
            "href": f"{PREFIX}/{{DAG_ID}}/{{RUN_ID}}/",
            "destination": "dag_run",
            "url_route": "reports",
        }
    ]
