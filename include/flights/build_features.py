"""Stage build_features: what was known of each flight two hours before it was to leave."""

import functools
import json
import tempfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import partitions, step
from include.errors import DataError
from include.flights import columns, splits
from include.flights.columns import FEATURES, VIEWS
from include.flights.features import congestion, feature_views, history, schedule
from include.flights.features.feature_views import Known
from include.flights.splits import Label, Window, add_months
from include.step import Kept, Out

if TYPE_CHECKING:
    from feast import FeatureStore

SERVICE = "flight_delays_v1"
REGISTER = "register"  # the one file of the view aircraft, which has no months


class Params(BaseModel):
    """Section build_features of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_h: float = Field(ge=0, le=24, description="hours from the cut-off to departure")
    stranded_after_h: int = Field(ge=1, le=24, description="hours overdue that make it stranded")


def build_features(
    flights: Path,
    weather: Path,
    reference: Path,
    feature_repo: Path,
    feature_views: Kept,
    features: Kept,
    metrics: Out,
    window: Window,
    label: Label,
    params: Params,
) -> None:
    """Bring the monthly views and the monthly labelled features up to the window."""
    months = {f"{month:%Y-%m}": month for month in window.months()}
    inputs = Inputs(flights, weather, reference, label, params)
    keys = {name: inputs.key(month) for name, month in months.items()}
    due = {view: partitions.stale(feature_views / view, of_view(view, keys)) for view in VIEWS}
    code = join_key(feature_repo)
    joins = {name: partitions.content_key(key, code) for name, key in keys.items()}
    unjoined = partitions.stale(features, joins)
    store = Store(feature_repo)

    def join(name: str, folder: Path) -> None:
        rows = labelled(inputs.flights_of(months[name]), label, params)
        finish(store.join(rows)).write_parquet(folder / f"{name}.parquet")

    # Month by month, not view by view: so each month of flights is read once.
    for name, month in with_register(months, [*due.values(), unjoined]).items():
        for view in [view for view in VIEWS if name in due[view]]:
            partitions.make(
                feature_views / view, name, of_view(view, keys)[name], inputs.builder(view, month)
            )
        if name in unjoined:
            partitions.make(features, name, joins[name], join)
    counts = count(flights, features)
    metrics.write_text(json.dumps(counts, indent=2) + "\n")
    made = sum(map(len, due.values()))
    print(f"{len(months)} months, {made} views of them new; {counts}", flush=True)


def of_view(view: str, keys: dict[str, str]) -> dict[str, str]:
    """The files of a view, and the hashes of all that they are made from."""
    return keys if VIEWS[view].monthly else {REGISTER: keys[max(keys)]}


def with_register(months: dict[str, date], due: list[list[str]]) -> dict[str, date]:
    """The months, and before them the register, which is made with the first that is to be made."""
    new = [name for names in due for name in names if name in months]
    return {REGISTER: months[min(new, default=max(months))], **months}


def join_key(feature_repo: Path) -> str:
    """A hash of the code that joins: ours, the repository's, and the version of Feast."""
    repo = sorted([*feature_repo.glob("*.py"), *feature_repo.glob("*.yaml")])
    # Found by path: importing them would import Feast, which takes seconds.
    store = sorted((Path(step.__file__).parent / "feature_store").glob("*.py"))
    return partitions.content_key(Path(__file__), *repo, *store, version("feast"))


class Inputs:
    """The validated tables, each month of them read once, and kept while views look back on it."""

    def __init__(
        self, flights: Path, weather: Path, reference: Path, label: Label, params: Params
    ) -> None:
        self.flights, self.weather, self.planes = flights, weather, reference / "planes.parquet"
        self.label, self.params = label, params
        self.held: dict[Path, pl.DataFrame] = {}
        self.last: Known | None = None
        self.digest = functools.cache(partitions.content_key)

    def files(self, folder: Path, month: date) -> list[Path]:
        """The files of a month and of the two before it, as far as they are there."""
        labels = [f"{add_months(month, -back):%Y-%m}" for back in (2, 1, 0)]
        paths = [folder / f"{label}.parquet" for label in labels]
        if not paths[-1].exists():
            fix = "run `dvc repro validate_flights`, which writes it."
            raise DataError(f"{paths[-1]} does not exist.", fix)
        return [path for path in paths if path.exists()]

    def key(self, month: date) -> str:
        """A hash of all that the month's views are made from."""
        tables = [*self.files(self.flights, month), *self.files(self.weather, month), self.planes]
        code = [columns, congestion, feature_views, history, schedule, splits]
        return partitions.content_key(*map(self.digest, tables), *code, self.label, self.params)

    def known(self, month: date) -> Known:
        """What the month's views are made from."""
        if self.last is None or self.last.month != month:
            flights, weather = (self.files(kind, month) for kind in (self.flights, self.weather))
            self.held = {
                path: self.held[path] if path in self.held else self.read(path)
                for path in [*flights, *weather]
            }
            self.last = Known(
                month,
                pl.concat(self.held[path] for path in flights),
                pl.concat(self.held[path] for path in weather),
                pl.read_parquet(self.planes),
                self.label.late_after_min,
            )
        return self.last

    def read(self, path: Path) -> pl.DataFrame:
        """A month of flights with their milestones, or of weather."""
        table = pl.read_parquet(path)
        if path.parent != self.flights:
            return table
        return congestion.with_milestones(table, self.params.stranded_after_h)

    def flights_of(self, month: date) -> pl.DataFrame:
        """The flights of one month."""
        self.known(month)
        return self.held[self.files(self.flights, month)[-1]]

    def builder(self, view: str, month: date) -> Callable[[str, Path], None]:
        """How a file of a view is made from what was known in a month."""

        def build(name: str, folder: Path) -> None:
            feature_views.rows_of(view, self.known(month)).write_parquet(folder / f"{name}.parquet")

        return build


def labelled(flights: pl.DataFrame, label: Label, params: Params) -> pl.DataFrame:
    """The flights that arrived, with the label and the cut-off.

    Cancelled and diverted flights have no arrival delay, so they are no examples. They are
    counted in the metrics, and as overdue and stranded they are in the history of others.
    """
    lead = pl.duration(minutes=round(params.lead_h * 60))
    arrived = flights.filter(pl.col("arr_delay_min").is_not_null())
    return arrived.select(
        *("flight_id", "date", "sched_dep_utc"),
        (pl.col("sched_dep_utc") - lead).alias("event_timestamp"),
        "arr_delay_min",
        (pl.col("arr_delay_min") > label.late_after_min).alias("late"),
        *("carrier", "origin", "dest", "flight", "tailnum"),
        columns.minute_of_day("sched_dep_utc").alias("dep_minute"),
    )


class Store:
    """The Feast store, opened when the first month needs it: the import alone takes seconds."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self.opened: FeatureStore | None = None

    def join(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Join each row with the features known at its event_timestamp."""
        if self.opened is None:
            from include.feature_store import repository as feast_repo

            self.work = tempfile.TemporaryDirectory()
            self.opened = feast_repo.open_store(self.repo, Path(self.work.name))
        service = self.opened.get_feature_service(SERVICE)
        job = self.opened.get_historical_features(rows, service)
        to_polars: Callable[[], pl.DataFrame] = job.to_polars  # type: ignore[attr-defined]
        return to_polars()


def finish(joined: pl.DataFrame) -> pl.DataFrame:
    """Derive what needs both the flight and the view, and put the columns in their order."""
    known = pl.Datetime("us", "UTC")
    return joined.with_columns(**columns.derived()).select(
        "flight_id",
        pl.col("date").cast(pl.Date),
        pl.col("sched_dep_utc").cast(known),
        pl.col("event_timestamp").cast(known).alias("cutoff_utc"),
        pl.col("arr_delay_min").cast(pl.Int16),
        "late",
        *(
            pl.col(column.name).cast(pl.Float32 if column.kind == "number" else pl.String)
            for column in FEATURES
        ),
    )


def count(flights: Path, features: Path) -> dict[str, float]:
    """How many flights there are, and why some have no label."""
    seen = partitions.scan(flights)
    totals = seen.select(pl.len().alias("flights"), pl.col("cancelled", "diverted").sum())
    late = partitions.scan(features).select(labelled=pl.len(), late_share=pl.col("late").mean())
    return {**totals.collect().row(0, named=True), **late.collect().row(0, named=True)}


if __name__ == "__main__":
    raise SystemExit(step.run(build_features))
