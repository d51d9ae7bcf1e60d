"""The online store as a service reads it: many entities of many views at once, without Feast.

Feast's own reading asks view by view, and compares no age with a ttl. This reads the same rows
from the folder that materialize_features keeps: its receipt says which store, which project and
which views there are.
"""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pydantic import ValidationError

from include.errors import DataError, ParamsError, PipelineError
from include.feature_store.encoding import VERSION, Key, entity_key, number, whole
from include.feature_store.online import DATABASE, REDIS_URL
from include.feature_store.receipt import RECEIPT, Receipt, Seen

if TYPE_CHECKING:
    from redis import Redis

REDIS_S = 1.0  # most seconds that an answer of Redis may take
FORM = f"set {REDIS_URL} to redis://[user:password@]host:port/number."
FILL = "run `dvc repro materialize_features`, which fills it."

Entity: TypeAlias = tuple[Key, ...]  # the values of a view's keys, in the order of its keys


@dataclass(frozen=True)
class Row:
    """What the store holds of one entity in one view."""

    known_at: int  # event_timestamp, in seconds since 1970
    values: dict[str, float | None]


Rows: TypeAlias = dict[str, dict[Entity, Row]]  # view to entity to its row, if there is one


class Backend(Protocol):
    """One kind of store."""

    def read(self, receipt: Receipt, wanted: Mapping[str, Sequence[Entity]]) -> Rows:
        """The rows of these entities."""


class OnlineStore:
    """The store whose receipt lies in a folder, in the state of its last filling.

    Args:
        folder: of materialize_features, as data/online.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stamp: object = None
        self.receipt: Receipt
        self.backend: Backend | None = None

    @property
    def is_far(self) -> bool:
        """Whether a server is asked, which may not answer, and not a file."""
        return isinstance(self.backend, RedisRows)

    def rows(self, wanted: Mapping[str, Sequence[Entity]]) -> Rows:
        """The rows of some entities, each asked for once.

        Raises:
            DataError: there is no store, it lacks a view, or holds what is no number.
            PipelineError: it cannot be reached.
        """
        self.refresh()
        for view in wanted:
            if view not in self.receipt.views:
                what = f"The online store of {self.folder} has no view {view!r}."
                raise DataError(what, FILL)
        assert self.backend is not None
        try:
            return self.backend.read(self.receipt, wanted)
        except ValueError as error:
            what = f"The online store of {self.folder} holds {error}."
            raise DataError(what, "fill it with views of numbers.") from None

    def refresh(self) -> None:
        """Open the store anew if it was filled since."""
        path = self.folder / RECEIPT
        try:
            about = path.stat()
        except FileNotFoundError:
            if self.stamp is not None:
                return  # it is just being replaced
            what = f"{self.folder} holds no {RECEIPT}: no online store was filled there."
            raise DataError(what, FILL) from None
        stamp = (about.st_ino, about.st_mtime_ns, about.st_size)
        if stamp != self.stamp:
            self.receipt = read_receipt(path)
            self.backend = backend_of(self.receipt, self.folder)
            self.stamp = stamp


class RedisStore(OnlineStore):
    """The store in Redis for who sees no receipt of it: what it should hold is said.

    Args:
        project: of feature_store.yaml.
        views: view to its keys and its features.

    Raises:
        ParamsError: LEEWAY_REDIS_URL is not set.
    """

    def __init__(self, project: str, views: Mapping[str, tuple[list[str], list[str]]]) -> None:
        super().__init__(Path("redis"))
        told: dict[str, Any] = {"code": "", "end": datetime.now(UTC), "entities": 0, "files": {}}
        self.receipt = Receipt(
            online_store="redis",
            project=project,
            key_version=VERSION,
            token="",
            views={
                view: Seen(**told, keys=keys, features=sorted(features))
                for view, (keys, features) in views.items()
            },
        )
        self.backend = RedisRows()

    def refresh(self) -> None:
        """Nothing to do: rows are where readers find them."""


def read_receipt(path: Path) -> Receipt:
    """What the store holds.

    Raises:
        DataError: it is no receipt, or keys are written in a way that this code does not know.
    """
    try:
        receipt = Receipt.model_validate_json(path.read_bytes())
    except ValidationError:
        raise DataError(f"{path} is not the receipt of an online store.", FILL) from None
    if receipt.key_version != VERSION:
        what = f"The keys of the online store are of version {receipt.key_version}, not {VERSION}."
        fix = f"set entity_key_serialization_version: {VERSION} in feature_store.yaml."
        raise DataError(what, fix)
    return receipt


def backend_of(receipt: Receipt, folder: Path) -> Backend:
    """The store that a receipt is of."""
    if receipt.online_store == "sqlite":
        return SqliteRows(folder / DATABASE)
    return RedisRows()


class SqliteRows:
    """The file that a filling leaves; a filling replaces it, so this one stays as it is."""

    def __init__(self, path: Path) -> None:
        try:
            # A reader of another thread waits: requests with many rows leave the event loop.
            options = {"uri": True, "check_same_thread": False}
            self.database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", **options)  # type: ignore[call-overload]
        except sqlite3.Error as error:
            raise DataError(f"{path} cannot be read: {error}.", FILL) from None
        self.path = path

    def read(self, receipt: Receipt, wanted: Mapping[str, Sequence[Entity]]) -> Rows:
        """The rows of these entities: one query for each view."""
        found: Rows = {}
        for view, entities in wanted.items():
            names = receipt.views[view].keys
            keys = {entity_key(names, entity): entity for entity in entities}
            rows = found[view] = {}
            for key, name, value, known_at in self.ask(f"{receipt.project}_{view}", list(keys)):
                entity = keys[key]
                row = rows.get(entity)
                if row is None:
                    row = rows[entity] = Row(known_at, {})
                row.values[name] = number(value)
        return found

    def ask(self, table: str, keys: list[bytes]) -> list[tuple[bytes, str, bytes, int]]:
        """The rows of a table with these keys."""
        if not keys:
            return []
        marks = ",".join("?" * len(keys))
        query = (
            f'SELECT entity_key, feature_name, value, event_ts FROM "{table}" '
            f"WHERE entity_key IN ({marks})"
        )
        try:
            found: list[tuple[bytes, str, bytes, int]] = self.database.execute(
                query, keys
            ).fetchall()
            return found
        except sqlite3.Error as error:
            raise PipelineError(f"{self.path} cannot be read: {error}.", FILL) from None


class RedisRows:
    """The server at LEEWAY_REDIS_URL."""

    def __init__(self) -> None:
        import redis

        url = os.environ.get(REDIS_URL)
        if not url:
            what = f"The online store is in Redis, but {REDIS_URL} is not set."
            raise ParamsError(what, FORM)
        limits = {"socket_timeout": REDIS_S, "socket_connect_timeout": REDIS_S}
        self.error = redis.RedisError
        try:
            self.client: Redis = redis.Redis.from_url(url, **limits)
        except ValueError:  # its words are a part of the URL, which may hold a password anywhere
            what = f"{REDIS_URL} is no URL of a Redis server."
            raise ParamsError(what, FORM) from None
        self.fields: dict[str, list[bytes]] = {}

    def read(self, receipt: Receipt, wanted: Mapping[str, Sequence[Entity]]) -> Rows:
        """The rows of these entities: one round trip for all of them."""
        asked, entities = self.client.pipeline(transaction=False), []
        for place in receipt.places():
            fields = self.fields.setdefault(place.view, place.fields())
            for entity in wanted.get(place.view, ()):
                key = entity_key(place.keys, entity) + place.project.encode()
                asked.hmget(key, fields)  # type: ignore[arg-type]
                entities.append((place, entity))
        try:
            answers = asked.execute()
        except self.error as error:
            what = f"Redis does not answer at the URL in {REDIS_URL}: {error}."
            raise PipelineError(what, f"start Redis, or correct {REDIS_URL}.") from None
        found: Rows = {view: {} for view in wanted}
        for (place, entity), (known_at, *values) in zip(entities, answers, strict=True):
            if known_at is not None:
                pairs = zip(place.features, values, strict=True)
                # None is a field that is not there; of one that is null, the bytes are empty.
                held = {name: number(value) for name, value in pairs if value is not None}
                found[place.view][entity] = Row(whole(known_at), held)
        return found
