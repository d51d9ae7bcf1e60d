"""Airflow on SQLite takes one request that writes at a time.

Two that write at once hold each other up: one keeps SQLite's lock until the server's event loop
lets it end, and the other waits for that lock in this very loop. After five seconds one of them is
refused. The form's Trigger sends two, to unpause the DAG and to start the run: where the first was
refused, the run waited for ever in a DAG that stayed paused.
"""

import asyncio
from typing import Any

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class OneWriter:
    """ASGI middleware: on SQLite, a request that may write waits for the one before it.

    Other databases lock rows, and need none of this.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.sqlite = conf.get("database", "sql_alchemy_conn").startswith("sqlite")
        self.writing = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, in its turn."""
        if not self.sqlite or scope["type"] != "http" or scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        async with self.writing:
            await self.app(scope, receive, send)


class SqliteWrites(AirflowPlugin):
    """Adds the middleware."""

    name = "sqlite_writes"
    fastapi_root_middlewares = [{"middleware": OneWriter, "name": "one writer"}]  # noqa: RUF012
