"""Measure a drift report of a million rows by 20 columns beside Evidently alone on its sample.

    python -m benchmarks.drift [--rows 1000000] [--columns 20] [--turns 3]

Both in turns, each in a process of its own that has imported everything: ours counts every row,
draws the sample, and writes the page and Evidently's own; Evidently is given the sample, and writes
its page. Printed are the median seconds and the peak memory of each, and the ratio.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from include.monitoring import contents, drift, drift_page, trends
from include.monitoring.comparison import METHODS
from include.monitoring.drift_limits import Limits, Words
from include.monitoring.drift_page import Told
from include.monitoring.periods import Part, Periods, Terms
from include.monitoring.plain_columns import Kind

SAMPLE, SEED = 100_000, 7
WORDS = Words(rows="rows", outcome="ended", otherwise="open", score="score")
LIMITS = Limits(
    number_psi=0.2,
    category_distance=0.1,
    empty_share_change=0.2,
    drift_weighted_max=0.5,
    unknown_share_max=0.05,
    prediction_psi_max=0.25,
    outcome_share_change_max=0.1,
    auc_min=0.5,
    auc_drop_max=0.05,
    log_loss_saved_drop_max=0.1,
    calibration_gap_max=0.2,
)


def main() -> int:
    """Run both by turns, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--alone", choices=MEASURED, help="measure one of them here")
    parser.add_argument("--tables", type=Path, help="where its tables are")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(measure(given.alone, given.tables)))
        return 0
    with TemporaryDirectory() as folder:
        for number, name in enumerate(("reference", "current")):
            made = table(given.rows, given.columns, number)
            made.write_parquet(Path(folder) / f"{name}.parquet")
        del made
        turns = [{name: asked(name, folder) for name in MEASURED} for _ in range(given.turns)]
    for name in MEASURED:
        seconds, cpu, peak = (
            median(turn[name][one] for turn in turns) for one in ("seconds", "cpu", "megabytes")
        )
        print(f"{name:9} {seconds:6.2f} s, {cpu:6.2f} s of CPU, {peak:5.0f} MB")
    ratios = [
        median(turn["ours"][one] / turn["evidently"][one] for turn in turns)
        for one in ("seconds", "cpu")
    ]
    print(f"ratio {ratios[0]:.2f}, of CPU {ratios[1]:.2f} ({given.turns} turns by turns)")
    return 0


def asked(name: str, folder: str) -> dict[str, float]:
    """What one of them takes in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.drift", "--alone", name]
    done = subprocess.run(
        [*command, "--tables", folder], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(name: str, folder: Path) -> dict[str, float]:
    """Seconds without imports and the reading, and the peak of the memory with all."""
    import evidently.metrics  # noqa: F401  # both need it

    tables = [pl.read_parquet(folder / f"{one}.parquet") for one in ("reference", "current")]
    kinds = kinds_of(tables[0].columns)
    if name == "evidently":
        tables = [trends.draw(one, SAMPLE, SEED) for one in tables]
    began, used = time.perf_counter(), time.process_time()
    MEASURED[name](tables[0], tables[1], kinds)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu": cpu, "megabytes": peak}


def ours(reference: pl.DataFrame, current: pl.DataFrame, kinds: dict[str, Kind]) -> None:
    """The whole report: counts and outcomes of all rows, statistics of the sample, both pages."""
    names = [*kinds, WORDS.score]
    parts = [
        Part(name, one.select(WORDS.score, WORDS.outcome), trends.draw(one, SAMPLE, SEED)[names])
        for name, one in (("reference", reference), ("current", current))
    ]
    counts = [contents.count("one", one.lazy(), kinds) for one in (reference, current)]
    terms = Terms(kinds, LIMITS, WORDS)
    periods = Periods(parts[1], parts[0], months=[parts[1]], counted=(counts[0], counts[1]))
    found, page = drift.score(periods, terms)
    told = Told("Drift", ["A period."], "The whole.", "Nothing.", "details.html", {}, {})
    assert len(drift_page.page(found, terms, told)) < 400_000 < len(page)


def evidently(reference: pl.DataFrame, current: pl.DataFrame, kinds: dict[str, Kind]) -> None:
    """Evidently's report of the same statistics, as its documentation has it."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    kinds = {WORDS.score: "number", **kinds}
    definition = DataDefinition(
        numerical_columns=[name for name, kind in kinds.items() if kind == "number"],
        categorical_columns=[name for name, kind in kinds.items() if kind == "category"],
    )
    tables = [one.select(list(kinds)).to_pandas() for one in (current, reference)]
    data = [Dataset.from_pandas(one, definition) for one in tables]
    metrics = [ValueDrift(column=name, method=METHODS[kind]) for name, kind in kinds.items()]
    assert Report(metrics).run(*data).get_html_str(as_iframe=False)


def kinds_of(names: list[str]) -> dict[str, Kind]:
    """The columns that are compared, each with its kind."""
    return {
        name: "category" if name.startswith("category") else "number"
        for name in names
        if name not in (WORDS.score, WORDS.outcome)
    }


def table(rows: int, columns: int, number: int) -> pl.DataFrame:
    """Numbers and categories, a quarter of them; in the second table, every third has moved."""
    random = np.random.default_rng(number)
    held: dict[str, object] = {}
    for index in range(columns):
        moved = number * (index % 3 == 0)
        if index % 4 == 3:
            codes = np.minimum(random.geometric(0.2 + 0.1 * moved, rows), 30)
            held[f"category_{index}"] = pl.Series(codes).cast(pl.String)
        else:
            held[f"number_{index}"] = random.normal(moved, 1, rows).astype(np.float32)
    score = random.beta(2, 5, rows)
    return pl.DataFrame({**held, WORDS.score: score, WORDS.outcome: random.random(rows) < score})


MEASURED = {"ours": ours, "evidently": evidently}

if __name__ == "__main__":
    raise SystemExit(main())
