"""How the flights of a key are doing at a time: overdue, departed, arrived, stranded."""

from datetime import UTC, datetime

import polars as pl

from include.flights.features.history import TIME, mean, seen

# A float keeps too few digits of minutes since 1970; only differences matter.
SINCE_MIN = 22_000_000


def with_milestones(flights: pl.DataFrame, stranded_after_h: int) -> pl.DataFrame:
    """Add when a flight stopped being overdue, and when it became stranded (or never).

    Neither uses whether a flight was cancelled: until it departs, a late and a cancelled flight
    look the same.
    """
    limit = pl.col("sched_dep_utc") + pl.duration(hours=stranded_after_h)
    departed = pl.col("dep_utc").fill_null(datetime(9999, 1, 1, tzinfo=UTC))
    left = pl.max_horizontal(pl.min_horizontal(departed, limit), "sched_dep_utc")
    return flights.with_columns(
        overdue_until=left, stranded_at=pl.when(departed > limit).then(limit)
    ).drop("cancelled", "diverted")


def congestion(
    flights: pl.DataFrame,
    prefix: str,
    times: pl.DataFrame,
    late_after_min: int,
    departed: tuple[int, ...] = (),
    arrived: tuple[int, ...] = (),
    counted: tuple[int, ...] = (),
) -> pl.DataFrame:
    """What the flights of each key looked like at each time.

    Args:
        flights: with milestones.
        times: event_timestamp, and the columns of the key if there is one.
        departed, arrived: windows in hours, for delays of flights that departed or arrived.
        counted: windows in hours, for numbers of departures and of flights that got stranded.

    Returns:
        `times` and the columns that `overdue`, `delays` and `counts` in columns.py name.
    """
    by = [name for name in times.columns if name != TIME]
    parts = [times, overdue(flights, prefix, times, by)]
    for event, hours in (("dep", departed), ("arr", arrived)):
        parts.append(delays(flights, prefix, event, times, by, hours, late_after_min))
    for event, name in (("dep_utc", "departures"), ("stranded_at", "stranded")):
        counts = seen(flights, event, {f"{prefix}_{name}": pl.lit(1)}, times, by, counted)
        parts.append(counts.drop(times.columns))
    return pl.concat([part for part in parts if part.width], how="horizontal")


def overdue(flights: pl.DataFrame, prefix: str, times: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """How many flights are overdue at each time, and for how many minutes, summed.

    A flight is overdue from its schedule until it departs or gets stranded: the number is what
    entered that state less what left it, and the wait is the time now less the scheduled times.
    """
    minutes = pl.col("sched_dep_utc").dt.epoch("s") / 60 - SINCE_MIN
    values = {"n": pl.lit(1), "due": minutes}
    came = seen(flights, "sched_dep_utc", values, times, by, [None])
    left = seen(flights, "overdue_until", values, times, by, [None])
    now = times.select(pl.col(TIME).dt.epoch("s") / 60 - SINCE_MIN).to_series()
    number = came["n"] - left["n"]
    waited = now * number - (came["due"] - left["due"])
    return pl.DataFrame({f"{prefix}_overdue": number, f"{prefix}_overdue_min": waited})


def delays(
    flights: pl.DataFrame,
    prefix: str,
    event: str,
    times: pl.DataFrame,
    by: list[str],
    windows_h: tuple[int, ...],
    late_after_min: int,
) -> pl.DataFrame:
    """Mean delay and late share of the flights that departed (dep) or arrived (arr) lately."""
    delay = pl.col(f"{event}_delay_min")
    values = {"n": pl.lit(1), "delay": delay, "late": delay > late_after_min}
    sums = seen(flights, f"{event}_utc", values, times, by, windows_h)
    return sums.select(
        expression
        for h in windows_h
        for expression in (
            mean(f"delay_{h}h", f"n_{h}h").alias(f"{prefix}_{event}_delay_{h}h_min"),
            mean(f"late_{h}h", f"n_{h}h").alias(f"{prefix}_{event}_late_{h}h_share"),
        )
    )
