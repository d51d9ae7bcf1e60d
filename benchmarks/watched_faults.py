"""Which alarms go off on real months, and on the same months with a fault in them.

Run: `python -m benchmarks.watched_faults`, after `make repro`. Each month from March on is scored
by trees that were trained on the months before it. Then each fault is planted in some of them, and
the model asked again. About five minutes on two cores; nothing is written.
"""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import xgboost as xgb

from include import partitions
from include.flights import columns
from include.flights.models.encoding import Encoder
from include.flights.splits import add_months
from include.flights.watching.months import KINDS, names
from include.flights.watching.settings import Params
from include.monitoring import watch, watch_verdict, weights
from include.monitoring.watch import Facts, Sampling
from include.monitoring.watch_checks import failed
from include.monitoring.windows import Window
from include.step import read_params

FEATURES = Path("data/features")
TREES = {"objective": "binary:logistic", "max_depth": 6, "eta": 0.1, "subsample": 0.8}
TREES |= {"colsample_bytree": 0.5, "min_child_weight": 20, "seed": 7, "nthread": 2}
SPOILT = ("2013-06", "2013-09", "2013-12")
Change = Callable[[pl.DataFrame], pl.DataFrame]


def others(view: str) -> Change:
    """Give each flight what a view knows of another one, as a join by a wrong key does."""
    held = [feature.name for feature in columns.FEATURES if feature.view == view]
    row = pl.struct(held).shuffle(seed=3)
    return lambda table: table.with_columns(row.struct.field(name) for name in held)


def doubled(dest: str) -> Change:
    """Let twice as many flights to an airport be late."""

    def change(table: pl.DataFrame) -> pl.DataFrame:
        there = table["dest"] == dest
        rate = table.filter(there)["late"].mean()
        draw = pl.Series(np.random.default_rng(0).random(len(table)))
        return table.with_columns(late=pl.col("late") | (there & (draw < rate / (1 - rate))))

    return change


def scaled(name: str, factor: float, less: float = 0) -> Change:
    """Another unit in one column."""
    return lambda table: table.with_columns((pl.col(name) - less) * factor)


FAULTS: dict[str, Change] = {
    "distance in km": scaled("distance_mi", 1.609),
    "temperature in C": scaled("temp_f", 1 / 1.8, 32),
    "wind in m/s": scaled("wind_max_6h_mph", 0.447),
    "time of flight in hours": scaled("block_min", 1 / 60),
    "delays of a day in hours": scaled("origin_dep_delay_24h_min", 1 / 60),
    "a carrier that is gone": lambda table: table.filter(pl.col("carrier") != "VX"),
    "another's aircraft": others("aircraft"),
    "another's carrier history": others("carrier_history"),
    "another's airport history": others("dest_history"),
    "labels that are late": lambda table: table.with_columns(late=pl.lit(None, pl.Boolean)),
    "twice as many late to ORD": doubled("ORD"),
    "twice as many late to BOS": doubled("BOS"),
}


class Year:
    """The months, a model for each, and their facts."""

    def __init__(self) -> None:
        self.params = read_params("watch_flights", Params)
        self.tables = {file.stem: pl.read_parquet(file) for file in partitions.files(FEATURES)}
        self.models = {month: self.train(month) for month in list(self.tables)[2:]}
        self.facts = {month: self.measure(month, self.tables[month]) for month in self.tables}

    def train(self, month: str) -> tuple[Encoder, xgb.Booster]:
        """Trees of the months before one."""
        past = pl.concat(table for name, table in self.tables.items() if name < month)
        encoder = Encoder.fit(past, columns.names("number"), columns.names("category"))
        rounds = 60 + 12 * int(month[-2:])
        return encoder, xgb.train(TREES, matrix(encoder, past, past["late"]), rounds)

    def scores(self, month: str, table: pl.DataFrame) -> pl.LazyFrame:
        """What the model of a month says of flights."""
        encoder, trees = self.models[month]
        said = trees.predict(matrix(encoder, table)).astype(np.float64)
        held = ["flight_id", "date", *columns.names("category")]
        model = {"probability": said, "version": pl.lit("v1"), "ended_late": table["late"]}
        return table.select(held).with_columns(**model).lazy()

    def measure(self, month: str, table: pl.DataFrame) -> Facts:
        """The facts of a month whose flights are these."""
        start = date.fromisoformat(f"{month}-01")
        window = Window(start, add_months(start, 1))
        before = f"{add_months(start, -1):%Y-%m}"
        then = self.tables[before].lazy() if before in self.tables else None
        sampling = Sampling(self.params.sample_rows, self.params.seed)
        seen = watch.looks(then, table.lazy(), KINDS, sampling)
        found = Facts(start=start, end=window.end, looks=seen)
        if month not in self.models:
            return found
        levels = {name: frozenset(held) for name, held in self.models[month][0].levels.items()}
        past = self.scores(before, self.tables[before]) if before in self.models else None
        least = self.params.hurting.group_rows
        asked = self.scores(month, table), past, window, names(self.params.groups, levels)
        return found.model_copy(update={"scored": watch.scored(*asked, sampling, least)})

    def alarms(self, month: str, facts: Facts) -> dict[str, str]:
        """The alarms of a month with these facts, each with its sentence."""
        before = [held for name, held in self.facts.items() if name < month][-3:]
        gains = self.models[month][1].get_score(importance_type="total_gain")
        shares = weights.shares(gains, KINDS)
        judged = watch_verdict.judge([*before, facts], KINDS, shares, self.params, "flights")
        return {check.name: check.reason for check in failed(judged[-1].checks)}


def matrix(encoder: Encoder, table: pl.DataFrame, late: pl.Series | None = None) -> xgb.DMatrix:
    """Flights as the trees read them, with the names of their features."""
    values = np.hstack([encoder.numbers(table), encoder.codes(table).astype(np.float32)])
    label = None if late is None else late.to_numpy()
    return xgb.DMatrix(values, label, feature_names=list(encoder.names))


def main() -> None:
    """Print the alarms of each month, and those of each fault."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    year = Year()
    for month in year.models:
        print(f"{month}  as it was: {year.alarms(month, year.facts[month]) or 'no alarm'}")
    for month in SPOILT:
        for name, change in FAULTS.items():
            found = year.alarms(month, year.measure(month, change(year.tables[month])))
            said = "; ".join(f"{alarm}: {reason}" for alarm, reason in found.items())
            print(f"{month}  {name}: {said or 'no alarm'}", flush=True)


if __name__ == "__main__":
    main()
