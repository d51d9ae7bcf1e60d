"""Numbers against limits, in data small enough to work out by hand."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from include.monitoring import gates
from include.monitoring.gates import Latency, Limit, Paired, hold, no_slower, not_worse, verdict

RULE = Paired(measure="auc", margin=0.01, confidence=0.95, resamples=20, seed=0)
FAST = Latency(ratio=2, rows=(1, 50), rounds=5)


@pytest.mark.parametrize(
    ("value", "limit", "passed"),
    [
        (0.70, {"minimum": 0.7}, True),
        (0.69, {"minimum": 0.7}, False),
        (0.55, {"maximum": 0.55}, True),
        (0.56, {"maximum": 0.55}, False),
        (-0.2, {"minimum": -0.1, "maximum": 0.1}, False),
        (0, {"maximum": 0}, True),
    ],
)
def test_a_number_passes_up_to_its_limit(value, limit, passed):
    [gate] = hold({"auc": value}, {"auc": Limit(**limit)}, "metrics.json")
    assert (gate.passed, gate.value) == (passed, value)
    assert gate.reason == f"auc is {value:g}; {gate.limit} is asked for."


@pytest.mark.parametrize("found", [{}, {"auc": None}, {"auc": math.nan}, {"auc": "high"}])
def test_a_number_that_is_not_there_has_failed(found):
    [gate] = hold({"auk": 1, **found}, {"auc": Limit(minimum=0)}, "metrics.json")
    assert not gate.passed and gate.value is None
    assert gate.reason.startswith("metrics.json has no number auc. Did you mean 'au")


def test_a_limit_that_limits_nothing_is_refused():
    with pytest.raises(ValidationError, match="give a minimum, a maximum, or both"):
        Limit()


@pytest.mark.parametrize(
    ("drawn", "passed"),
    [
        ([0.0] * 20, True),  # the same model
        ([-0.01] * 20, True),  # just as much worse as it may be
        ([-0.02] * 20, False),
        ([0.05] * 18 + [-0.5] * 2, False),  # better on most days, and surely so on none
        ([math.nan] * 20, False),
    ],
)
def test_the_bound_of_a_gain_and_not_the_gain_decides(drawn, passed):
    gate, numbers = not_worse(np.array([0.04, *drawn]), RULE)
    assert gate.passed is passed
    assert numbers["gain"] == 0.04


def test_the_bound_has_one_side():
    drawn = np.arange(101) / 100  # the share q of the draws lies below q
    gate, numbers = not_worse(np.array([0.5, *drawn]), RULE)
    assert numbers == {"gain": 0.5, "gain_low": 0.05}
    assert gate.value == 0.05
    assert gate.limit == "at least -0.01, with confidence 0.95"


def work(seconds: float):
    """An answer that takes a processor so long, and waits besides."""

    def answer(rows: int) -> None:
        time.sleep(0.001)
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    return answer


def test_a_model_that_takes_too_long_is_refused_and_no_measured_number_stands_in_the_gate():
    gate, ratios = no_slower(work(0.003), work(0.0005), FAST)
    assert not gate.passed and gate.value is None
    assert gate.reason == "An answer to 1 or 50 rows takes more than 2 times the champion's."
    assert min(ratios.values()) > 2
    gate, _ = no_slower(work(0.001), work(0.001), FAST)
    assert gate.passed
    assert gate.reason == "An answer to 1 or 50 rows takes at most 2 times the champion's."


def test_one_failed_gate_is_a_refusal_that_names_it():
    limits = {"auc": Limit(minimum=0.7), "loss": Limit(maximum=1)}
    held = verdict(hold({"auc": 0.6, "loss": 1}, limits, "m.json"))
    assert held["verdict"] == "refused"
    assert held["reason"] == ("1 of 2 gates failed: auc: auc is 0.6; at least 0.7 is asked for.")
    assert verdict(hold({"auc": 0.8, "loss": 1}, limits, "m.json"))["verdict"] == "passed"


@pytest.mark.parametrize(("auc", "status"), [(0.8, 0), (0.6, 1)])
def test_the_command_ends_with_1_at_a_refusal(auc, status, tmp_path, capsys):
    held = verdict(hold({"auc": auc}, {"auc": Limit(minimum=0.7)}, "m.json"))
    (tmp_path / "promotion.json").write_text(json.dumps(held))
    assert gates.main([str(tmp_path / "promotion.json")]) == status
    word = "FAILED" if status else "passed"
    assert f"{word}  auc: auc is {auc}; at least 0.7 is asked for." in capsys.readouterr().out


def test_the_command_says_what_to_do_without_a_verdict(tmp_path):
    root = Path(__file__).parents[2]
    words = [sys.executable, "-m", "include.monitoring.gates", str(tmp_path / "none.json")]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is no verdict" in done.stderr
    assert "Next: run `dvc repro`, which writes it." in done.stderr
