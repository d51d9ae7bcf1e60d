"""Join a table with what views held at the time of each row. Polars only: Feast is not imported.

The rules of the join are written in include/feature_store/offline.py.
"""

import polars as pl

from include.errors import DataError
from include.feature_store import kinds, times
from include.feature_store.sources import check_columns, collect
from include.feature_store.views import CREATED, ROW, TIME, View, scan_view

KNOWN, RANK, OWN = "__known", "__rank", "__own"


def join_views(entities: pl.DataFrame, time: str, views: list[View]) -> pl.DataFrame:
    """Add to each row of `entities` what each view held at the time in column `time`.

    Returns:
        The same rows in the same order, with the features to the right.

    Raises:
        DataError: a source cannot be read, lacks a column, or has keys of another kind; two
            columns of the result share a name.
    """
    check_names(entities, views)
    keys = {column for view in views for column in view.keys.values()}
    clock = times.to_utc(entities, time, "The entity frame").alias(TIME)
    ordered = entities.select(clock, *sorted(keys)).with_row_index(ROW)
    ordered = ordered.sort(TIME, maintain_order=True)
    parts = [join_view(ordered, view) for view in views]
    return pl.concat([entities, *parts], how="horizontal")


def join_view(ordered: pl.DataFrame, view: View) -> pl.DataFrame:
    """The features of one view, one row for each entity row, in the order of ROW."""
    rows = collect(scan_view(view, ordered), view.name)
    by = {f"__key_{key}": column for key, column in view.keys.items()}
    keys = (
        kinds.exactly(pl.col(column), ordered.schema[column], rows.schema[name]).alias(name)
        for name, column in by.items()
    )
    left = ordered.select(ROW, TIME, *keys)
    # The last of equal times counts: the one created last, or the last that was read.
    order = [TIME, CREATED] if view.created else [TIME]
    rows = rows.sort(order, nulls_last=False, maintain_order=True)
    if view.created and view.created_by_then:
        joined = join_created(left, rows, list(by), view)
    else:
        joined = left.join_asof(
            rows.drop(order[1:]),
            on=TIME,
            by=list(by) or None,
            strategy="backward",
            tolerance=view.ttl,
            check_sortedness=False,
        )
    joined = joined.sort(ROW)
    if not joined[ROW].equals(ordered[ROW].sort()):
        raise DataError(
            f"The join with {view.name} made {joined.height:,} rows of {ordered.height:,}.",
            "report it, with the versions of polars and of this repository: it is a bug.",
        )
    return joined.select(view.features.values())


def join_created(left: pl.DataFrame, rows: pl.DataFrame, by: list[str], view: View) -> pl.DataFrame:
    """Join each row with the last of those that were created by its time.

    A row is known from its own time and its creation on. Of the rows that are known the last in
    the order of `rows` counts, so each that becomes known is replaced by the last known by then.
    """
    rows = rows.drop_nulls(CREATED).with_row_index(RANK)
    known = rows.select(pl.max_horizontal(TIME, CREATED).alias(KNOWN), RANK, *by)
    last = pl.col(RANK).cum_max()
    known = known.sort(KNOWN, RANK).with_columns(last.over(by) if by else last)
    held = rows[known[RANK]].select(pl.col(TIME).alias(OWN), *view.features.values())
    joined = left.join_asof(
        known.drop(RANK).hstack(held),
        left_on=TIME,
        right_on=KNOWN,
        by=by or None,
        strategy="backward",
        check_sortedness=False,
    )
    if not view.ttl:
        return joined
    fresh = pl.col(TIME) - pl.col(OWN) <= view.ttl
    return joined.with_columns(pl.when(fresh).then(pl.col(view.features.values())))


def check_names(entities: pl.DataFrame, views: list[View]) -> None:
    """Raise DataError if the entity table lacks a key, or two results share a name."""
    seen = set(entities.columns)
    for view in views:
        check_columns(entities.columns, list(view.keys.values()), "The entity frame")
        for output in view.features.values():
            if output in seen:
                raise DataError(
                    f"{output!r} of {view.name} is in the result already.",
                    "rename the column of the entity frame, or ask for full_feature_names=True.",
                )
            seen.add(output)
