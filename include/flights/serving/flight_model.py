"""A model that is asked about flights: what it needs to know of them is looked up."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.errors import DataError, PlatformError, at_most_ten
from include.flights.columns import VIEWS, names
from include.flights.serving import predictor
from include.flights.serving.asked import TIME_ZONES, Flights, Schedule
from include.flights.serving.online import KEPT, Features, Found
from include.serving.batch import Batch
from include.serving.lookup import OnlineStore, RedisStore
from include.serving.places import ONLINE, REDIS
from include.serving.request import Asked, Unavailable

PROJECT = "flights"  # of feature_repo/feature_store.yaml
# From this many flights on, they leave the event loop, so that health checks are answered.
MANY_FLIGHTS = 20
NUMBERS = frozenset(names("number"))


@dataclass(frozen=True)
class FlightModel:
    """A packaged predictor, with the clocks of the airports that it learned from."""

    predictor: predictor.Predictor
    flights: Flights
    features: Features | None  # None: there is no online store

    @property
    def levels(self) -> Mapping[str, frozenset[str]]:
        """The values of each category that the model knows."""
        return self.predictor.levels

    def answer(self, batch: Batch) -> NDArray[np.float64]:
        """The probability to be late, one per row."""
        return self.predictor.answer(batch)

    def probe(self) -> Batch:
        """Made-up rows, always the same."""
        return self.predictor.probe()


class Reader:
    """Reads models, and the flights that they are asked about.

    Raises:
        ParamsError: Redis has no URL.
    """

    def __init__(self) -> None:
        self.store = online_store(os.environ.get(ONLINE, "").strip())

    def model(self, folder: Path) -> FlightModel:
        """A model of the folder that packaging wrote.

        Raises:
            DataError: it reads what this code cannot look up: it is the code of another bento.
        """
        # One thread: on busy cores two threads of XGBoost took ten times as long as one.
        held = predictor.load(folder, threads=1)
        about = json.loads((folder / "manifest.json").read_text())
        zones = json.loads((folder / TIME_ZONES).read_text())
        numbers = tuple(one["name"] for one in about["features"] if one["kind"] == "number")
        if strange := [name for name in numbers if name not in NUMBERS]:
            what = f"The model reads {at_most_ten(strange)}, which the code here does not make."
            raise DataError(what, "start the server again, with the bento of that model.")
        features = Features(numbers, self.store) if self.store else None
        return FlightModel(held, Flights(zones, about["max_rows"]), features)

    async def read(
        self, model: FlightModel, request_id: str, body: bytes, now: datetime
    ) -> tuple[Asked, Found]:
        """The flights of a request, with their features.

        Raises:
            DataError: they are no flights that can be asked about.
            Unavailable: the store cannot be read.
        """
        schedule = model.flights.read(body, now)
        # A server that does not answer is not to hold up health checks and other requests.
        if len(schedule.flights) >= MANY_FLIGHTS or (self.store and self.store.is_far):
            found = await asyncio.to_thread(looked_up, model, schedule, now)
        else:
            found = looked_up(model, schedule, now)
        leaves = schedule.table.get_column("sched_dep_utc").to_list()
        notes = [
            {"hours_ahead": round((time - now).total_seconds() / 3600, 2), "stale": a, "missing": b}
            for time, a, b in zip(leaves, found.stale, found.missing, strict=True)
        ]
        unknown = unknown_aircraft(schedule, found)
        asked = Asked(request_id, "entities", body, found.batch, now, notes, found.ages_s, unknown)
        return asked, found


def looked_up(model: FlightModel, schedule: Schedule, now: datetime) -> Found:
    """What the online store has of some flights.

    Raises:
        Unavailable: there is none, or it cannot be read.
    """
    if model.features is None:
        what = f"The service has no online store to look flights up in: {ONLINE} is not set."
        fix = f"start it with {ONLINE}=data/online, or send features to /predict/features."
        raise Unavailable(what, fix)
    try:
        return model.features.of(schedule, now)
    except PlatformError as error:
        raise Unavailable(error.what, error.fix) from error


def online_store(named: str) -> OnlineStore | None:
    """Where features are looked up; None where they cannot be.

    Raises:
        ParamsError: it is in Redis, and LEEWAY_REDIS_URL is not set.
    """
    if named != REDIS:
        return OnlineStore(Path(named)) if named else None
    held = {name: ([*VIEWS[name].keys], columns) for name, columns in KEPT.items()}
    return RedisStore(PROJECT, held)


def unknown_aircraft(schedule: Schedule, found: Found) -> dict[str, dict[str, int]]:
    """The tail numbers that no register holds, and how many flights have each."""
    counts: dict[str, int] = {}
    for flight, age in zip(schedule.flights, found.ages_s["aircraft"], strict=True):
        name = flight.get("tailnum")
        if age is None and name is not None:
            counts[name] = counts.get(name, 0) + 1
    return {"tailnum": counts} if counts else {}
