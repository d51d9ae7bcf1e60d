"""Git over HTTP for workers that share no disk: git's own http-backend, to who has the token."""

import asyncio
import hmac
import os
import signal
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

CHUNK = 1 << 16
PATIENCE_S = 3


def application(folder: Path, token: str) -> Starlette:
    """The repositories of one folder, to read and to push to."""

    async def serve(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), token.encode())
        if not same or scheme.lower() != "bearer":  # in any case: RFC 9110, section 11.1
            return PlainTextResponse("A worker sends its token.\n", 401)
        return await backend(request, folder)

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/livez", alive),
            Route("/{path:path}", serve, methods=["GET", "POST"]),
        ]
    )


async def backend(request: Request, folder: Path) -> Response:
    """One request, answered by `git http-backend`, which speaks CGI."""
    with tempfile.TemporaryFile() as body:
        async for chunk in request.stream():
            body.write(chunk)
        body.seek(0)
        process = await asyncio.create_subprocess_exec(
            *("git", "http-backend"),
            stdin=body,
            stdout=asyncio.subprocess.PIPE,
            env=environment(request, folder),
            start_new_session=True,
        )
    try:
        return await Answer.of(process)
    except BaseException:
        end(process)
        raise


class Answer(StreamingResponse):
    """What a process of git says; it ends, with all that it started, when its client goes away."""

    process: Process

    @classmethod
    async def of(cls, process: Process) -> "Answer":
        """The answer, once the process has said its headers."""
        output, headers = process.stdout, dict[str, str]()
        assert output
        while line := (await output.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        status = int(headers.pop("status", "200").split()[0])

        async def rest() -> AsyncIterator[bytes]:
            while chunk := await output.read(CHUNK):
                yield chunk
            await process.wait()

        answer = cls(rest(), status, headers)
        answer.process = process
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            end(self.process)


def end(process: Process) -> None:
    """End a process that has not ended, and its group: politely, so that git tidies up."""
    if process.returncode is not None:
        return
    signal_group(process, signal.SIGTERM)
    asyncio.get_running_loop().call_later(PATIENCE_S, signal_group, process, signal.SIGKILL)


def signal_group(process: Process, number: int) -> None:
    """Send a signal to a group, if any of it is left. It keeps its number while that is so."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def environment(request: Request, folder: Path) -> dict[str, str]:
    """A request in the words of CGI. A named user is one who may push."""
    headers = {
        "CONTENT_TYPE": "content-type",
        "CONTENT_LENGTH": "content-length",
        "HTTP_CONTENT_ENCODING": "content-encoding",
        "HTTP_GIT_PROTOCOL": "git-protocol",
    }
    sent = {to: request.headers[name] for to, name in headers.items() if name in request.headers}
    return sent | {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REMOTE_USER": "worker",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.url.path,
        "QUERY_STRING": request.url.query,
    }


if __name__ == "__main__":
    import uvicorn

    pages = application(Path("/leeway"), os.environ["GIT_SERVER_TOKEN"])
    uvicorn.run(pages, host="0.0.0.0", port=8082, log_level="warning")
