"""The reports of runs, in the navigation of Airflow and in tabs: for who may read the DAG.

A report is made of data, and may hold scripts. It is served in a sandbox, an origin of its own,
where no script can reach the login of its reader. The pages around it hold no script at all.
"""

import hashlib
import re
from base64 import b64encode
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin
from dvc_reports_access import home_of, may_read, opened, readable, ticket
from dvc_reports_list import PREFIX, run_list, state_of
from dvc_reports_run import run_page
from dvc_reports_runs import Seen, pipelines, published, runs_of

from include.pages.runs.content import Filters
from include.pipeline.workspace import reports_of

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
SANDBOX = {
    **ALWAYS,
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'self' data: blob: "
    "'unsafe-inline' 'unsafe-eval'",
}
OURS = (
    "default-src 'none'; style-src {styles}; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
# What a browser would rather save than show.
AS_TEXT = (".csv", ".tsv", ".md", ".yaml", ".txt")
NOT_FOUND = "There is no such run, or it is not yours to read."
OLD = "This address of a report is too old. Open the report again from the page of its run."


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The pages; made at the first request, for other processes load this file as well."""
    await made()(scope, receive, send)


@cache
def made() -> Any:
    """The application: each page asks for a login, and shows no run that its user may not read."""
    from airflow.api_fastapi.common.db.common import SessionDep
    from airflow.api_fastapi.core_api.security import GetUserDep
    from fastapi import FastAPI, HTTPException, Query
    from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    Page = Annotated[int, Query(ge=1, le=10_000)]

    def run_here(session: Any, user: Any, dag_id: str, run_id: str) -> Seen:
        """A run that there is, and that a user may read."""
        found = runs_of(session, home_of(), [dag_id], run_id) if may_read(user, dag_id) else []
        if not found:
            raise HTTPException(404, NOT_FOUND)
        return found[0]

    @app.get("/", response_class=HTMLResponse)
    def runs(
        user: GetUserDep,
        session: SessionDep,
        dag_id: str = "",
        task_id: str = "",
        since: str = "",
        until: str = "",
        state: str = "",
        page: Page = 1,
        whole: str = "",
    ) -> Response:
        home = home_of()
        dags = readable(user, pipelines(home, session))
        if dag_id and dag_id not in dags and not may_read(user, dag_id):
            raise HTTPException(404, NOT_FOUND)
        found = runs_of(session, home, [dag_id] if dag_id else dags)
        states = sorted({state_of(run) for run in found})
        held = (dag_id, task_id, day(since), day(until), state)
        text = run_list(found, home, Filters(*held, dags, states), page, bool(whole)).html
        return HTMLResponse(text, headers=guarded(text))

    @app.get("/run", response_class=HTMLResponse)
    def run(
        user: GetUserDep,
        session: SessionDep,
        dag_id: str,
        run_id: str,
        task_id: str = "",
        show: str = "",
    ) -> Response:
        here, home = run_here(session, user, dag_id, run_id), home_of()
        all_runs = [] if show else runs_of(session, home, [dag_id])
        before = the_one_before(here, all_runs)
        opens = ticket(user, dag_id, run_id)
        text = run_page(here, before, home, opens, task_id, show).html
        return HTMLResponse(text, headers=guarded(text))

    @app.get("/~/{signed}/{path:path}")
    def report(session: SessionDep, signed: str, path: str) -> Response:
        held = opened(signed)
        if held is None:
            raise HTTPException(401, OLD)
        user, dag_id, run_id = held
        card = published(home_of(), run_here(session, user, dag_id, run_id))
        found = inside(reports_of(home_of(), dag_id, run_id), path) if card.published else None
        if found is None:
            raise HTTPException(404, "This run has no such report.")
        kind = "text/plain" if found.suffix in AS_TEXT else None
        return FileResponse(found, headers=SANDBOX, media_type=kind)

    @app.get("/{dag_id}/{run_id}/{path:path}")
    def by_path(
        user: GetUserDep, session: SessionDep, dag_id: str, run_id: str, path: str
    ) -> Response:
        run_here(session, user, dag_id, run_id)
        opens = ticket(user, dag_id, run_id)
        place = f"~/{opens}/{quote(path)}" if path else f"run?dag_id={quote(dag_id)}"
        place += "" if path else f"&run_id={quote(run_id, safe='')}"
        return RedirectResponse(f"{PREFIX}/{place}", 307, headers=ALWAYS)

    return app


def the_one_before(run: Seen, runs: list[Seen]) -> Seen | None:
    """The run of the same DAG before one that has an experiment to compare with."""
    older = [one for one in runs if one.when <= run.when and one.run_id != run.run_id]
    return next((one for one in older if one.past), None)


def day(text: str) -> str:
    """A day as 2013-06-01; empty if it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def guarded(page: str) -> dict[str, str]:
    """The headers of a page of our own, which may do nothing but be read."""
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    hashes = (b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles)
    allowed = " ".join(f"'sha256-{found}'" for found in hashes)
    return ALWAYS | {"Content-Security-Policy": OURS.format(styles=allowed)}


def inside(folder: Path, path: str) -> Path | None:
    """The file at a path, if it is one of the run's."""
    try:
        found = (folder / path).resolve()
        return found if found.is_file() and found.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError):  # too long for a name, or with a letter that no name has
        return None


def tab(destination: str, href: str) -> dict[str, str]:
    """One place in Airflow where reports are shown."""
    where = "reports" if destination == "nav" else f"{destination.replace('_', '-')}-reports"
    return {
        "name": "Reports",
        "href": f"{PREFIX}/{href}",
        "destination": destination,
        "url_route": where,
    }


class DvcReports(AirflowPlugin):
    """Adds the page and the tabs."""

    name = "dvc_reports"
    fastapi_apps = [{"app": application, "url_prefix": PREFIX, "name": "Reports"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        tab("nav", ""),
        tab("dag", "?dag_id={DAG_ID}"),
        tab("dag_run", "run?dag_id={DAG_ID}&run_id={RUN_ID}"),
        tab("task", "?dag_id={DAG_ID}&task_id={TASK_ID}"),
        tab("task_instance", "run?dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}"),
    ]
