"""Stage build_features: what was known of each flight two hours before it was to leave."""

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
from include.flights.features import congestion, feature_views, history
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
    made = update_views(feature_views, months, keys, inputs)
    store = Store(feature_repo)

    def build(name: str, folder: Path) -> None:
        rows = labelled(pl.read_parquet(flights / f"{name}.parquet"), label, params)
        joined = store.join(rows)
        finish(joined).write_parquet(folder / f"{name}.parquet")

    code = join_key(feature_repo)
    partitions.update(
        features, {name: partitions.content_key(key, code) for name, key in keys.items()}, build
    )
    counts = count(flights, features)
    metrics.write_text(json.dumps(counts, indent=2) + "\n")
    print(f"{len(months)} months, {made} views of them new; {counts}", flush=True)


def join_key(feature_repo: Path) -> str:
    """A hash of the code that joins: ours, the repository's, and the version of Feast."""
    repo = sorted([*feature_repo.glob("*.py"), *feature_repo.glob("*.yaml")])
    # Found by path: importing them would import Feast, which takes seconds.
    store = sorted((Path(step.__file__).parent / "feature_store").glob("*.py"))
    return partitions.content_key(Path(__file__), *repo, *store, version("feast"))


class Inputs:
    """The validated tables, read as far back as a month's views look."""

    def __init__(
        self, flights: Path, weather: Path, reference: Path, label: Label, params: Params
    ) -> None:
        self.flights, self.weather, self.reference = flights, weather, reference
        self.label, self.params = label, params

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
        tables = [*self.files(self.flights, month), *self.files(self.weather, month)]
        planes = self.reference / "planes.parquet"
        code = [columns, congestion, feature_views, history, splits]
        return partitions.content_key(*tables, planes, *code, self.label, self.params)

    def known(self, month: date) -> Known:
        """What the month's views are made from."""
        flights = pl.read_parquet(self.files(self.flights, month))
        return Known(
            month,
            congestion.with_milestones(flights, self.params.stranded_after_h),
            pl.read_parquet(self.files(self.weather, month)),
            pl.read_parquet(self.reference / "planes.parquet"),
            self.label.late_after_min,
        )


def update_views(
    folder: Path, months: dict[str, date], keys: dict[str, str], inputs: Inputs
) -> int:
    """Build the views of the months that are new, and return how many files that were."""
    made, last = 0, max(months)
    for view in VIEWS:
        names = {REGISTER: keys[last]} if not VIEWS[view].monthly else keys

        def build(name: str, aside: Path, view: str = view) -> None:
            known = inputs.known(months.get(name, months[last]))
            feature_views.build(view, known).write_parquet(aside / f"{name}.parquet")

        made += len(partitions.update(folder / view, names, build))
    return made


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
        job = self.opened.get_historical_features(rows.to_pandas(), service)
        to_polars: Callable[[], pl.DataFrame] = job.to_polars  # type: ignore[attr-defined]
        return to_polars()


def finish(joined: pl.DataFrame) -> pl.DataFrame:
    """Derive what needs both the flight and the view, and put the columns in their order."""
    departure_h = pl.col("sched_dep_utc").dt.epoch("s") / 3600
    known = pl.Datetime("us", "UTC")
    return joined.with_columns(last_leg_ago_h=departure_h - pl.col("last_leg_dep_h")).select(
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
