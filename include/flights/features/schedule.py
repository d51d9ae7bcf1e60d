"""What a flight's own schedule says, in training and when a request brings the flight."""

import polars as pl


def own_schedule() -> dict[str, pl.Expr]:
    """The features that a flight's own schedule makes, from the columns of the raw table."""
    block = (pl.col("sched_arr_utc") - pl.col("sched_dep_utc")).dt.total_minutes()
    return {
        "sched_dep_hour": clock("sched_dep_local"),
        "sched_arr_hour": clock("sched_arr_local"),
        "weekday": pl.col("date").dt.weekday(),
        "block_min": block,
        "slack_min": block - pl.col("distance_mi") / 8.0,
    }


def clock(local: str) -> pl.Expr:
    """Hours since midnight on the local clock."""
    return pl.col(local).dt.hour() + pl.col(local).dt.minute() / 60
