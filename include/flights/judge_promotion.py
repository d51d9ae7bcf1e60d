"""Stage judge_promotion: whether the model of this run may take the champion's place.

A refusal is a result as any other: the stage ends well, and its outs say why.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from include import step
from include.errors import DataError
from include.flights.members.chosen import read_chosen, read_text
from include.flights.members.predictions import dates, read_flights, read_members
from include.flights.members.records import MEMBERS
from include.flights.promotion.champion import Judged, compare, read_champion
from include.flights.promotion.rules import Gates, Promotion
from include.flights.splits import Splits, Window
from include.monitoring import gates, performance
from include.monitoring.gates import Gate, Limit, Paired
from include.pages import html
from include.serving.hashes import directory_md5, file_md5
from include.step import Out


def judge_promotion(
    features: Path,
    predictions: Path,
    chosen: Path,
    evaluation: Path,
    drift: Path,
    bento: Path,
    champion: Path,
    report: Out,
    page: Out,
    metrics: Out,
    window: Window,
    splits: Splits,
    promotion: Promotion,
) -> None:
    """Hold the model of the run against each gate, and write the verdict."""
    flights = read_flights(features, (), window, splits)
    probability = read_chosen(chosen).probability(read_members(predictions, flights))
    unseen = (flights["split"] == "test").to_numpy()
    test = flights.filter(unseen)
    judged = judged_on(test, probability[unseen], promotion.gates.champion)
    beside, gain = compare(champion, bento, features, judged, promotion.gates)
    found = [*alone(evaluation, drift, bento, promotion.gates), *beside]
    first, last = dates(test)
    said = [predictions / f"{name}.parquet" for name in MEMBERS]
    read = [features, *said, chosen, evaluation, drift, bento, champion]
    held = {
        "artifact": str(bento),
        "risk": promotion.risk,
        **gates.verdict(found),
        "champion": read_champion(champion),
        "period": {"first": str(first), "last": str(last), "rows": test.height},
        "files": {str(path): hash_of(path) for path in read},
    }
    report.write_text(json.dumps(held, indent=2) + "\n")
    page.write_text(html.render("flights/promotion/report.html.j2", v=held), encoding="utf-8")
    failed = sum(not gate.passed for gate in found)
    numbers = {"passed": int(not failed), "gates": len(found), "failed_gates": failed, **gain}
    metrics.write_text(json.dumps(numbers, indent=2) + "\n")
    print(f"{held['verdict']}: {held['reason']}", flush=True)


def alone(evaluation: Path, drift: Path, bento: Path, rules: Gates) -> list[Gate]:
    """The gates for which no other model is needed."""
    size = {"bento_mb": bento.stat().st_size / 1_000_000}
    return [
        *gates.hold(numbers_of(evaluation), rules.evaluation, str(evaluation)),
        *gates.hold(numbers_of(drift), rules.drift, str(drift)),
        *gates.hold(size, {"bento_mb": Limit(maximum=rules.bento_mb)}, str(bento)),
    ]


def judged_on(test: pl.DataFrame, candidate: performance.Floats, rule: Paired) -> Judged:
    """The test period, with draws of its days."""
    day = test["date"].rank("dense").to_numpy().astype(np.int64) - 1
    draws = performance.day_draws(int(day.max()) + 1, rule.resamples, rule.seed)
    period = performance.Period(test["late"].to_numpy(), day, draws)
    return Judged(test["flight_id"], period, candidate)


def numbers_of(path: Path) -> dict[str, Any]:
    """The numbers of a file of metrics.

    Raises:
        DataError: it is none.
    """
    try:
        return {**json.loads(read_text(path))}
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} holds no metrics: {error}.", "run `dvc repro`.") from None


def hash_of(path: Path) -> str:
    """The hash that dvc.lock has of a file or folder."""
    return directory_md5(path) if path.is_dir() else file_md5(path)


if __name__ == "__main__":
    raise SystemExit(step.run(judge_promotion))
