"""What had been seen by a time: sums over sliding windows, and nothing from after it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

TIME = "event_timestamp"


def grid(start: datetime, end: datetime, every_min: int) -> pl.DataFrame:
    """The times in [start, end), `every_min` minutes apart, in UTC."""
    step = timedelta(minutes=every_min)
    times = pl.datetime_range(start, end, step, closed="left", time_unit="us", eager=True)
    return pl.DataFrame({TIME: times})


def seen(
    events: pl.DataFrame,
    at: str,
    values: Mapping[str, pl.Expr],
    times: pl.DataFrame,
    by: Sequence[str],
    windows_h: Sequence[float | None],
) -> pl.DataFrame:
    """Sum `values` over the events in (time - window, time], for each row of `times`.

    Args:
        events: one row per event; rows whose `at` is empty never count.
        at: the column with the time when an event was known, in UTC.
        values: name to expression over an event, without nulls.
        times: the columns of `by`, and event_timestamp.
        windows_h: hours; None sums over all events so far.

    Returns:
        `times` with one column `{name}_{window}h` (or `{name}`) for each value and window.
    """
    keys = [*by, TIME]
    running = (
        events.filter(pl.col(at).is_not_null())
        .select(
            *by, pl.col(at).alias(TIME), *(e.cast(pl.Float64).alias(n) for n, e in values.items())
        )
        .sort(TIME)
        .group_by(keys, maintain_order=True)
        .agg(pl.col(list(values)).sum())
        .with_columns((pl.col(n).cum_sum().over(by) if by else pl.col(n).cum_sum()) for n in values)
    )
    rows = times.select(keys).with_row_index("row").sort(TIME)
    now = running_total(rows, running, by, values, timedelta(0))
    columns = []
    for window in windows_h:
        if window is None:
            columns += [now[name].alias(name) for name in values]
            continue
        before = running_total(rows, running, by, values, timedelta(hours=window))
        columns += [(now[name] - before[name]).alias(f"{name}_{window:g}h") for name in values]
    return times.with_columns(columns)


def running_total(
    rows: pl.DataFrame,
    running: pl.DataFrame,
    by: Sequence[str],
    values: Mapping[str, pl.Expr],
    ago: timedelta,
) -> pl.DataFrame:
    """The running totals that stood `ago` before each row's time, in the order of the rows."""
    joined = rows.with_columns(pl.col(TIME) - ago).join_asof(
        running, on=TIME, by=list(by) or None, strategy="backward", check_sortedness=False
    )
    return joined.sort("row").select(pl.col(list(values)).fill_null(0.0))


def mean(total: str, count: str) -> pl.Expr:
    """A mean from a sum and a count; empty where nothing was counted."""
    return pl.when(pl.col(count) > 0).then(pl.col(total) / pl.col(count)).cast(pl.Float32)
