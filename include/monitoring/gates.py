"""Gates: numbers held against limits that params.yaml declares, each with a verdict in words.

`python -m include.monitoring.gates reports/promotion.json` prints a verdict, and ends with 1 if it
is a refusal: for CI, where a refusal is to stop what comes next.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from include.errors import DataError, PlatformError, did_you_mean
from include.monitoring import performance
from include.monitoring.performance import Floats

DIGITS = 6  # further ones differ between machines
TRIES = 3  # of measuring a time: noise only makes it longer


class Limit(BaseModel):
    """What a number may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: float | None = Field(default=None, description="least that it may be")
    maximum: float | None = Field(default=None, description="most that it may be")

    @model_validator(mode="after")
    def is_one(self) -> "Limit":
        if self.minimum is None and self.maximum is None:
            raise ValueError("give a minimum, a maximum, or both")
        return self

    def __str__(self) -> str:
        """The limit in words."""
        ends = {"at least": self.minimum, "at most": self.maximum}
        return " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)

    def holds(self, value: float) -> bool:
        """Whether a number is within it."""
        low = -math.inf if self.minimum is None else self.minimum
        return low <= value <= (math.inf if self.maximum is None else self.maximum)


class Paired(BaseModel):
    """How much worse than another model one may be, on the same rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: str = Field(description="auc, average_precision, log_loss or brier")
    margin: float = Field(ge=0, description="how much worse it may be, in units of the measure")
    confidence: float = Field(gt=0.5, lt=1, description="of the bound, which has one side")
    resamples: int = Field(ge=20, le=10_000, description="draws of days for the bound")
    seed: int = Field(ge=0, description="seed of the draws")

    def __str__(self) -> str:
        """The limit in words."""
        return f"at least {-self.margin + 0.0:g}, with confidence {self.confidence:g}"


class Latency(BaseModel):
    """How much longer than another model one may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ratio: float = Field(gt=0, description="most of its time, as a multiple of the champion's")
    rows: tuple[int, ...] = Field(min_length=1, description="rows of the answers that are timed")
    rounds: int = Field(ge=3, le=1000, description="answers of each, by turns; the quickest counts")

    def __str__(self) -> str:
        """The limit in words."""
        return f"at most {self.ratio:g} times the champion's"


@dataclass(frozen=True)
class Gate:
    """One limit and its verdict; no value where there is none, or where it is another each time."""

    name: str
    value: float | None
    limit: str
    passed: bool
    reason: str


def hold(found: Mapping[str, object], limits: Mapping[str, Limit], source: str) -> list[Gate]:
    """Hold numbers of a file against limits; a number that is not there has failed.

    Args:
        source: what the numbers are called, as metrics/evaluation.json.
    """
    gates = []
    for name, limit in limits.items():
        value = found.get(name)
        if not isinstance(value, int | float) or math.isnan(value):
            reason = f"{source} has no number {name}.{did_you_mean(name, found)}"
            gates.append(Gate(name, None, str(limit), False, reason))
            continue
        passed = limit.holds(value)
        reason = f"{name} is {value:g}; {limit} is asked for."
        gates.append(Gate(name, round(float(value), DIGITS), str(limit), passed, reason))
    return gates


def not_worse(gain: Floats, rule: Paired) -> tuple[Gate, dict[str, float]]:
    """Judge the gain of a model over another, and give the gain and its lower bound.

    The bound is that of a paired bootstrap of days: both models were measured on the same draws.

    Args:
        gain: one per draw, the first as it was; above 0 is better.
    """
    # The one-sided bound at 0.95 is the lower end of the two-sided interval at 0.9.
    one = performance.interval(gain, 2 * rule.confidence - 1)
    low = round(one.low, DIGITS) + 0.0
    passed = low >= -rule.margin  # not so of NaN
    reason = (
        f"{rule.measure} is {abs(one.value):.4f} {'better' if one.value >= 0 else 'worse'} than "
        f"the champion's on the same rows, and no less than {low:+.4f} with confidence "
        f"{rule.confidence:g}; {-rule.margin:+g} is allowed."
    )
    gate = Gate("champion", None if math.isnan(low) else low, str(rule), passed, reason)
    return gate, {"gain": round(one.value, DIGITS) + 0.0, "gain_low": low}


def no_slower(
    candidate: Callable[[int], object], champion: Callable[[int], object], rule: Latency
) -> tuple[Gate, dict[int, float]]:
    """Judge how long answers take, and give the ratio to the champion's by rows.

    The gate holds no measured number: one that is another each time would make another file of the
    same inputs. It is the processor's time, of the quickest of many answers by turns: on a machine
    with other work, a clock gives the longer answer a share of that, and another ratio.

    Args:
        candidate, champion: answer so many rows.
    """
    times = {rows: [math.inf, math.inf] for rows in rule.rows}
    ratios: dict[int, float] = {}
    for _ in range(TRIES):
        for rows, best in times.items():
            for _ in range(rule.rounds):
                for index, answer in enumerate((candidate, champion)):
                    began = time.process_time()
                    answer(rows)
                    best[index] = min(best[index], time.process_time() - began)
        ratios = {rows: best[0] / best[1] for rows, best in times.items()}
        if max(ratios.values()) <= rule.ratio:
            break
    slow = [rows for rows, ratio in ratios.items() if ratio > rule.ratio]
    words = f"An answer to {' or '.join(f'{rows:,}' for rows in slow or rule.rows)} rows takes"
    reason = f"{words} {'more than' if slow else 'at most'} {rule.ratio:g} times the champion's."
    return Gate("latency", None, str(rule), not slow, reason), ratios


def nothing_to_compare(name: str, limit: str) -> Gate:
    """A gate about a champion where there is none."""
    return Gate(name, None, limit, True, "There is no champion: nothing to compare.")


def verdict(gates: Sequence[Gate]) -> dict[str, Any]:
    """What the gates say together."""
    failed = [gate for gate in gates if not gate.passed]
    passed = f"All {len(gates)} gates passed."
    reason = f"{len(failed)} of {len(gates)} gates failed: "
    reason += " ".join(f"{gate.name}: {gate.reason}" for gate in failed)
    return {
        "verdict": "refused" if failed else "passed",
        "reason": reason if failed else passed,
        "gates": [asdict(gate) for gate in gates],
    }


def main(paths: Sequence[str]) -> int:
    """Print a verdict; 1 if it is a refusal."""
    path = Path(*paths[:1] or ["reports/promotion.json"])
    try:
        held = json.loads(path.read_text())
        lines = [
            f"{'passed' if gate['passed'] else 'FAILED'}  {gate['name']}: {gate['reason']}"
            for gate in held["gates"]
        ]
        said = f"{held['verdict']}: {held['reason']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = DataError(f"{path} is no verdict: {error}.", "run `dvc repro`, which writes it.")
        raise problem from None
    print("\n".join([*lines, said]))
    return 0 if held["verdict"] == "passed" else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except PlatformError as error:
        print(f"gates: {error}", file=sys.stderr)
        raise SystemExit(1) from None
