"""A page on which people ask the assistant, in the navigation of Airflow: for who may read its DAG.

The server asks the service, with a token that no browser ever sees, and hands on what it says. The
page runs one script, ours, and shows all that it is told as text.
"""

from asyncio import to_thread
from functools import cache
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/ask"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The page; made when it is needed, for other processes load this file as well."""
    # The server answers others meanwhile.
    page = made() if made.cache_info().currsize else await to_thread(made)
    await page(scope, receive, send)


@cache
def made() -> Any:
    """The application: all of it asks for a login that may read the DAG of the assistant."""
    from airflow.api_fastapi.core_api.security import GetUserDep
    from dvc_ask_page import page_of
    from dvc_ask_service import Refused, asked, body_of, problem, rated, service_of
    from dvc_reports_access import may_read
    from fastapi import Depends, FastAPI, Request, Response
    from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

    def allowed(user: GetUserDep) -> None:
        dag_id = dag_of()
        if not may_read(user, dag_id):
            fix = "ask who runs this Airflow for the right to read it."
            raise Refused(403, f"Who may read the DAG {dag_id} may ask; you may not.", fix)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(allowed)])

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        told = {"error": error.what, "next": error.fix}
        return JSONResponse(told, error.status, headers=error.headers)

    @app.get("/", response_model=None)
    def page() -> Response:
        found = page_of(problem())
        return HTMLResponse(found.html, headers=found.headers)

    @app.post("/question", response_model=None)
    async def question(request: Request) -> Response:
        answer = await asked(service_of(), await body_of(request))
        return StreamingResponse(answer.pieces, headers=answer.headers, media_type=answer.kind)

    @app.post("/feedback", response_model=None)
    async def feedback(request: Request) -> Response:
        return JSONResponse(await rated(service_of(), await body_of(request)))

    return app


def dag_of() -> str:
    """The DAG whose readers may ask."""
    from airflow.configuration import conf

    return str(conf.get("leeway", "assistant_dag", fallback="assistant"))


class DvcAsk(AirflowPlugin):
    """Adds the page."""

    name = "dvc_ask"
    fastapi_apps = [{"app": application, "url_prefix": PREFIX, "name": "Ask"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {"name": "Ask", "href": f"{PREFIX}/", "destination": "nav", "url_route": "ask"}
    ]
