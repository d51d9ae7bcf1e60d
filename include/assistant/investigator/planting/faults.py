"""The faults that are planted: each spoils rows, the service, or what a run was made from.

What is spoilt, how much of it and how hard is drawn: some faults are plain, some hardly show.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from include.assistant.investigator.planting.world import Change, World

Draw = np.random.Generator
# Those that spoil columns: the model sees them, and says other things.
SEEN = ("unit_changed", "column_emptied", "category_renamed", "unknown_values", "join_broken")


@dataclass(frozen=True)
class Serving:
    """How a service does in a window."""

    slow: float = 1.0  # times its usual time
    errors: float = 0.0  # share of requests
    stale: float = 0.0  # share of rows with a feature that is too old
    silent: bool = False


@dataclass(frozen=True)
class Fault:
    """Something that went wrong.

    Args:
        subject: the column, value, stage or setting that it befell; empty if there is none.
        change: what it does to the rows of a window.
        edit: stage, kind and name of what changed in the lineage.
        once: whether it is told by a run that fails, and so befalls the newest window alone.
    """

    cause: str
    subject: str = ""
    change: Change = field(default=lambda table: table)
    serving: Serving = field(default=Serving())
    edit: tuple[str, str, str] | None = None
    once: bool = False


def unit_changed(world: World, draw: Draw) -> Fault:
    """Another unit in a column of numbers."""
    name = pick(draw, *world.plan.numbers[:3])
    factor = float(draw.choice([1.1, 1.609, 0.447, 0.0254, 60, 1 / 60, 1000, 2.2046]))
    less = float(draw.choice([0.0, 0.0, 32.0]))
    return Fault("unit_changed", name, lambda t: t.with_columns((pl.col(name) - less) * factor))


def column_emptied(world: World, draw: Draw) -> Fault:
    """A column without a part of its values, or all of them."""
    name, share = pick(draw, *world.plan.numbers), float(draw.uniform(0.15, 1.0))
    kept = pl.int_range(pl.len()) % 100 >= 100 * share
    return Fault("column_emptied", name, lambda t: t.with_columns(pl.when(kept).then(pl.col(name))))


def category_renamed(world: World, draw: Draw) -> Fault:
    """A value that is written otherwise."""
    name = pick(draw, *world.plan.levels)
    old = pick(draw, *[*world.plan.levels[name]][:4])
    new = pick(draw, old.lower(), f"{old}_", f"{old}-N")
    return Fault(
        "category_renamed",
        f"{name} {old}",
        lambda t: t.with_columns(pl.col(name).replace(old, new)),
    )


def category_gone(world: World, draw: Draw) -> Fault:
    """Rows of a value that were not delivered."""
    name = pick(draw, *world.plan.levels)
    value = pick(draw, *[*world.plan.levels[name]][1:])
    return Fault("category_gone", f"{name} {value}", lambda t: t.filter(pl.col(name) != value))


def rows_duplicated(world: World, draw: Draw) -> Fault:
    """Rows that were delivered twice: with the same ids, or with new ones."""
    share, again = float(draw.uniform(0.3, 1.0)), bool(draw.integers(2))

    def change(table: pl.DataFrame) -> pl.DataFrame:
        twice = table.head(int(len(table) * share))
        named = twice if again else twice.with_columns(pl.col("id") + "b")
        return pl.concat([table, named])

    return Fault("rows_duplicated", change=change, once=again)


def labels_late(world: World, draw: Draw) -> Fault:
    """Outcomes that have not come."""
    share = float(draw.uniform(0.04, 1.0))
    missing = pl.int_range(pl.len()) % 100 < 100 * share
    return Fault(
        "labels_late",
        change=lambda t: t.with_columns(outcome=pl.when(~missing).then(pl.col("outcome"))),
    )


def join_broken(world: World, draw: Draw) -> Fault:
    """A column that has the values of other rows."""
    name, seed = world.plan.bound, int(draw.integers(1000))
    return Fault("join_broken", name, lambda t: t.with_columns(pl.col(name).shuffle(seed=seed)))


def unknown_values(world: World, draw: Draw) -> Fault:
    """Values that the model never saw, beside those that it knows."""
    name, share = pick(draw, *world.plan.levels), float(draw.uniform(0.015, 0.3))
    new = (pl.int_range(pl.len()) * 37) % 1000 < 1000 * share
    held = pl.when(new).then(pl.lit("ZZ9")).otherwise(pl.col(name))
    return Fault("unknown_values", name, lambda t: t.with_columns(held.alias(name)))


def concept_shift(world: World, draw: Draw) -> Fault:
    """The same rows end otherwise."""
    seed, kind, more = (
        int(draw.integers(1000)),
        int(draw.integers(2)),
        float(draw.uniform(0.1, 0.4)),
    )

    def change(table: pl.DataFrame) -> pl.DataFrame:
        again = np.random.default_rng(seed).random(len(table))
        if kind:  # what led to the outcome leads to it no more, in many rows or in all
            other = pl.when(pl.Series(again < 2.5 * more)).then(
                pl.col("outcome").shuffle(seed=seed)
            )
            return table.with_columns(outcome=other.otherwise(pl.col("outcome")))
        return table.with_columns(outcome=pl.col("outcome") | pl.Series(again < more))

    return Fault("concept_shift", change=change)


def group_shift(world: World, draw: Draw) -> Fault:
    """The outcome comes far more often in one group."""
    name = pick(draw, *world.plan.levels)
    value = pick(draw, *[*world.plan.levels[name]][1:4])
    seed, more = int(draw.integers(1000)), float(draw.uniform(0.2, 0.8))

    def change(table: pl.DataFrame) -> pl.DataFrame:
        hit = pl.Series(np.random.default_rng(seed).random(len(table)) < more)
        return table.with_columns(outcome=pl.col("outcome") | ((pl.col(name) == value) & hit))

    return Fault("group_shift", f"{name} {value}", change)


def mix_shifted(world: World, draw: Draw) -> Fault:
    """Other rows than usual, about which the model is right."""
    seed, power = int(draw.integers(1000)), float(draw.uniform(1, 4))

    def change(table: pl.DataFrame) -> pl.DataFrame:
        chance = table["probability"].to_numpy() ** power
        again = np.random.default_rng(seed)
        rows = again.choice(len(table), int(len(table) * 0.9), p=chance / chance.sum())
        held = table[np.sort(rows)].with_row_index("n")
        happened = pl.Series(again.random(len(held)) < held["probability"].to_numpy())
        ids = pl.col("id") + "-" + pl.col("n").cast(pl.String)
        return held.with_columns(id=ids, outcome=happened).drop("n")

    return Fault("mix_shifted", change=change)


def service_slow(world: World, draw: Draw) -> Fault:
    """Answers take longer."""
    return Fault("service_slow", serving=Serving(slow=float(draw.uniform(2, 30))))


def service_errors(world: World, draw: Draw) -> Fault:
    """Requests fail, and some of the others take longer."""
    errors, slow = float(draw.uniform(0.02, 0.4)), float(draw.choice([1.0, 1.0, 3.0]))
    return Fault("service_errors", serving=Serving(errors=errors, slow=slow))


def features_stale(world: World, draw: Draw) -> Fault:
    """The online store was not filled."""
    return Fault("features_stale", serving=Serving(stale=float(draw.uniform(0.06, 1.0))))


def log_silent(world: World, draw: Draw) -> Fault:
    """The service writes no log."""
    return Fault("log_silent", serving=Serving(silent=True))


def code_changed(world: World, draw: Draw) -> Fault:
    """A fault in the code of features or scores: the model sees other things than it learned."""
    stage, name = (
        pick(draw, "build_features", "score_rows"),
        f"src/{pick(draw, 'encode', 'join', 'clean')}.py",
    )
    return Fault("code_changed", name, misled(draw), edit=(stage, "code", name))


def params_changed(world: World, draw: Draw) -> Fault:
    """Another setting: what counts as the outcome, or what is left out."""
    stage, name = ("build_features", pick(draw, "label.after_min", "build_features.lead_h"))
    return Fault("params_changed", name, misled(draw), edit=(stage, "params", name))


def environment_changed(world: World, draw: Draw) -> Fault:
    """Another version of a library."""
    name = "environments/steps.txt"
    return Fault(
        "environment_changed", name, misled(draw), edit=("score_rows", "environment", name)
    )


def misled(draw: Draw) -> Change:
    """Scores that are not what they were: too high, too low, of other rows, or all alike."""
    kind, seed, power = int(draw.integers(3)), int(draw.integers(1000)), float(draw.uniform(1.6, 4))
    p = pl.col("probability")
    far = [p ** (1 / power), p**power, p.shuffle(seed=seed)][kind]
    return lambda table: table.with_columns(probability=far)


def window_incomplete(world: World, draw: Draw) -> Fault:
    """Days of the window that were not delivered, or all of them."""
    days = int(draw.choice([8, 14, 20, 28]))
    if days == 28:
        return Fault("window_incomplete", change=lambda t: t.clear(), once=True)
    return Fault("window_incomplete", change=lambda t: t.filter(pl.col("day").dt.day() > days))


def nothing(world: World, draw: Draw) -> Fault:
    """Nothing at all: somebody asked to be sure."""
    return Fault("nothing_wrong")


def pick(draw: Draw, *some: str) -> str:
    """One of some texts."""
    return some[int(draw.integers(len(some)))]


FAULTS: dict[str, Callable[[World, Draw], Fault]] = {
    make.__name__: make
    for make in (
        *(unit_changed, column_emptied, category_renamed, category_gone, rows_duplicated),
        *(labels_late, join_broken, unknown_values, concept_shift, group_shift, mix_shifted),
        *(service_slow, service_errors, features_stale, log_silent, window_incomplete),
        *(code_changed, params_changed, environment_changed, nothing),
    )
}
