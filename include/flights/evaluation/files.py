"""The evaluation as small files: metrics for `dvc metrics show`, curves for `dvc plots show`."""

import csv
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from include.flights.evaluation.judgement import Evaluation
from include.flights.evaluation.slicing import spread
from include.monitoring.performance import Interval

Cell = str | int | float | None


def metrics(evaluation: Evaluation) -> dict[str, Cell]:
    """The numbers of the test period: the chosen model's, then what it is compared with."""
    measured = evaluation.scores[evaluation.chosen]
    shown = with_interval("auc", measured["auc"])
    shown |= {name: number(one.value) for name, one in measured.items() if name != "auc"}
    for limit, flags in evaluation.thresholds.items():
        shown |= {f"{name}_at_{limit:g}": number(one.value) for name, one in flags.items()}
    for model, scores in evaluation.scores.items():
        shown[f"auc_{model}"] = number(scores["auc"].value)
    gain = evaluation.gains[0]
    shown |= with_interval("auc_gain", gain.interval)
    shown["auc_gain_share_above_0"] = number(gain.share_above_0)
    for by, groups in evaluation.slices.items():
        if ends := spread(groups):
            shown[f"auc_gap_by_{by}"] = number(ends[0].auc.value - ends[1].auc.value)
    return shown


def with_interval(name: str, interval: Interval) -> dict[str, Cell]:
    """A number and the ends of its interval, under three names."""
    ends = {f"{name}_low": number(interval.low), f"{name}_high": number(interval.high)}
    return {name: number(interval.value), **ends}


def write_metrics(path: Path, evaluation: Evaluation) -> None:
    """Write the metrics as JSON."""
    path.write_text(json.dumps(metrics(evaluation), indent=2) + "\n")


def write_plots(folder: Path, evaluation: Evaluation) -> None:
    """Write the curves as CSV, one column per model where they share an axis."""
    folder.mkdir(parents=True)
    models = list(evaluation.scores)
    roc = [evaluation.roc[model] for model in models]
    rows: Iterable[Sequence[Cell]] = zip(roc[0][0], *(y for _, y in roc), strict=True)
    write_table(folder / "roc.csv", ["punctual_flagged_share", *models], rows)
    found = [evaluation.precision_recall[model] for model in models]
    rows = zip(found[0][0], *(y for _, y in found), strict=True)
    write_table(folder / "precision_recall.csv", ["recall", *models], rows)
    curve = evaluation.calibration[evaluation.chosen]
    rows = [(mean, seen.value, seen.low, seen.high, mean, n) for n, mean, seen in curve]
    head = ["predicted", "observed", "observed_low", "observed_high", "perfect", "flights"]
    write_table(folder / "calibration.csv", head, rows)
    # The same column in every revision, whichever model it names: dvc plots diff compares it.
    shown = [evaluation.chosen, *models]
    rows = [(month, *(areas[model] for model in shown)) for month, _, areas in evaluation.monthly]
    write_table(folder / "auc_by_month.csv", ["month", "chosen", *models], rows)
    rows = [
        (model, name, one.value, one.low, one.high)
        for model, measured in evaluation.scores.items()
        for name, one in measured.items()
    ]
    write_table(folder / "models.csv", ["model", "measure", "value", "low", "high"], rows)
    parts = slice_table(evaluation)
    write_table(folder / "slices.csv", list(parts[0]), [list(part.values()) for part in parts])


def slice_table(evaluation: Evaluation) -> list[dict[str, Cell]]:
    """One row per group of flights."""
    table: list[dict[str, Cell]] = []
    for by, groups in evaluation.slices.items():
        for one in groups:
            row: dict[str, Cell] = {"by": by, "group": one.group, "flights": one.rows}
            row |= {"late_share": one.late_share, **with_interval("auc", one.auc)}
            row |= with_interval("calibration_gap", one.calibration_gap)
            table.append({**row, "compared": str(one.compared).lower()})
    return table


def write_table(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write rows as CSV, numbers with six digits, unknown ones empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for row in rows:
            writer.writerow([cell(value) for value in row])


def cell(value: Cell) -> Cell:
    """A value as a file shows it."""
    return number(value) if isinstance(value, float) else value


def number(value: float) -> float | None:
    """Six digits: what follows says nothing of the model, and may differ between machines."""
    return None if math.isnan(value) else round(float(value), 6) + 0.0
