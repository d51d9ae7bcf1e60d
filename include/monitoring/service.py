"""What the log of predictions says of the service in a window: fresh features, known values.

docs/prediction_log.md says what a log holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from include.errors import DataError
from include.monitoring.drift_limits import rounded

AGE, FEATURE = "age_s.", "feature."
P99 = 0.99


@dataclass(frozen=True)
class Service:
    """The numbers of one window; None where the log does not tell.

    Args:
        models: who answered, each with its rows.
        stale_share: looked up rows with a feature that was older than it may be.
        lacking_share: looked up rows for which a view had nothing.
        views: view to the share of looked up rows for which it was too old.
    """

    rows: int
    models: dict[str, int]
    unknown_share: float | None
    stale_share: float | None
    lacking_share: float | None
    views: dict[str, float]


NOTHING = Service(0, {}, None, None, None, {})


@dataclass(frozen=True)
class Replies:
    """How the service replied: to how many, how quickly, and how often with an error of its own.

    Args:
        seconds: which all replies together took.
    """

    requests: int
    error_rate: float
    latency_p99_ms: float
    seconds: float


def service(
    log: pl.LazyFrame, oldest_s: Mapping[str, float], known: Mapping[str, frozenset[str]]
) -> Service:
    """Measure what the champion answered, on all rows.

    Args:
        log: as include.monitoring.journal.scan reads it.
        oldest_s: view to the age in seconds up to which its values count; 0: for ever.
        known: category to the values that the model knows.

    Raises:
        DataError: a probability is none.
    """
    answered = log.filter(pl.col("role") == "champion")
    held = answered.collect_schema().names()
    p = pl.col("probability")
    views = {name.removeprefix(AGE): pl.col(name) for name in held if name.startswith(AGE)}
    stale = {
        view: (age > oldest_s[view]).fill_null(False)
        for view, age in views.items()
        if oldest_s.get(view)
    }
    strange = [
        (~pl.col(f"{FEATURE}{name}").is_in(list(values))).fill_null(False)
        for name, values in sorted(known.items())
        if f"{FEATURE}{name}" in held
    ]
    means = [flag.mean() for flag in stored(stale.values())]
    found = answered.select(
        pl.len().alias("rows"),
        (~(p.is_between(0, 1) & p.is_not_nan()).fill_null(False)).sum().alias("wrong"),
        share(stored(stale.values())).alias("stale"),
        share(stored(age.is_null() for age in views.values())).alias("lacking"),
        share(strange).alias("unknown"),
        *(flag.alias(f"view {view}") for view, flag in zip(stale, means, strict=True)),
    )
    told = found.collect(engine="streaming").row(0, named=True)
    if told["wrong"]:
        what = f"{told['wrong']:,} of {told['rows']:,} logged probabilities are none."
        raise DataError(what, "see which model answered so, and take it out of service.")
    models = answered.group_by("model").len().sort("model").collect(engine="streaming")
    return Service(
        rows=told["rows"],
        models=dict(models.iter_rows()),
        unknown_share=or_none(told["unknown"]),
        stale_share=or_none(told["stale"]),
        lacking_share=or_none(told["lacking"]),
        views={view: rounded(told[f"view {view}"] or 0.0) for view in stale},
    )


def share(flags: Iterable[pl.Expr]) -> pl.Expr:
    """The share of rows of which any is true; null if there are none."""
    some = list(flags)
    return pl.any_horizontal(some).mean() if some else pl.lit(None, pl.Float64)


def stored(flags: Iterable[pl.Expr]) -> list[pl.Expr]:
    """The flags of rows that were looked up: who brings the features asks nothing of the store."""
    return [flag.filter(pl.col("kind") == "entities") for flag in flags]


def or_none(value: float | None) -> float | None:
    """The number with six digits, if there is one."""
    return None if value is None else rounded(value)


def replies(requests: pl.LazyFrame) -> Replies | None:
    """How requests were replied to; None if there were none.

    An error is one of the service (5xx): what a client did wrong is none of it.
    """
    found = requests.select(
        requests=pl.len(),
        error_rate=(pl.col("status") >= 500).mean(),
        latency_p99_ms=pl.col("ms").quantile(P99, "higher"),
        seconds=pl.col("ms").sum() / 1000,
    )
    held = found.collect(engine="streaming").row(0, named=True)
    if not held["requests"]:
        return None
    slowest, seconds = round(held["latency_p99_ms"], 3), rounded(held["seconds"])
    return Replies(held["requests"], rounded(held["error_rate"]), slowest, seconds)
