"""The two online stores that a run may fill: a SQLite file, or Redis.

Both are used alike: `settings` goes to Feast, `begin` says whether the store still holds what a
receipt says, `clear` empties the views that are filled anew, `settle` comes before the store is
read for a check, `finish` makes what was written last and returns the token for the next receipt.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from include.errors import ParamsError, PipelineError
from include.feature_store import redis_keys
from include.feature_store.redis_keys import place_of

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView
    from redis import Redis

    from include.feature_store.receipt import Receipt

Views: TypeAlias = "list[FeatureView]"

REDIS_URL = "LEEWAY_REDIS_URL"
DATABASE = "online.db"


class SqliteOnline:
    """One file, whose bytes depend on nothing but the features in it.

    Feast writes into a copy: the file itself may be a link into DVC's cache.
    """

    def __init__(self, folder: Path, work: Path) -> None:
        self.file, self.work = folder / DATABASE, work / DATABASE
        self.settings: dict[str, Any] = {"type": "sqlite", "path": str(self.work.absolute())}

    def begin(self, receipt: "Receipt") -> bool:
        """Go on from the file if it is the one of the receipt; start anew if not."""
        if not self.file.is_file() or digest(self.file) != receipt.token:
            return False
        shutil.copyfile(self.file, self.work)
        return True

    def clear(
        self, store: "FeatureStore", views: Views, anew: Views, receipt: "Receipt | None"
    ) -> None:
        """Empty the tables of the views that are filled anew. Others' tables are not kept."""
        from feast.infra.provider import get_provider

        provider = get_provider(store.config)
        for deleted, kept in ((anew, []), ([], anew)):
            provider.update_infra(store.project, deleted, kept, [], [], True)

    def count(self, store: "FeatureStore", views: Views) -> dict[str, int]:
        """Entities per view."""
        query = "SELECT count(DISTINCT entity_key) FROM"
        with closing(sqlite3.connect(self.work)) as database:
            return {
                view.name: database.execute(f'{query} "{table(store, view)}"').fetchone()[0]
                for view in views
            }

    def settle(self, store: "FeatureStore", views: Views) -> None:
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
        final.replace(self.work)

    def finish(self, state: str) -> str:
        """Let the copy take the place of the file."""
        self.work.replace(self.file)
        return digest(self.file)


class RedisOnline:
    """A Redis server, which may have been emptied or filled by another run since.

    The token of the last receipt is kept in it, to find that out.
    """

    def __init__(self, folder: Path, project: str) -> None:
        self.file, self.project = folder / DATABASE, project
        # One run writes one row of each entity: there is no older row to keep.
        self.settings = {**redis_settings(os.environ), "skip_dedup": True}

    @contextmanager
    def client(self) -> "Iterator[Redis]":
        """A connection.

        Raises:
            PipelineError: the server does not answer.
        """
        import redis

        with closing(redis.Redis.from_url(os.environ[REDIS_URL])) as client:
            try:
                client.ping()
            except redis.RedisError as error:
                raise PipelineError(
                    f"Redis does not answer at the URL in {REDIS_URL}: {error}.",
                    f"start Redis, or correct {REDIS_URL}.",
                ) from None
            yield client

    def begin(self, receipt: "Receipt") -> bool:
        """Whether the server holds what the run of the receipt wrote, and still all of it."""
        with self.client() as client:
            if client.get(marker(self.project)) != receipt.token.encode():
                return False
            held = redis_keys.count(client, receipt.places())
        return held == {name: seen.entities for name, seen in receipt.views.items()}

    def clear(
        self, store: "FeatureStore", views: Views, anew: Views, receipt: "Receipt | None"
    ) -> None:
        """Remove the views that are filled anew, and what a receipt says of any that are gone.

        A view is gone when its name, keys or features are others, or the project is. From then
        on the server holds nothing that a receipt says.
        """
        places = {place_of(store, view) for view in anew}
        kept = {place_of(store, view) for view in views} - places
        places |= {place for place in receipt.places() if place not in kept} if receipt else set()
        if places:
            with self.client() as client:
                client.delete(*{marker(place.project) for place in places})
                redis_keys.remove(client, places)

    def count(self, store: "FeatureStore", views: Views) -> dict[str, int]:
        """Entities per view."""
        with self.client() as client:
            return redis_keys.count(client, [place_of(store, view) for view in views])

    def settle(self, store: "FeatureStore", views: Views) -> None:
        """Nothing to do: rows are where readers find them."""

    def finish(self, state: str) -> str:
        """Leave the token in the server; remove a SQLite file of an earlier choice."""
        token = hashlib.sha256(state.encode()).hexdigest()
        with self.client() as client:
            client.set(marker(self.project), token)
        self.file.unlink(missing_ok=True)
        return token


def marker(project: str) -> str:
    """The key of the token in a Redis server."""
    return f"{project}:leeway-receipt"


def redis_settings(environment: "os._Environ[str] | dict[str, str]") -> dict[str, Any]:
    """Feast's section online_store for the URL in LEEWAY_REDIS_URL.

    Raises:
        ParamsError: it is not set, or not a URL that Feast can use.
    """
    parts = parse(environment.get(REDIS_URL, ""))
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


def parse(url: str) -> SplitResult:
    """The parts of a Redis URL.

    Raises:
        ParamsError: it is none. It shows nothing of the URL, which may hold a password anywhere.
    """
    fact = "is no redis://host:port/number" if url else "is not set"
    with suppress(ValueError):  # its words are a part of the URL
        parts = urlsplit(url)
        number = parts.path.strip("/")
        if parts.scheme not in ("redis", "rediss"):
            fact = "does not begin with redis:// or rediss://" if url else fact
        elif parts.hostname and parts.port != 0 and (not number or number.isdecimal()):
            return parts
    raise ParamsError(
        f"params.yaml sets materialize_features.online_store to redis, but {REDIS_URL} {fact}.",
        f"set {REDIS_URL} to redis://[user:password@]host:port/number, with % and two digits for "
        "what is no letter or digit of the password.",
    )


def table(store: "FeatureStore", view: "FeatureView") -> str:
    """The SQLite table of a view."""
    from feast.infra.online_stores.helpers import compute_table_id

    versions = store.config.registry.enable_online_feature_view_versioning
    return compute_table_id(store.project, view, versions)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
