"""Time and memory of the facts of one window of many rows.

Run: `python -m benchmarks.watching` for ten million rows of twenty columns, or with another number
of rows. It makes them in a folder that is removed again (a gigabyte), and measures in a process of
its own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from include.monitoring import watch
from include.monitoring.plain_columns import Kind
from include.monitoring.windows import Names, Window

PART = 500_000  # rows that are made at once
NUMBERS, CATEGORIES = 17, ("shop", "town", "kind")
KINDS: dict[str, Kind] = {
    **{f"number_{place}": "number" for place in range(NUMBERS)},
    **dict.fromkeys(CATEGORIES, "category"),
}
NAMES = Names(
    rows="visits",
    id="id",
    day="day",
    score="probability",
    outcome="bought",
    model="model",
    groups=CATEGORIES,
    known=dict.fromkeys(CATEGORIES, frozenset(f"value {place}" for place in range(300))),
)
SAMPLING = watch.Sampling(rows=10_000, seed=7)


def main() -> None:
    """Make two windows, measure the later one, and print how long it took and what it needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--measure", type=Path, help="the folder of two windows")
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return
    with tempfile.TemporaryDirectory(prefix="watching-") as folder:
        for month in (1, 2):
            make(Path(folder) / str(month), month, given.rows)
        again = [sys.executable, "-m", "benchmarks.watching", "--measure", folder]
        subprocess.run(again, check=True)


def make(folder: Path, month: int, rows: int) -> None:
    """Write a window in parts."""
    folder.mkdir()
    for number, part in enumerate(parts(month, rows)):
        part.write_parquet(folder / f"{number:03}.parquet")


def parts(month: int, rows: int) -> Iterator[pl.DataFrame]:
    """The rows of a month, some at a time."""
    draw = np.random.default_rng(month)
    for first in range(0, rows, PART):
        size = min(PART, rows - first)
        score = draw.beta(2, 6, size)
        named = [f"value {place}" for place in range(300)]
        yield pl.DataFrame(
            {
                "id": [f"2013-{month:02}-{row:09}" for row in range(first, first + size)],
                "day": pl.Series([date(2013, month, 1 + day) for day in range(28)]).sample(
                    size, with_replacement=True, seed=first
                ),
                "probability": score,
                "bought": draw.random(size) < score,
                "model": ["v1"] * size,
                **{f"number_{n}": draw.normal(n, 1, size).astype("f4") for n in range(NUMBERS)},
                **{name: draw.choice(named, size) for name in CATEGORIES},
            }
        )


def measure(folder: Path) -> None:
    """Measure the later window beside the earlier one."""
    before, now = (pl.scan_parquet(folder / name / "*.parquet") for name in ("1", "2"))
    began, window = time.perf_counter(), Window(date(2013, 2, 1), date(2013, 3, 1))
    rows = watch.count(now)
    watch.looks(before, now, KINDS, SAMPLING)
    seen = time.perf_counter()
    found = watch.scored(now, before, window, NAMES, SAMPLING, least=300)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{rows:,} rows of {len(KINDS)} columns: {done - began:.1f} s, peak {peak:.2f} GB")
    print(f"columns {seen - began:.1f} s, performance and groups {done - seen:.1f} s")
    print(f"AUC {found.performance.auc}, estimated {found.performance.auc_estimated}")


if __name__ == "__main__":
    main()
