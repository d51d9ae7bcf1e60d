"""A service tried on flights of the past: `python -m include.flights.trial COMMAND ...`.

The data ends in the past, so the command runs with a clock that starts half a day before that end,
an online store that is filled to the same moment, a log of predictions, and flights to ask about.
What the environment names already is left as it is.
"""

import argparse
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from include import partitions
from include.errors import DataError, PlatformError
from include.flights.materialize_features import Params, fill_up_to
from include.serving.clock import CLOCK
from include.serving.places import LOG, ONLINE
from include.serving.pointer import EXAMPLE

FOLDERS = Path(".dvc/tmp/trial")  # which neither git nor DVC sees
KNOWN_H = 12  # of what is to come, the schedule: until the last flight
LEAD = timedelta(hours=2), timedelta(hours=3)  # from now to the departures that are asked about
SQLITE = Params(online_store="sqlite", time_zone="UTC")


def main(argv: list[str]) -> int:
    """Become the command; 1 if there are no flights to try it on."""
    parser = argparse.ArgumentParser(prog="python -m include.flights.trial", description=__doc__)
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what is to run")
    command = parser.parse_args(argv).command
    if not os.environ.get(ONLINE):
        try:
            os.environ.update({**prepared(Path("data")), **os.environ})
        except PlatformError as error:
            print(f"No flights can be asked about: {error}", file=sys.stderr)
    if not command:
        parser.error("name the command that is to run")
    os.execvp(command[0], command)


def prepared(data: Path) -> dict[str, str]:
    """Fill the store, choose flights, and name both as the service knows them.

    Raises:
        DataError: there is no flight, or no view.
    """
    flights = newest(data / "validated/flights")
    last = flights.get_column("sched_dep_utc").max()
    assert isinstance(last, datetime)
    now = last.replace(minute=0, second=0, microsecond=0) - timedelta(hours=KNOWN_H)
    views = data / "feature_views"
    if not views.is_dir():
        raise DataError(f"{views} is not there.", "run `make run`, or `dvc repro`, which makes it.")
    fill_up_to(now, Path("feature_repo"), views, FOLDERS / "online", SQLITE)
    example = FOLDERS / "flights.json"
    example.write_text(json.dumps(asked(flights, now)) + "\n")
    said = f"The clock of the service starts at {now:%Y-%m-%d %H:%M} UTC"
    print(f"{said}, {KNOWN_H} hours before the data ends.", flush=True)
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
    raise SystemExit(main(sys.argv[1:]))
