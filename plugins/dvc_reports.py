"""The reports of runs, in the navigation of Airflow and in tabs: for who may read the DAG.

A report is made of data, and may hold scripts. It is served in a sandbox, an origin of its own,
where no script can reach the login of its reader. The pages around it may run no script but one.
"""

from asyncio import to_thread
from functools import cache
from threading import Thread
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/reports"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The pages; made when they are needed, for other processes load this file as well."""
    # The server answers others meanwhile.
    pages = made() if made.cache_info().currsize else await to_thread(made)
    await pages(scope, receive, send)


@cache
def made() -> Any:
    """The application: each page asks for a login, or for a ticket that a login was given."""
    from airflow.api_fastapi.common.db.common import SessionDep
    from airflow.api_fastapi.core_api.security import GetUserDep
    from dvc_reports_answers import Hidden, all_runs, by_path, by_ticket, one_run
    from fastapi import FastAPI, HTTPException, Request, Response
    from fastapi.exception_handlers import http_exception_handler

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(Hidden)
    async def hidden(request: Request, error: Hidden) -> Response:
        return await http_exception_handler(request, HTTPException(error.status, error.told))

    @app.get("/", response_model=None)
    def runs(request: Request, user: GetUserDep, session: SessionDep) -> Any:
        return sent(all_runs(session, user, request.query_params))

    @app.get("/run", response_model=None)
    def run(request: Request, user: GetUserDep, session: SessionDep) -> Any:
        return sent(one_run(session, user, request.query_params))

    @app.get("/~/{signed}/{path:path}", response_model=None)
    def report(session: SessionDep, signed: str, path: str) -> Any:
        return sent(by_ticket(session, signed, path))

    @app.get("/{dag_id}/{run_id}/{path:path}", response_model=None)
    def file(
        request: Request, user: GetUserDep, session: SessionDep, dag_id: str, run_id: str, path: str
    ) -> Any:
        found = by_path(session, user, dag_id, run_id, path)
        return sent(found, request.scope["root_path"])

    return app


class MadeReady:
    """Around Airflow's API server: when it has started, the pages are made ready beside its work.

    Airflow tells the pages of plugins nothing of its start unless FastAPI made them, which takes
    long to import.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request pass, and see when the server has started."""

        async def seen(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                Thread(target=make_ready, name="reports", daemon=True).start()

        await self.app(scope, receive, seen if scope["type"] == "lifespan" else send)


def make_ready() -> None:
    """Make the pages, and draw the list once for nobody: what is read on the way is kept."""
    from airflow.utils.session import create_session
    from dvc_reports_answers import drawn

    made()
    with create_session() as session:
        drawn(session)


def sent(answer: Any, root: str = "") -> Any:
    """An answer as it is sent.

    Args:
        root: where the pages lie, for an answer that leads to one of them.
    """
    from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

    headers = dict(answer.headers)
    if answer.file:
        return FileResponse(answer.file, headers=headers, media_type=answer.kind)
    if answer.elsewhere:
        return RedirectResponse(root + answer.elsewhere.removeprefix("."), 307, headers=headers)
    return HTMLResponse(answer.page, headers=headers)


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
    fastapi_root_middlewares = [{"middleware": MadeReady, "name": "Reports"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        tab("nav", ""),
        tab("dag", "?dag_id={DAG_ID}"),
        tab("dag_run", "run?dag_id={DAG_ID}&run_id={RUN_ID}"),
        tab("task", "?dag_id={DAG_ID}&task_id={TASK_ID}"),
        tab("task_instance", "run?dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}"),
    ]
