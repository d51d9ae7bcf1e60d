"""Two months of flights and weather, small enough to read, where validate_flights can be run."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from include.flights import columns
from include.flights.splits import Window
from include.flights.validate_flights import Params, validate_flights

SUITES = Path(__file__).parents[2] / "include" / "flights" / "expectations"
WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 3, 1))


def flights(month: int, rows: int = 20) -> pl.DataFrame:
    """Flights of UA from EWR to ORD, one an hour from 06:00 on the first; all on time."""
    first = datetime(2013, month, 1, 6, tzinfo=UTC).replace(tzinfo=None)
    table = pl.DataFrame({"n": range(rows)}).with_columns(
        sched_dep_local=pl.lit(first) + pl.duration(days=pl.col("n") // 10, hours=pl.col("n") % 10)
    )
    local = pl.col("sched_dep_local")
    departs = (local + pl.duration(hours=5)).dt.replace_time_zone("UTC")
    arrives = departs + pl.duration(hours=2)
    hour = local.dt.hour().cast(pl.Int16)
    table = table.with_columns(
        flight_id=pl.format("{}_UA{}_EWR", local.dt.date(), "n"),
        date=local.dt.date(),
        carrier=pl.lit("UA"),
        flight=pl.col("n"),
        tailnum=pl.lit("N1UA"),
        origin=pl.lit("EWR"),
        dest=pl.lit("ORD"),
        distance_mi=pl.lit(719),
        sched_arr_local=local + pl.duration(hours=1),
        sched_dep_utc=departs,
        sched_arr_utc=arrives,
        dep_hhmm=hour * 100,
        arr_hhmm=hour * 100 + 100,
        dep_utc=departs,
        arr_utc=arrives,
        dep_delay_min=pl.lit(0),
        arr_delay_min=pl.lit(0),
        air_time_min=pl.lit(100),
        cancelled=pl.lit(False),
        diverted=pl.lit(False),
    )
    return table.select(list(columns.FLIGHTS)).cast(columns.FLIGHTS)  # type: ignore[arg-type]


def weather(month: int, rows: int = 20) -> pl.DataFrame:
    """Hours of mild weather at EWR, from 06:00 UTC on the first."""
    first = datetime(2013, month, 1, 6, tzinfo=UTC)
    table = pl.DataFrame({"observed_utc": [first + timedelta(hours=n) for n in range(rows)]})
    mild = {"temp_f": 50, "dewp_f": 40, "humid_pct": 70, "wind_dir_deg": 270, "wind_speed_mph": 9}
    rest = {"wind_gust_mph": 20, "precip_in": 0, "pressure_mb": 1013, "visib_mi": 10}
    table = table.with_columns(
        origin=pl.lit("EWR"), **{k: pl.lit(v) for k, v in (mild | rest).items()}
    )
    return table.select(list(columns.WEATHER)).cast(columns.WEATHER)  # type: ignore[arg-type]


def changed(table: pl.DataFrame, rows: tuple[int, ...], *changes: pl.Expr) -> pl.DataFrame:
    """The table with other values in some rows."""
    chosen = pl.int_range(pl.len()).is_in(list(rows))
    names = [change.meta.output_name() for change in changes]
    return table.with_columns(
        pl.when(chosen).then(change).otherwise(pl.col(name)).cast(table.schema[name]).alias(name)
        for name, change in zip(names, changes, strict=True)
    )


class Place:
    """A folder with raw tables, where the stage can be run."""

    def __init__(self, root: Path) -> None:
        self.root, self.raw, self.expectations = root, root / "raw", root / "expectations"

    def fill(self) -> "Place":
        shutil.copytree(SUITES, self.expectations)
        for name in ("flights", "weather", "reference"):
            (self.raw / name).mkdir(parents=True)
        for month in (1, 2):
            self.put("flights", month, flights(month))
            self.put("weather", month, weather(month))
        lists: dict[str, list[tuple[object, ...]]] = {
            "planes": [("N1UA", 2001, "jet", "BOEING", "737", 2, 150, "Turbo-fan")],
            "airports": [
                ("EWR", "Newark", "America/New_York"),
                ("ORD", "O'Hare", "America/Chicago"),
            ],
            "airlines": [("UA", "United")],
        }
        for name, rows in lists.items():
            table = pl.DataFrame(rows, columns.SOURCE_REFERENCE[name], orient="row")
            table.write_parquet(self.raw / "reference" / f"{name}.parquet")
        return self

    def copy(self, root: Path) -> "Place":
        shutil.copytree(self.root, root)
        return Place(root)

    def put(self, name: str, month: int, table: pl.DataFrame) -> None:
        table.write_parquet(self.raw / name / f"2013-{month:02}.parquet")

    def spoil(self, name: str, *changes: pl.Expr, rows: tuple[int, ...] = (3,)) -> None:
        """Change columns of some rows of January."""
        table = flights(1) if name == "flights" else weather(1)
        self.put(name, 1, changed(table, rows, *changes))

    def run(self, most: float = 0.5, window: Window = WINDOW) -> "Place":
        made = self.root / "made"
        shutil.rmtree(made / "validated" / "reference", ignore_errors=True)
        (made / "validated").mkdir(parents=True, exist_ok=True)
        validate_flights(
            expectations=self.expectations,
            raw_flights=self.raw / "flights",
            raw_weather=self.raw / "weather",
            raw_reference=self.raw / "reference",
            validated_flights=made / "validated" / "flights",
            validated_weather=made / "validated" / "weather",
            validated_reference=made / "validated" / "reference",
            quarantined=made / "quarantine",
            docs=made / "docs",
            metrics=made / "validation.json",
            window=window,
            params=Params(max_quarantine_share=most),
        )
        return self

    def made(self, path: str) -> pl.DataFrame:
        return pl.read_parquet(self.root / "made" / f"{path}.parquet")

    def aside(self, name: str = "flights") -> list[tuple[int, str]]:
        """Number and reason of the rows of January that were set aside."""
        return self.made(f"quarantine/{name}/2013-01").select("row", "reason").rows()

    def metrics(self, name: str = "flights") -> dict[str, object]:
        found: dict[str, dict[str, object]] = json.loads(
            (self.root / "made" / "validation.json").read_text()
        )
        return found[name]

    def checked(self) -> dict[str, int]:
        """When each record was written, by table and month."""
        records = (self.root / "made" / "quarantine").glob("*/*.json")
        return {
            f"{p.parent.name} {p.stem}": p.stat().st_mtime_ns
            for p in records
            if not p.name.startswith("_")
        }


def edit(place: Place, table: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the suite of a table."""
    path = place.expectations / f"{table}.json"
    suite = json.loads(path.read_text())
    change(suite)
    path.write_text(json.dumps(suite))


def contents(place: Place) -> dict[str, bytes]:
    """Every file that the stage made."""
    made = place.root / "made"
    return {str(p.relative_to(made)): p.read_bytes() for p in made.rglob("*") if p.is_file()}
