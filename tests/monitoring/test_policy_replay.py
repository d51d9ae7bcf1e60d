"""What a policy would have done on recorded windows, worked out by hand."""

from pathlib import Path

import pytest
import yaml
from small_policy import QUICK as RULES

from include.errors import DataError, ParamsError
from include.monitoring import policy
from include.monitoring.policy_replay import replay
from include.monitoring.policy_rules import Policy, Training, Window

POLICY = Policy.model_validate(RULES)


def window(month: int, auc: float | None, model: str | None = "v1") -> dict:
    start, end = f"2013-{month:02}-01", f"2013-{month + 1:02}-01"
    signals = {"auc": auc, "auc_estimated": None, "calibration_gap": 0.0}
    about = {"start": start, "end": end, "model": model, "labelled": 9_000, "signals": signals}
    return {**about, "state": "steady", "checks": []}


def windows(*aucs: float | None, model: str | None = "v1") -> list[Window]:
    """Months from April on."""
    held = [window(4 + number, auc, model) for number, auc in enumerate(aucs)]
    return [Window.model_validate(one) for one in held]


def test_each_training_that_is_asked_for_counts_as_made():
    found = replay(windows(0.6, 0.8, 0.6, 0.6, 0.8), POLICY, 0.5)
    answers = [decision.answer for decision in found.decisions]
    assert answers == ["retrain", "not needed", "retrain", "retrain", "not needed"]
    assert [str(one.until) for one in found.trainings] == [
        *("2013-05-01", "2013-07-01", "2013-08-01")
    ]
    assert (found.cost, found.held) == (1.5, 0)
    wary = Policy.model_validate({**RULES, "cool_down": {"days": 60, "windows": 1}})
    held = replay(windows(0.6, 0.8, 0.6, 0.6, 0.8), wary, 0.5)
    assert [str(one.until) for one in held.trainings] == [
        *("2013-05-01", "2013-07-01"),
        "2013-09-01",  # July was bad, and 31 days after a training too early
    ]
    assert held.held == 1
    old = Training(run="first", until="2013-09-01")
    assert replay(windows(0.6), POLICY, None, before=[old]).trainings  # a replay of the past


def test_a_simulated_training_knows_the_labels_of_the_windows_before_it():
    rules = {**RULES, "at_latest": {"days": None, "windows": None, "growth": 0.3}}
    growing, good = Policy.model_validate(rules), windows(*[0.8] * 8)  # 9,000 labels a month
    first = Training(run="first", until="2013-04-01", labels=60_000)
    found = replay(good, growing, None, before=[first])
    # 18,000 of 60,000, then 27,000 of 78,000, then 36,000 of 105,000 are to come
    assert [(str(one.until), one.labels) for one in found.trainings] == [
        ("2013-06-01", 78_000),
        ("2013-09-01", 105_000),
    ]
    assert not found.blind and not replay(good, POLICY, None).blind
    unknown = replay(good, growing, None, before=[Training(run="first", until="2013-04-01")])
    assert unknown.blind and not unknown.trainings


def test_a_gain_is_not_invented():
    one = replay(windows(0.8, 0.6, 0.6), POLICY, None)
    assert (one.gain.value, one.cost) == (None, None)
    assert one.gain.said == "unknown: only 1 model was watched, so nobody knows what age costs"
    nameless = replay(windows(0.6, 0.6, model=None), POLICY, None)
    assert nameless.gain.said == "unknown: no model is named, so nobody knows what age costs"
    assert replay(windows(0.8), POLICY, 1.0).gain.said == "nothing was trained"
    blind = windows(0.8, None, 0.6, model="v1")
    two = [*blind[:2], blind[2].model_copy(update={"model": "v2"})]
    strict = Policy.model_validate({**RULES, "missing": "bad"})
    assert replay(two, strict, None).gain.windows == 1  # June alone: nothing is known of May


def test_what_age_costs_is_estimated_by_models_of_different_ages():
    # v1 loses 0.1 a month, v2 is as good as v1 was, and loses as much.
    recorded = windows(0.9, 0.8, 0.7, 0.6, 0.9, 0.8)
    for number in (4, 5):
        recorded[number] = recorded[number].model_copy(update={"model": "v2"})
    rules = {**RULES, "signals": {"auc": {"minimum": 0.75}}, "of": 1}
    found = replay(recorded, Policy.model_validate(rules), None)
    # June is bad: July's model is 0 months old and not 3, so 0.9 and not 0.6. July is bad as it
    # was recorded: August's and September's models are as old as they were.
    assert [str(one.until) for one in found.trainings] == ["2013-07-01", "2013-08-01"]
    assert (found.gain.value, found.gain.windows) == (0.1, 3)
    assert found.gain.said == (
        "estimated by 2 models of different ages, on 3 windows; seasons are in it"
    )


def test_of_several_files_a_window_counts_as_it_was_watched_when_it_was_the_newest():
    may, june = window(5, 0.7), window(6, None)
    labels_came = window(6, 0.66)
    by_another = window(6, 0.9, "v2")  # which has seen June
    files = [[by_another, window(7, 0.8, "v2")], [may, june], [may, labels_came]]
    held = [[Window.model_validate(one) for one in file] for file in files]
    found = policy.merged(held)
    assert [(str(one.end), one.model, one.signals["auc"]) for one in found] == [
        ("2013-06-01", "v1", 0.7),
        ("2013-07-01", "v1", 0.66),
        ("2013-08-01", "v2", 0.8),
    ]
    with pytest.raises(DataError, match="No window was watched yet"):
        policy.merged([[], []])


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump({"retraining": RULES}))
    return path


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("retraining.off=4", "--set has an unknown setting retraining.off. Did you mean 'of'?"),
        ("retraning.of=4", "names no value of the policy. Did you mean 'retraining'?"),
        ("retraining.of", "names no value of the policy."),
        ("retraining.windows=9", "9 of 2 windows can never be bad"),
        ("retraining.of.x=1", "retraining has nothing at retraining.of.x."),
        ("retraining.missing=good", "--set sets retraining.missing to 'good'"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(params, change, problem):
    with pytest.raises(ParamsError) as error:
        policy.changed(params, [change])
    assert problem in str(error.value)
