"""A window of time: the rows that a model scored in it, checked before anything is counted.

Nothing wrong passes silently: rows twice, scores that are no probabilities, two models, rows of
another time. Tables are read in parts, so that their size does not matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from include.errors import DataError, at_most_ten, did_you_mean

FIX = "make the scores anew, and see what wrote them."


@dataclass(frozen=True)
class Window:
    """From the first day up to the day before the last one."""

    start: date
    end: date

    def __str__(self) -> str:
        """The window in words."""
        return f"{self.start} to {self.end}"


@dataclass(frozen=True)
class Names:
    """What the columns of a window are called.

    Args:
        rows: many of them, in sentences: "visits".
        outcome: true, false, or null where it is not known yet.
        groups: columns whose values part the rows into groups.
        known: category to the values that the model knows.
    """

    rows: str
    id: str
    day: str
    score: str
    outcome: str
    model: str
    groups: tuple[str, ...] = ()
    known: Mapping[str, frozenset[str]] | None = None


def require(table: pl.LazyFrame, columns: Iterable[str], where: str) -> pl.Schema:
    """The columns of a table, which holds these.

    Raises:
        DataError: it does not.
    """
    held = table.collect_schema()
    if missing := [name for name in columns if name not in held]:
        hint = did_you_mean(missing[0], held)
        raise DataError(f"{where} lack the column {at_most_ten(missing)}.{hint}", FIX)
    return held


def checked(table: pl.LazyFrame, window: Window, names: Names) -> tuple[int, str]:
    """How many rows a window has, and the model that scored them.

    Raises:
        DataError: it lacks a column, or has no rows, or rows twice, of other days, without a
            probability, or of two models.
    """
    where = f"The {names.rows} in {window}"
    needed = [names.id, names.day, names.score, names.outcome, names.model, *names.groups]
    kind = require(table, needed, where)[names.score]
    if not kind.is_float():
        raise DataError(f"{where} have scores of the type {kind}, and no numbers in 0..1.", FIX)
    score, day = pl.col(names.score), pl.col(names.day)
    fine = score.is_between(0, 1).fill_null(False) & score.is_not_nan().fill_null(False)
    inside = day.is_between(window.start, window.end, closed="left").fill_null(False)
    held = table.select(
        rows=pl.len(),
        ids=pl.col(names.id).n_unique(),
        unnamed=pl.col(names.id).null_count(),
        wrong=(~fine).sum(),
        outside=(~inside).sum(),
    )
    found = held.collect(engine="streaming").row(0, named=True)
    rows = found["rows"]
    if not rows:
        what = f"The window {window} has no {names.rows}."
        raise DataError(what, "score them first, or watch other windows.")
    if found["wrong"]:
        ids = first(table.filter(~fine), names.id)
        what = f"{found['wrong']:,} of {rows:,} scores in {window} are no probabilities: {ids}."
        raise DataError(what, FIX)
    if found["outside"]:
        ids = first(table.filter(~inside), names.id)
        what = f"{found['outside']:,} of {rows:,} {names.rows} are not of {window}: {ids}."
        raise DataError(what, FIX)
    if found["ids"] != rows or found["unnamed"]:
        twice = table.group_by(names.id).len().filter(pl.col("len") > 1).sort(names.id)
        what = f"{rows:,} {names.rows} in {window} have {found['ids']:,} ids, "
        raise DataError(f"{what}twice or more: {first(twice, names.id)}.", FIX)
    return rows, one_model(table, window, names)


def one_model(table: pl.LazyFrame, window: Window, names: Names) -> str:
    """The model that scored all rows.

    Raises:
        DataError: there are two or more, or a row names none.
    """
    held = table.group_by(names.model).len().sort(names.model, nulls_last=True)
    models = dict(held.collect(engine="streaming").iter_rows())
    if len(models) == 1 and None not in models:
        return str(next(iter(models)))
    said = at_most_ten(f"{model or 'none'} ({rows:,})" for model, rows in models.items())
    what = f"The {names.rows} in {window} were scored by {len(models)} models: {said}."
    raise DataError(what, "watch one model a window: score it with one, or part the window.")


def first(table: pl.LazyFrame, column: str) -> str:
    """The first values of a column, for a message."""
    found = table.select(column).bottom_k(10, by=column).sort(column).collect(engine="streaming")
    return at_most_ten(found[column])


def drawn(table: pl.LazyFrame, rows: int, most: int, seed: int) -> pl.DataFrame:
    """At most so many rows, at random but always the same, in their order."""
    if rows <= most:
        return table.collect(engine="streaming")
    chosen = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    wanted = pl.DataFrame({"_row": chosen}, schema={"_row": pl.get_index_type()})
    numbered = table.with_row_index("_row")
    found = numbered.join(wanted.lazy(), on="_row", how="semi").sort("_row")
    return found.drop("_row").collect(engine="streaming")
