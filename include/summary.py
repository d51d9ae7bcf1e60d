"""Print what the last run of the pipeline found, and where its reports are."""

import json
import sys
from pathlib import Path

from include.errors import DataError, PlatformError

REPORTS = {
    "evaluation": "reports/evaluation.html",
    "data quality": "reports/data_docs/index.html",
    "drift": "reports/drift.html",
    "model bundle": "bento/flight_delays.bento",
}


def main(folder: Path = Path()) -> int:
    """Print both models' validation metrics, the test metrics, and the report paths.

    Args:
        folder: holds metrics/ and reports/.
    """
    try:
        lines = [*model_lines(folder), *test_lines(folder), *report_lines(folder)]
    except PlatformError as error:
        print(f"summary: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


def read(path: Path) -> dict[str, object]:
    """A metrics file."""
    try:
        held = json.loads(path.read_text())
    except FileNotFoundError:
        fix = "run `make repro`, which makes it."
        raise DataError(f"{path} does not exist.", fix) from None
    assert isinstance(held, dict)
    return held


def model_lines(folder: Path) -> list[str]:
    """One line per model: how it did on the validation period."""
    lines = ["", "Validation period"]
    for model in ("xgboost", "torch"):
        scores = read(folder / f"metrics/{model}.json")["validation"]
        assert isinstance(scores, dict)
        lines.append(f"  {model:8}" + "".join(f"  {k} {v:.4f}" for k, v in scores.items()))
    return lines


def test_lines(folder: Path) -> list[str]:
    """The figures of the untouched test period."""
    held = read(folder / "metrics/evaluation.json")
    return ["", "Test period", *(f"  {name}: {shown(value)}" for name, value in held.items())]


def shown(value: object) -> str:
    """A number with four digits after the point, anything else as it is."""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def report_lines(folder: Path) -> list[str]:
    """Where the results are."""
    found = {name: folder / path for name, path in REPORTS.items()}
    return ["", "Results", *(f"  {n:13} {p.absolute()}" for n, p in found.items() if p.exists())]


if __name__ == "__main__":
    raise SystemExit(main())
