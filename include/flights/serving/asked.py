"""Flights as a client asks about them: checked one by one, and their own schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NotRequired
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import ConfigDict, FailFast, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from include.errors import DataError
from include.flights.columns import VIEWS
from include.serving.rows import refusal_of, see_that_once

TIME_ZONES = (
    "time_zones.json"  # in the folder of a packaged model: airport to the zone of its clock
)
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:00(\.0+)?)?(Z|[+-]\d\d:\d\d)$"
LONGEST = timedelta(hours=24)  # of a flight, from gate to gate
# From then on what others plan is not known, and what the store holds is a day old.
HORIZON = VIEWS["departure_schedule"].ttl

Airport = Annotated[str, Field(pattern=r"^[0-9A-Z]{3,4}$", description="code of IATA, as JFK")]
Moment = Annotated[
    str,
    Field(
        pattern=TIME, description="to the minute, with an offset from UTC: 2013-12-31T18:30-05:00"
    ),
]


class Flight(TypedDict):
    """A flight that is to leave."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]

    carrier: Annotated[str, Field(pattern="^[0-9A-Z]{2,3}$", description="code of IATA, as UA")]
    flight: Annotated[int, Field(ge=1, le=9999, description="number of the flight")]
    origin: Airport
    dest: Airport
    tailnum: NotRequired[
        Annotated[str, Field(pattern="^[0-9A-Z-]{1,10}$", description="of the aircraft")] | None
    ]
    scheduled_departure: Moment
    scheduled_arrival: Moment
    distance_mi: Annotated[float, Field(gt=0, le=12_500, allow_inf_nan=False)]


@dataclass(frozen=True)
class Schedule:
    """The flights of a request, and what follows from their schedules alone."""

    flights: list[Mapping[str, Any]]  # as in Flight
    table: pl.DataFrame  # the columns of the raw table that schedules are made of


class Flights:
    """Reads the flights of a request.

    Args:
        zones: airport to the time zone of its clock. Where it is not known, the clock is taken to
            be that of the offset that was sent.
        max_rows: most flights of one request.
    """

    def __init__(self, zones: Mapping[str, str], max_rows: int) -> None:
        self.zones = {airport: ZoneInfo(name) for airport, name in zones.items()}
        self.max_rows = max_rows
        rules = (Field(min_length=1, max_length=max_rows), FailFast())
        rows: Any = Annotated[list[Flight], *rules]
        self.adapter: TypeAdapter[list[Flight]] = TypeAdapter(rows)

    def read(self, body: bytes, now: datetime) -> Schedule:
        """One flight, or a list of them.

        Raises:
            DataError: it is none, or does not leave within a day; the error names the row.
        """
        alone = body.lstrip()[:1] == b"{"
        if alone:
            body = b"[" + body + b"]"
        try:
            flights = self.adapter.validate_json(body)
        except ValidationError as error:
            fix = "send a flight or a list of them, as GET /openapi.json describes it."
            raise refusal_of(error, Flight.__annotations__, self.max_rows, fix) from None
        if alone and len(flights) > 1:  # which is no JSON, and would break the log
            what = f"The body: {len(flights):,} flights stand side by side, in no list."
            raise DataError(what, "put [ and ] around them.")
        see_that_once(body)
        rows = [self.row(row, flight, now) for row, flight in enumerate(flights)]
        return Schedule([*flights], pl.DataFrame(rows, schema=SCHEMA, orient="row"))

    def schema(self) -> dict[str, object]:
        """The JSON schema of a flight or a list of them."""
        rows = self.adapter.json_schema(ref_template="#/components/schemas/{model}")
        flight = rows.pop("$defs")["Flight"]
        return {"anyOf": [flight, {**rows, "items": flight}]}

    def row(self, row: int, flight: Flight, now: datetime) -> tuple[object, ...]:
        """A flight's row of the table.

        Raises:
            DataError: its times cannot be those of a flight that is to leave.
        """
        where = f"Row {row} (the first is 0)"
        departure, leaves = self.time(where, flight, "scheduled_departure", "origin")
        arrival, lands = self.time(where, flight, "scheduled_arrival", "dest")
        if flight["origin"] == flight["dest"]:
            what = f"{where}: it is to fly from {flight['origin']} to {flight['dest']}."
            raise DataError(what, "send the airport of arrival as dest.")
        if not timedelta(0) < lands - leaves <= LONGEST:
            sent = f"{flight['scheduled_departure']} and {flight['scheduled_arrival']}"
            what = f"{where}: departure and arrival, {sent}, are not up to 24 hours apart."
            raise DataError(what, "send the times with the offsets of their zones.")
        if not now < leaves < now + HORIZON:
            said, clock = (f"{time:%Y-%m-%d %H:%M}" for time in (leaves, now.astimezone(UTC)))
            what = f"{where}: it is to leave at {said} UTC, and now it is {clock} UTC."
            raise DataError(what, "ask about flights that leave within the next 24 hours.")
        return departure.date(), departure, arrival, leaves, lands, flight["distance_mi"]

    def time(
        self,
        where: str,
        flight: Flight,
        name: Literal["scheduled_departure", "scheduled_arrival"],
        at: Literal["origin", "dest"],
    ) -> tuple[datetime, datetime]:
        """A time on the clock of its airport, without the zone, and the same in UTC.

        Times are compared in UTC: of one zone, Python compares the clocks, which in the night
        when an hour comes twice show a later time for what is earlier.
        """
        try:
            time = datetime.fromisoformat(flight[name])
            zone = self.zones.get(flight[at])
            local = time.astimezone(zone) if zone else time
            return local.replace(tzinfo=None), time.astimezone(UTC)
        except (ValueError, OverflowError):
            what = f"{where}: {name} is {flight[name]!r}, which no calendar has."
            raise DataError(what, "send a time as 2013-12-31T18:30-05:00.") from None


SCHEMA: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "sched_dep_local": pl.Datetime("us"),
    "sched_arr_local": pl.Datetime("us"),
    "sched_dep_utc": pl.Datetime("us", "UTC"),
    "sched_arr_utc": pl.Datetime("us", "UTC"),
    "distance_mi": pl.Float64(),
}
