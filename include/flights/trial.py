"""What a service needs to be tried on flights of the past: `make serve` asks for it.

The data ends in the past, so the clock of the service starts half a day before that end. Its online
store is filled to the same moment, it has a log of predictions, and there are flights to ask about.
"""

import json
import os
import sys
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from include import partitions
from include.errors import DataError, PlatformError
from include.flights.materialize_features import Params, fill_up_to
from include.serving.clock import CLOCK, read_time
from include.serving.places import LOG, ONLINE
from include.serving.pointer import EXAMPLE

FOLDERS = Path(".dvc/tmp/trial")  # which neither git nor DVC sees
KNOWN_H = 12  # of what is to come, the schedule: until the last flight
LEAD = timedelta(hours=2), timedelta(hours=3)  # from now to the departures that are asked about
SQLITE = Params(online_store="sqlite", time_zone="UTC")


def main() -> int:
    """Print the variables, as the command that serves asks for them; 1 if there are no flights."""
    if os.environ.get(ONLINE):
        print("{}")  # a service for real
        return 0
    try:
        with redirect_stdout(sys.stderr):
            found = prepared(Path("data"))
    except PlatformError as error:
        print(f"No flights can be asked about: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


def prepared(data: Path) -> dict[str, str]:
    """Fill the store, choose flights, and name both as the service knows them.

    Raises:
        DataError: there is no flight, or no view.
    """
    flights = newest(data / "validated/flights")
    last = flights.get_column("sched_dep_utc").max()
    assert isinstance(last, datetime)
    started = os.environ.get(CLOCK, "").strip()
    half_a_day = last.replace(minute=0, second=0, microsecond=0) - timedelta(hours=KNOWN_H)
    now = read_time(started) if started else half_a_day
    views = data / "feature_views"
    if not views.is_dir():
        raise DataError(f"{views} is not there.", "run `make run`, or `dvc repro`, which makes it.")
    fill_up_to(now, Path("feature_repo"), views, FOLDERS / "online", SQLITE)
    example = FOLDERS / "flights.json"
    example.write_text(json.dumps(asked(flights, now)) + "\n")
    print(f"The clock of the service starts at {now:%Y-%m-%d %H:%M} UTC.", flush=True)
    return {
        ONLINE: str((FOLDERS / "online").absolute()),
        CLOCK: now.isoformat(),
        LOG: str((FOLDERS / "log").absolute()),
        EXAMPLE: str(example.absolute()),
    }


def newest(folder: Path) -> pl.DataFrame:
    """The flights of the last month.

    Raises:
        DataError: there is none.
    """
    files = partitions.files(folder) if folder.is_dir() else []
    table = pl.read_parquet(files[-1]) if files else pl.DataFrame()
    if table.is_empty():
        raise DataError(f"{folder} holds no flight.", "run `make run`, or `dvc repro`.")
    return table


def asked(flights: pl.DataFrame, now: datetime, most: int = 2) -> list[dict[str, object]]:
    """Some flights that are to leave soon, as a client asks about them."""
    soon = pl.col("sched_dep_utc").is_between(now + LEAD[0], now + LEAD[1])
    chosen = flights.filter(soon, pl.col("sched_arr_utc").is_not_null()).head(most)
    names = ("carrier", "flight", "origin", "dest", "tailnum", "distance_mi")
    times = {"scheduled_departure": "sched_dep_utc", "scheduled_arrival": "sched_arr_utc"}
    return [
        {name: flight[name] for name in names}
        | {name: f"{flight[held]:%Y-%m-%dT%H:%M}Z" for name, held in times.items()}
        for flight in chosen.to_dicts()
    ]


if __name__ == "__main__":
    raise SystemExit(main())
