"""Stage materialize_features: the latest features of each entity, into the online store.

The store gets each row's own event timestamp. Feast does not enforce a view's TTL when it reads
online: a reader compares `event_timestamps` of the response with the TTL, or serves stale values.
Feast reads SQLite timestamps by the machine's time zone. This stage writes UTC: read with TZ=UTC.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from include import partitions, step
from include.errors import DataError
from include.feature_store import readback
from include.feature_store import repository as feast_repo
from include.feature_store.online import RedisOnline, SqliteOnline
from include.feature_store.progress import (
    BEGINNING,
    hashes,
    read_receipt,
    receipt_of,
    seen_now,
    source_path,
    start,
    write_receipt,
)
from include.flights.splits import Window
from include.step import Kept

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView


class Params(BaseModel):
    """Section materialize_features of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    online_store: Literal["sqlite", "redis"] = Field(
        description="sqlite, or redis at the URL in the environment variable LEEWAY_REDIS_URL"
    )
    time_zone: str = Field(description="the zone in which the days of the window end")

    @field_validator("time_zone")
    @classmethod
    def exists(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is not a time zone such as America/New_York")
        return name


def materialize_features(
    feature_repo: Path, feature_views: Path, online: Kept, window: Window, params: Params
) -> None:
    """Write what is new up to the end of the window; start anew where the past has changed."""
    fill_up_to(end_of(window, params), feature_repo, feature_views, online, params)


def fill_up_to(
    end: datetime, feature_repo: Path, feature_views: Path, online: Path, params: Params
) -> None:
    """Bring the store to a moment: what was known later is not in it."""
    online.mkdir(parents=True, exist_ok=True)
    with utc_clock(), folder_aside(online) as work:
        target = choose(params.online_store, online, feature_repo, work)
        held = read_receipt(online, params.online_store)
        seen = held.views if held and target.begin(held) else {}
        store = feast_repo.open_store(feature_repo, work, target.settings)
        views = online_views(store, feature_views)
        files = {view.name: hashes(store, view) for view in views}
        starts = {v.name: start(store, v, files[v.name], seen.get(v.name), end) for v in views}
        anew = [view for view in views if starts[view.name] == BEGINNING]
        if seen.keys() == starts.keys() and not any(starts.values()):
            counts = {name: view.entities for name, view in seen.items()}
        else:
            target.clear(store, views, anew, held)
            for view in views:
                fill(store, view, starts[view.name], end)
            target.settle(store, views)
            readback.see_that_all_is_found(store, views, end)
            counts = target.count(store, views)
            now = seen_now(store, views, end, counts, files)
            state = json.dumps({name: view.model_dump(mode="json") for name, view in now.items()})
            write_receipt(online, work, receipt_of(store, now, target.finish(state)))
    print(
        f"{sum(counts.values()):,} entities in {len(views)} views up to {end:%Y-%m-%d %H:%M} UTC; "
        f"{len(anew)} of the views were filled anew",
        flush=True,
    )


def end_of(window: Window, params: Params) -> datetime:
    """The midnight at which the window ends, in UTC."""
    midnight = datetime(window.end.year, window.end.month, window.end.day)
    return midnight.replace(tzinfo=ZoneInfo(params.time_zone)).astimezone(UTC)


def choose(name: str, online: Path, repo: Path, work: Path) -> SqliteOnline | RedisOnline:
    """The online store that params.yaml names."""
    if name == "sqlite":
        return SqliteOnline(online, work)
    return RedisOnline(online, feast_repo.read_config(repo)["project"])


def online_views(store: "FeatureStore", folder: Path) -> list["FeatureView"]:
    """The views to write, by name: those that are neither disabled nor marked online=False.

    Raises:
        DataError: a view reads something outside `folder`, which DVC does not watch here, or is
            one that this stage cannot write, or that Feast would write back into its source.
    """
    repo = store.config.repo_path
    for made in store.list_on_demand_feature_views():
        if made.write_to_online_store:
            raise DataError(
                f"The view {made.name} is computed on demand, and has write_to_online_store=True: "
                "only views with a source of their own are written online.",
                f"set write_to_online_store=False in {repo}: it is computed when read.",
            )
    known = [*store.list_feature_views(), *store.list_stream_feature_views()]
    views = [view for view in known if view.online and view.enabled]
    for view in sorted(views, key=by_name):
        if view.offline:
            raise DataError(
                f"The view {view.name} has offline=True: Feast would write its rows into its "
                f"source once more, and this stage only reads {folder}.",
                f"set offline=False in {repo}.",
            )
        if not source_path(store, view).resolve().is_relative_to(folder.resolve()):
            raise DataError(
                f"The view {view.name} reads {source_path(store, view)}, which is not in {folder}.",
                f"correct its source in {repo}, or set online=False there.",
            )
    return sorted(views, key=by_name)


def by_name(view: "FeatureView") -> str:
    """The name of a view, to sort by."""
    return str(view.name)


def fill(store: "FeatureStore", view: "FeatureView", first: datetime | None, end: datetime) -> None:
    """Write the latest row of each entity between two times, both included."""
    if first is None or first > end:
        return
    with redirect_stdout(StringIO()):  # coloured progress bars, of no use in a log
        store.materialize(first, end, [view.name])


@contextmanager
def folder_aside(folder: Path) -> Iterator[Path]:
    """A new folder beside another, on the same disk, that goes when the block ends."""
    work = folder.with_name(f".{folder.name}.{os.getpid()}")
    partitions.remove(work)
    work.mkdir()
    try:
        yield work
    finally:
        partitions.remove(work)


@contextmanager
def utc_clock() -> Iterator[None]:
    """Let naive times mean UTC, whatever the machine's time zone is.

    Feast stores SQLite timestamps through `datetime.timestamp()` of a naive time.
    """
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


if __name__ == "__main__":
    raise SystemExit(step.run(materialize_features))
