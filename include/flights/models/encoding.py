"""Turn a table of features into the arrays that both models read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.errors import DataError, at_most_ten, did_you_mean

Numbers = NDArray[np.float32]  # (rows, numbers); NaN where a value is unknown
Codes = NDArray[np.int32]  # (rows, categories); 0 where a category is unknown


@dataclass(frozen=True)
class Encoder:
    """The features of a model in their order, and the levels of each category in training."""

    number_names: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]

    @classmethod
    def fit(
        cls,
        train: pl.DataFrame | pl.LazyFrame,
        numbers: Sequence[str],
        categories: Sequence[str],
        min_rows: int = 1,
    ) -> "Encoder":
        """Learn the levels of the categories from the training rows.

        Args:
            min_rows: training rows below which a level counts as unknown.
        """
        table = train.lazy()
        require(table.collect_schema().names(), categories)
        levels = {}
        for name in categories:
            level = pl.col(name).cast(pl.String).alias("level")
            counts = table.select(level).group_by("level").len("rows").collect(engine="streaming")
            kept = counts.filter(pl.col("rows") >= min_rows).get_column("level")
            levels[name] = tuple(sorted(kept.drop_nulls()))
        return cls(tuple(numbers), levels)

    @property
    def category_names(self) -> tuple[str, ...]:
        """The categories, in the order of the columns of `codes`."""
        return tuple(self.levels)

    @property
    def names(self) -> tuple[str, ...]:
        """All features: the numbers, then the categories."""
        return self.number_names + self.category_names

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """How many codes each category has, the 0 of the unknown included."""
        return tuple(len(levels) + 1 for levels in self.levels.values())

    def numbers(self, table: pl.DataFrame) -> Numbers:
        """The numbers as float32, (rows, numbers), unknown values as NaN.

        Raises:
            DataError: a feature is not in the table, or is not a number.
        """
        require(table.columns, self.number_names)
        schema = table.schema
        for name in self.number_names:
            kind = schema[name]
            if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
                what = f"The feature {name} should hold numbers, but holds {kind}."
                raise DataError(what, f"make {name} a number before it is given to the model.")
        # Column by column: at one row this is twice as fast as one select, and at many the same.
        columns = (table.get_column(name).cast(pl.Float32) for name in self.number_names)
        return np.column_stack([column.to_numpy() for column in columns])

    def codes(self, table: pl.DataFrame) -> Codes:
        """The categories as int32, (rows, categories): 0 is unknown or null, 1 the first level.

        Raises:
            DataError: a feature is not in the table.
        """
        require(table.columns, self.category_names)
        encoded = [
            pl.col(name)
            .cast(pl.String)
            .replace_strict(
                list(levels), list(range(1, len(levels) + 1)), default=0, return_dtype=pl.Int32
            )
            .fill_null(0)
            for name, levels in self.levels.items()
        ]
        codes = table.select(encoded).to_numpy(order="c", writable=True)
        return codes.astype(np.int32, copy=False)

    def to_json(self) -> dict[str, object]:
        """The encoder as JSON can hold it."""
        levels = {name: list(values) for name, values in self.levels.items()}
        return {"numbers": list(self.number_names), "categories": levels}

    @classmethod
    def from_json(cls, held: Mapping[str, object]) -> "Encoder":
        """The encoder that `to_json` wrote."""
        numbers, categories = held["numbers"], held["categories"]
        assert isinstance(numbers, list) and isinstance(categories, dict)
        return cls(tuple(numbers), {name: tuple(held) for name, held in categories.items()})


def require(held: Sequence[str], names: Sequence[str]) -> None:
    """Raise DataError if a table that holds some columns lacks one of the features."""
    known = set(held)
    missing = [name for name in names if name not in known]
    if not missing:
        return
    spare = [name for name in held if name not in names]
    raise DataError(
        f"The table lacks {len(missing)} of {len(names)} features: {at_most_ten(missing)}."
        f"{did_you_mean(missing[0], spare)}",
        "add the column, under the name that include/flights/columns.py gives it.",
    )
