"""Flights as XGBoost takes them: encoded a month at a time, never all at once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.flights.models.encoding import Encoder
from include.flights.models.history import History
from include.flights.trees import xgb

Month = tuple[NDArray[np.float32], NDArray[np.bool_]]  # features and outcome of its flights


class Batches(xgb.DataIter):
    """The months of a history one after the other, as often as XGBoost begins anew.

    The first pass encodes them and writes what it made to a file; the others read that.
    """

    def __init__(
        self, history: History, encoder: Encoder, file: IO[bytes], pages: str | None = None
    ) -> None:
        super().__init__(pages)
        self.history, self.encoder, self.file = history, encoder, file
        self.held: list[NDArray[np.bool_]] = []  # outcomes of the months that the file holds
        self.whole = False
        self.reset()

    def reset(self) -> None:
        """Begin with the first month."""
        self.file.seek(0)
        self.months = self.again() if self.whole else self.first()

    def next(self, input_data: Callable[..., Any]) -> bool:
        """Give the next month to XGBoost; False if there is none."""
        month = next(self.months, None)
        if month is None:
            return False
        input_data(data=month[0], label=month[1], **described(self.encoder))
        return True

    def first(self) -> Iterator[Month]:
        """Encode each month, and keep it."""
        self.held.clear()
        for table in self.history.tables([*self.encoder.names, "late"]):
            rows, late = matrix(table, self.encoder), table.get_column("late").to_numpy()
            self.file.write(rows.data)
            self.held.append(late)
            yield rows, late
        self.whole = True

    def again(self) -> Iterator[Month]:
        """Read each month."""
        width = len(self.encoder.names)
        for late in self.held:
            rows = np.fromfile(self.file, np.float32, len(late) * width)
            yield rows.reshape(-1, width), late


def quantized(
    history: History,
    encoder: Encoder,
    max_bin: int,
    threads: int,
    like: xgb.DMatrix | None = None,
    pages: Path | None = None,
) -> xgb.DMatrix:
    """The flights in bins: those of `like`, or else at most `max_bin` a feature.

    Args:
        pages: folder that holds them a month at a time, and must stay; None holds them in memory.
    """
    # Here, not where temporary files lie: that may be memory. The file has no name, so it goes
    # with the process, however that ends.
    with TemporaryFile(dir=Path()) as file:
        # XGBoost adds to the prefix a name that no other matrix has.
        batches = Batches(history, encoder, file, str(pages / "page") if pages else None)
        # max_bin is needed again beside ref, or XGBoost takes 256.
        bins: dict[str, Any] = {"ref": like, "max_bin": max_bin, "nthread": threads}
        kind = xgb.ExtMemQuantileDMatrix if pages else xgb.QuantileDMatrix
        return kind(batches, enable_categorical=True, **bins)


def predict(booster: xgb.Booster, table: pl.DataFrame, encoder: Encoder) -> NDArray[np.float64]:
    """The probability of a late arrival for each flight."""
    rows = xgb.DMatrix(matrix(table, encoder), enable_categorical=True, **described(encoder))
    return np.asarray(booster.predict(rows), dtype=np.float64)


def matrix(table: pl.DataFrame, encoder: Encoder) -> NDArray[np.float32]:
    """The features as one array, (rows, features): the numbers, then the codes."""
    return np.hstack([encoder.numbers(table), encoder.codes(table).astype(np.float32)])


def described(encoder: Encoder) -> dict[str, list[str]]:
    """Each feature's name, and XGBoost's word for it: q is a quantity, c a category."""
    kinds = ["q"] * len(encoder.number_names) + ["c"] * len(encoder.category_names)
    return {"feature_names": list(encoder.names), "feature_types": kinds}
