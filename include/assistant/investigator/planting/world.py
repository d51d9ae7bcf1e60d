"""Made-up rows of a made-up business, window by window, with a model whose probabilities hold.

Each seed is another world: other columns, sizes, seasons and rates. All is drawn from the seed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.monitoring.plain_columns import Kind
from include.monitoring.windows import Names, Window

Floats = NDArray[np.float64]
NUMBERS = ("distance_mi", "price_eur", "weight_kg", "temp_f", "queue_min", "age_d", "wind_mph")
CATEGORIES = ("carrier", "depot", "plan", "country")
ROWS = ("parcels", "visits", "orders")
Change = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class World:
    """One business of a seed.

    Args:
        seed: of all that is drawn.
        windows: months that it is watched.
    """

    seed: int
    windows: int = 7

    @cached_property
    def draw(self) -> np.random.Generator:
        """What the shape of the world is drawn from."""
        return np.random.default_rng([self.seed, 1])

    @cached_property
    def plan(self) -> "Plan":
        """Which columns there are, and how they are made."""
        draw = self.draw
        numbers = [str(n) for n in draw.permutation(NUMBERS)[: draw.integers(4, 7)]]
        categories = [str(n) for n in draw.permutation(CATEGORIES)[: draw.integers(2, 4)]]
        levels = {name: levels_of(name, draw) for name in categories}
        return Plan(
            rows=int(draw.integers(1500, 4500)),
            word=str(draw.choice(ROWS)),
            numbers=tuple(numbers),
            levels=levels,
            bound=numbers[0],  # what the first category explains
            place={value: float(draw.normal(0, 0.5)) for value in levels[categories[1]]},
            seasonal=float(draw.uniform(0.05, 0.5)),
            rate=float(draw.uniform(-2.2, -0.4)),
            strength=float(draw.uniform(0.9, 1.6)),
        )

    @property
    def kinds(self) -> dict[str, Kind]:
        """The columns that are watched."""
        numbers: dict[str, Kind] = dict.fromkeys(self.plan.numbers, "number")
        return numbers | dict.fromkeys(self.plan.levels, "category")

    @property
    def names(self) -> Names:
        """What the columns are called."""
        return Names(
            rows=self.plan.word,
            id="id",
            day="day",
            score="probability",
            outcome="outcome",
            model="model",
            groups=tuple(self.plan.levels),
            known={name: frozenset(held) for name, held in self.plan.levels.items()},
        )

    @property
    def weights(self) -> dict[str, float]:
        """What the model uses of each column."""
        return dict.fromkeys(self.kinds, 1 / len(self.kinds))

    def window(self, place: int) -> Window:
        """The window of a place, from 0."""
        month = place + self.seed % 4
        return Window(date(2025, month + 1, 1), date(2025, month + 2, 1))

    def table(self, place: int) -> pl.DataFrame:
        """The rows of a window, as they are when nothing is wrong."""
        plan, draw = self.plan, np.random.default_rng([self.seed, 2, place])
        rows = int(plan.rows * draw.uniform(0.9, 1.1))
        values = {
            name: draw.choice(list(held), rows, p=list(held.values()))
            for name, held in plan.levels.items()
        }
        numbers = {
            name: plan.number(order, place, values, draw) for order, name in enumerate(plan.numbers)
        }
        risk = plan.risk(numbers, values)
        start, length = self.window(place).start, 28
        return pl.DataFrame(
            {
                "id": [f"{place}-{row}" for row in range(rows)],
                "day": [start.replace(day=1 + row % length) for row in range(rows)],
                **numbers,
                **values,
                "probability": risk,
                "outcome": draw.random(rows) < risk,
                "model": "v0.0.3",
            }
        )

    def rescored(self, table: pl.DataFrame) -> pl.DataFrame:
        """Rows as the model scores what stands in them; what is missing counts as what is usual."""
        usual = {self.plan.numbers[1]: 10.0, self.plan.numbers[2]: 50.0}
        numbers = {name: table[name].fill_null(held).to_numpy() for name, held in usual.items()}
        second = [*self.plan.levels][1]
        risk = self.plan.risk(numbers, {second: table[second].to_numpy()})
        return table.with_columns(probability=pl.Series(risk))


@dataclass(frozen=True)
class Plan:
    """How the columns of a world are made.

    Args:
        levels: category to its values, each with its share.
        bound: the number that the first category explains.
        place: what the second category adds to the logit.
        seasonal: how much numbers move with the months.
        rate: logit of the outcome in the middle.
        strength: of what the model knows.
    """

    rows: int
    word: str
    numbers: tuple[str, ...]
    levels: dict[str, dict[str, float]]
    bound: str
    place: dict[str, float]
    seasonal: float
    rate: float
    strength: float

    def number(
        self, order: int, place: int, values: dict[str, NDArray[np.str_]], draw: np.random.Generator
    ) -> Floats:
        """One column of numbers in one window."""
        first = values[next(iter(self.levels))]
        rows, season = len(first), self.seasonal * np.sin(place + order)
        if order == 0:
            middle = np.array(
                [100.0 + 60 * [*self.levels[next(iter(self.levels))]].index(v) for v in first]
            )
            return middle + draw.normal(0, 25, rows)
        if order % 3 == 1:
            return np.asarray(draw.gamma(2, 5 * (1 + season / 3), rows))
        if order % 3 == 2:
            return np.asarray(50 + 15 * season + draw.normal(0, 12, rows))
        return np.where(draw.random(rows) < 0.6, 0.0, draw.gamma(1.5, 3, rows))

    def risk(self, numbers: dict[str, Floats], values: dict[str, NDArray[np.str_]]) -> Floats:
        """The probability of the outcome: what the model says, and what comes true."""
        second = self.numbers[1]
        third = self.numbers[2]
        logit = self.rate + self.strength * ((numbers[second] - 10) / 7)
        logit = logit + 0.5 * self.strength * (numbers[third] - 50) / 12
        logit = logit + np.array(
            [self.place.get(value, 0.0) for value in values[[*self.levels][1]]]
        )
        return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def levels_of(name: str, draw: np.random.Generator) -> dict[str, float]:
    """The values of a category, each with its share: some large, some small."""
    count = int(draw.integers(4, 9))
    shares = np.sort(draw.dirichlet(np.full(count, 2.0)))[::-1]
    shares = np.maximum(shares, 0.03)
    shares = shares / shares.sum()
    return {f"{name[:2].upper()}{number}": float(s) for number, s in enumerate(shares)}
