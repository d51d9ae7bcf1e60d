"""Airflow on SQLite takes one request that writes at a time.

Two that write at once hold each other up: one keeps SQLite's lock until the server's event loop
lets it end, and the other waits for that lock in this very loop. After five seconds one of them is
refused. The form's Trigger sends two, to unpause the DAG and to start the run: where the first was
refused, the run waited for ever in a DAG that stayed paused.

Airflow makes each run of a backfill in a savepoint. Python's driver opens no transaction for one,
so SQLite took each for a transaction of its own: a task's heartbeat between its first read and its
first write refused the backfill ("Database is locked"), and what Airflow then deleted, the
scheduler had seen already, and died of it.
"""

import asyncio
from typing import Any

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from airflow.settings import get_engine
from sqlalchemy import Connection, event

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def written_as_one(connection: Connection, name: str | None) -> None:
    """Begin the transaction around a savepoint, if none has begun, as one that will write.

    It waits for another writer here, and from here on others wait for it; nobody sees a part of it.

    Args:
        connection: to SQLite.
        name: of the savepoint.
    """
    if not connection.connection.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class OneWriter:
    """ASGI middleware: on SQLite, a request that may write waits for the one before it.

    Other databases lock rows, and need none of this.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.sqlite = conf.get("database", "sql_alchemy_conn").startswith("sqlite")
        self.writing = asyncio.Lock()
        if self.sqlite:
            event.listen(get_engine(), "savepoint", written_as_one)  # type: ignore[no-untyped-call]

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
