"""The two online stores that a run may fill: a SQLite file, or Redis.

Both are used alike: `settings` goes to Feast, `begin` says whether the store still holds what a
receipt says, `forget` is called before it no longer does, `finish` makes what was written last
and returns the token for the next receipt.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from include.errors import ParamsError, PipelineError

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView
    from redis import Redis

REDIS_URL = "LEEWAY_REDIS_URL"
DATABASE = "online.db"


class SqliteOnline:
    """One file, whose bytes depend on nothing but the features in it.

    Feast writes into a copy: the file itself may be a link into DVC's cache.
    """

    def __init__(self, folder: Path, work: Path) -> None:
        self.file, self.work = folder / DATABASE, work / DATABASE
        self.settings: dict[str, Any] = {"type": "sqlite", "path": str(self.work.absolute())}

    def begin(self, token: str) -> bool:
        """Go on from the file if it has this token; start anew if not."""
        if not self.file.is_file() or digest(self.file) != token:
            return False
        shutil.copyfile(self.file, self.work)
        return True

    def forget(self) -> None:
        """Nothing to do: the file stays as it is until a new one takes its place."""

    def count(self, store: "FeatureStore", views: list["FeatureView"]) -> dict[str, int]:
        """Entities per view."""
        query = "SELECT count(DISTINCT entity_key) FROM"
        with closing(sqlite3.connect(self.work)) as database:
            return {
                view.name: database.execute(f'{query} "{table(store, view)}"').fetchone()[0]
                for view in views
            }

    def finish(self, store: "FeatureStore", views: list["FeatureView"], state: str) -> str:
        """Write all tables anew, in one order, so that the way to them leaves no trace."""
        final = self.work.with_suffix(".final")
        with closing(sqlite3.connect(final, isolation_level=None)) as database:
            database.execute("ATTACH ? AS written", (str(self.work),))
            database.execute("BEGIN")
            for name in sorted(table(store, view) for view in views):
                made = "SELECT sql FROM written.sqlite_master WHERE tbl_name = ? AND sql NOT NULL"
                for (sql,) in database.execute(f"{made} ORDER BY type DESC, name", (name,)):
                    database.execute(sql)
                rows = f'SELECT * FROM written."{name}" ORDER BY entity_key, feature_name'
                database.execute(f'INSERT INTO main."{name}" {rows}')
            database.execute("COMMIT")
        final.replace(self.file)
        return digest(self.file)


class RedisOnline:
    """A Redis server, which may have been emptied or filled by another run since.

    The token of the last receipt is kept in it, to find that out.
    """

    def __init__(self, folder: Path, project: str) -> None:
        self.file, self.project = folder / DATABASE, project
        self.settings = redis_settings(os.environ)
        self.marker = f"{project}:leeway-receipt"

    def client(self) -> "Redis":
        """A connection.

        Raises:
            PipelineError: the server does not answer.
        """
        import redis

        client = redis.Redis.from_url(os.environ[REDIS_URL])
        try:
            client.ping()
        except redis.RedisError as error:
            raise PipelineError(
                f"Redis does not answer at the URL in {REDIS_URL}: {error}.",
                f"start Redis, or correct {REDIS_URL}.",
            ) from None
        return client

    def begin(self, token: str) -> bool:
        """Whether the server holds what the run with this token wrote."""
        with closing(self.client()) as client:
            return client.get(self.marker) == token.encode()

    def forget(self) -> None:
        """Mark the server as holding nothing that a receipt says, before a view is emptied."""
        with closing(self.client()) as client:
            client.delete(self.marker)

    def count(self, store: "FeatureStore", views: list["FeatureView"]) -> dict[str, int]:
        """Entities per view."""
        with closing(self.client()) as client:
            keys = list(client.scan_iter(f"*{self.project}", count=1000))
            counts = {}
            for view in views:
                asked = client.pipeline(transaction=False)
                for key in keys:
                    asked.hexists(key, f"_ts:{view.name}")
                counts[view.name] = sum(asked.execute())
        return counts

    def finish(self, store: "FeatureStore", views: list["FeatureView"], state: str) -> str:
        """Leave the token in the server; remove a SQLite file of an earlier choice."""
        token = hashlib.sha256(state.encode()).hexdigest()
        with closing(self.client()) as client:
            client.set(self.marker, token)
        self.file.unlink(missing_ok=True)
        return token


def redis_settings(environment: "os._Environ[str] | dict[str, str]") -> dict[str, Any]:
    """Feast's section online_store for the URL in LEEWAY_REDIS_URL.

    Raises:
        ParamsError: it is not set, or not a URL that Feast can use.
    """
    url = environment.get(REDIS_URL, "")
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        fact = f"is not a redis:// URL: it starts with {url[:8]!r}" if url else "is not set"
        raise ParamsError(
            f"params.yaml sets materialize_features.online_store to redis, but {REDIS_URL} {fact}.",
            f"set {REDIS_URL} to redis://[user:password@]host:port/number.",
        )
    options: dict[str, Any] = {"db": int(parts.path.strip("/") or 0)}
    options |= {"ssl": True} if parts.scheme == "rediss" else {}
    options |= {"username": unquote(parts.username)} if parts.username else {}
    options |= {"password": unquote(parts.password)} if parts.password else {}
    # Feast cuts its connection string at commas, and reads each value as JSON.
    if any("," in str(value) for value in options.values()):
        raise ParamsError(f"{REDIS_URL} holds a comma, which Feast cannot take.", "change it.")
    texts = [f"{name}={json.dumps(value)}" for name, value in options.items()]
    server = f"{parts.hostname}:{parts.port or 6379}"
    return {"type": "redis", "connection_string": ",".join([server, *texts])}


def table(store: "FeatureStore", view: "FeatureView") -> str:
    """The SQLite table of a view."""
    from feast.infra.online_stores.helpers import compute_table_id

    versions = store.config.registry.enable_online_feature_view_versioning
    return compute_table_id(store.project, view, versions)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
