"""Show the reports that runs published, to who knows the viewer's password."""

import base64
import hmac
import os
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Reports carry their own scripts. In a sandbox these reach neither cookies nor another host.
POLICY = (
    b"sandbox allow-scripts allow-popups; default-src 'self' 'unsafe-inline' 'unsafe-eval' data:"
)


class Login:
    """Lets nobody through without the password, and puts each page into a sandbox."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self.app = app
        self.wanted = base64.b64encode(f"viewer:{password}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/livez":
            return await self.app(scope, receive, send)
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self.wanted)
        if not same or scheme.lower() != "basic":  # in any case: RFC 9110, section 11.1
            ask = {"WWW-Authenticate": 'Basic realm="reports"'}
            return await PlainTextResponse("Log in as viewer.\n", 401, ask)(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"content-security-policy", POLICY))
            await send(message)

        await self.app(scope, receive, guarded)


def application(folder: Path, password: str) -> ASGIApp:
    """The pages of one folder, with a list of what is in it."""

    async def index(_: Request) -> Response:
        runs = sorted(folder.glob("*/*/"), key=lambda path: -path.stat().st_mtime)
        parts = (section(folder, run) for run in runs)
        return HTMLResponse("<title>Reports</title><h1>Reports</h1>" + "".join(parts))

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    files = StaticFiles(directory=folder, html=True, check_dir=False)
    routes = [Route("/", index), Route("/livez", alive), Mount("/", files)]
    return Login(Starlette(routes=routes), password)


def section(folder: Path, run: Path) -> str:
    """Links to the pages and numbers of one run, by the names of its DAG and its own."""
    found = [path for kind in ("html", "json") for path in run.rglob(f"*.{kind}")]
    # A name may be no text: no page could show it.
    found = [path for path in found if str(path).encode(errors="ignore").decode() == str(path)]
    # A folder with a first page is a site: that page leads to the others.
    sites = {path.parent for path in found if path.name == "index.html"}
    sites = {site for site in sites if not sites & {*site.parents}}
    shown = [path for path in sorted(found) if not sites & {*path.parents}]
    shown += [site / "index.html" for site in sorted(sites)]
    links = (path.relative_to(folder).as_posix() for path in shown)
    items = "".join(f'<li><a href="{quote(link)}">{escape(link)}</a></li>' for link in links)
    return f"<h2>{escape(run.relative_to(folder).as_posix())}</h2><ul>{items}</ul>"


if __name__ == "__main__":
    import uvicorn

    pages = application(
        Path(os.environ["LEEWAY_HOME"]) / "reports", os.environ["LEEWAY_VIEWER_PASSWORD"]
    )
    uvicorn.run(pages, host="0.0.0.0", port=8081, log_level="warning")
