"""The features of flights that a request brings, as they stand in the online store now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.errors import DataError
from include.flights.columns import DERIVED, VIEWS, derived, kept, minute_of_day
from include.flights.features.schedule import own_schedule
from include.flights.serving.asked import Schedule
from include.serving.batch import Batch
from include.serving.lookup import FILL, Entity, OnlineStore, Row

# The views of the online store, and the columns that each keeps.
KEPT = {name: [kept(row[0])[0] for row in view.rows] for name, view in VIEWS.items() if view.online}
Floats = NDArray[np.float64]
ROUTE = ("carrier", "origin", "dest")


@dataclass(frozen=True)
class Found:
    """The features of each flight, and how old they are."""

    batch: Batch
    ages_s: dict[str, list[int | None]]  # view to the age of each flight's row; None: no row
    stale: list[list[str]]  # of each flight, the views whose row is too old to count
    missing: list[list[str]]  # of each flight, the views that have no row as of now


class Features:
    """Makes the features that a model asks for, as training would have them at this moment.

    A row that is older than the ttl of its view does not count, nor does one in training: such a
    feature is not known, as many were not to the model when it learned.

    Args:
        names: of the numbers that the model reads, in their order.
    """

    def __init__(self, names: tuple[str, ...], store: OnlineStore) -> None:
        self.names, self.store = names, store
        self.places = {name: place for place, name in enumerate(names)}

    def of(self, schedule: Schedule, now: datetime) -> Found:
        """The features of some flights.

        Raises:
            PlatformError: the store cannot be read.
        """
        wanted = entities_of(schedule)
        # Rounded up, for a row counts no longer than its ttl, not even for a part of a second.
        clock = ceil(now.timestamp())
        held = self.store.rows({view: distinct(asked) for view, asked in wanted.items()})
        rows = {view: known_by(clock, found) for view, found in held.items()}
        stale: list[list[str]] = [[] for _ in schedule.flights]
        missing: list[list[str]] = [[] for _ in schedule.flights]
        found = Found(self.empty(schedule), {}, stale, missing)
        moments: dict[str, Floats] = {}
        for view, asked in wanted.items():
            ages = {entity: clock - row.known_at for entity, row in rows[view].items()}
            found.ages_s[view] = [ages.get(entity) if entity else None for entity in asked]
            most = int(VIEWS[view].ttl.total_seconds()) or clock
            for place, age in enumerate(found.ages_s[view]):
                if age is None:
                    found.missing[place].append(view)
                elif age > most:
                    found.stale[place].append(view)
            fresh = {entity: row for entity, row in rows[view].items() if ages[entity] <= most}
            columns = columns_of(view, asked, fresh)
            moments |= {name: columns.pop(name) for name in DERIVED.values() if name in columns}
            self.put(found.batch, columns)
        self.put(found.batch, of_schedule(schedule.table, moments))
        return found

    def empty(self, schedule: Schedule) -> Batch:
        """A batch of what the flights themselves are, with room for what is known of them."""
        flights = schedule.flights
        numbers = np.full((len(flights), len(self.names)), np.nan, dtype=np.float32)
        categories = {name: [str(flight[name]) for flight in flights] for name in ROUTE}
        return Batch(self.names, numbers, categories)

    def put(self, batch: Batch, columns: Mapping[str, Floats]) -> None:
        """Write the columns that the model reads into a batch."""
        for name, values in columns.items():
            if name in self.places:
                batch.numbers[:, self.places[name]] = values


def entities_of(schedule: Schedule) -> dict[str, list[Entity | None]]:
    """View to the entity of each flight; None for a flight that lacks a key."""
    minutes = schedule.table.select(minute_of_day("sched_dep_utc")).to_series().to_list()
    keyed = [
        {**flight, "dep_minute": minute}
        for flight, minute in zip(schedule.flights, minutes, strict=True)
    ]
    return {name: [entity_of(flight, VIEWS[name].keys) for flight in keyed] for name in KEPT}


def entity_of(flight: Mapping[str, Any], keys: tuple[str, ...]) -> Entity | None:
    """The values of some keys; None if the flight lacks one."""
    entity = tuple(flight.get(key) for key in keys)
    return None if None in entity else cast(Entity, entity)


def known_by(clock: int, rows: Mapping[Entity, Row]) -> dict[Entity, Row]:
    """Without what was known later only: the store is of a time that the service's clock has not.

    Of a day later, the row of a minute is that of another departure.
    """
    return {entity: row for entity, row in rows.items() if row.known_at <= clock}


def distinct(entities: Sequence[Entity | None]) -> list[Entity]:
    """Each entity once."""
    return list(dict.fromkeys(entity for entity in entities if entity))


def columns_of(
    view: str, entities: Sequence[Entity | None], rows: Mapping[Entity, Row]
) -> dict[str, Floats]:
    """What a view keeps, one value for each flight; NaN where it is not known.

    Raises:
        DataError: the store holds rows without one of the features, as other code made them.
    """
    names = KEPT[view]
    places = {entity: place for place, entity in enumerate(rows)}
    try:
        values = [[row.values[name] for name in names] for row in rows.values()]
    except KeyError as error:
        raise DataError(f"The view {view} of the online store has no {error}.", FILL) from None
    table = np.array([*values, [None] * len(names)], dtype=np.float64)
    picked = table[[places.get(entity, -1) if entity else -1 for entity in entities]]
    return {name: picked[:, place] for place, name in enumerate(names)}


def of_schedule(table: pl.DataFrame, moments: Mapping[str, Floats]) -> dict[str, Floats]:
    """What a flight's schedule says, and what needs it beside a moment that a view keeps."""
    columns = table.with_columns(pl.Series(name, values) for name, values in moments.items())
    made = columns.select("distance_mi", **own_schedule(), **derived())
    return {column.name: column.cast(pl.Float64).to_numpy() for column in made}
