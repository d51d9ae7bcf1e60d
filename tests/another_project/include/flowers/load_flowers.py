"""Stage load_flowers: the measured irises, one row per flower."""

import polars as pl
from sklearn.datasets import load_iris

from include import step
from include.step import Out


def load_flowers(flowers: Out) -> None:
    """Write the length of the petal, and whether the flower is a virginica."""
    held = load_iris()
    table = pl.DataFrame({"petal_cm": held.data[:, 2], "virginica": held.target == 2})
    table.write_csv(flowers)


if __name__ == "__main__":
    raise SystemExit(step.run(load_flowers))
