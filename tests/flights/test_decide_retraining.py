"""The stage decide_retraining writes a decision, by the rules of params.yaml."""

import json
from pathlib import Path

import pytest
import yaml

from include.errors import DataError, ParamsError
from include.flights.decide_retraining import decide_retraining
from include.monitoring.policy_rules import Policy, Retrained
from include.step import read_params

ROOT = Path(__file__).parents[2]
POLICY = read_params("retraining", Policy, ROOT / "params.yaml")
NONE = read_params("retrained", Retrained, ROOT / "params.yaml")


def month(number: int, auc: float | None) -> dict:
    signals = {"auc": auc, "auc_estimated": None, "calibration_gap": 0.0}
    start, end = f"2013-{number:02}-01", f"2013-{number + 1:02}-01"
    return {
        "start": start,
        "end": end,
        "model": "v<3",
        "labelled": 20_000,
        "signals": signals,
        "state": "steady",
    }


def decided(folder: Path, held: object, retrained: Retrained = NONE) -> tuple[dict, dict]:
    """The report and the metrics."""
    names = ("watch.json", "report", "page.html", "metrics")
    watch, report, page, metrics = (folder / name for name in names)
    watch.write_text(json.dumps(held))
    decide_retraining(watch, report, page, metrics, POLICY, retrained)
    return json.loads(report.read_text()), json.loads(metrics.read_text())


def test_a_model_that_does_badly_for_two_months_is_trained_again(tmp_path, capsys):
    windows = [month(4, 0.74), month(5, 0.69), month(6, 0.66)]
    report, metrics = decided(tmp_path, {"windows": windows})
    assert (report["verdict"]["state"], report["until"]) == ("retrain", "2013-07-01")
    assert report["verdict"]["sentence"].startswith("Retrain: 2 of the last 2 windows are bad")
    assert [one["state"] for one in report["windows"]] == ["bad", "bad"]
    assert metrics["retrain"] == 1 and metrics["new_labels"] == 60_000
    assert "because 2013-05-01 to 2013-06-01: auc is 0.69" in capsys.readouterr().out
    page = (tmp_path / "page.html").read_text()
    assert '<p class="headline"><em>Train again.</em></p>' in page
    assert "<th>2013-06-01 to 2013-07-01</th><td>v&lt;3</td>" in page and "v<3" not in page


def test_what_was_trained_before_is_in_the_decision(tmp_path):
    training = {"run": "flight_delays-7", "until": "2013-06-01", "cost": 0.2}
    training |= {"labels": 1_000_000.0, "live": True}
    retrained = Retrained.model_validate({"trainings": [training]})
    windows = [month(4, 0.74), month(5, 0.69), month(6, 0.74)]
    report, metrics = decided(tmp_path, {"windows": windows}, retrained)
    assert (report["verdict"]["state"], report["trainings"]) == ("not needed", [training])
    assert (metrics["retrain"], metrics["days_since_training"]) == (0, 30)
    assert "<td>2013-06-01</td><td>yes</td>" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        ({}, "holds no windows: KeyError('windows')"),
        ([], "holds no windows"),
        ({"windows": [{**month(4, 0.7), "start": 1}]}, "has 1 at windows.0.start: "),
        ({"windows": [{**month(4, 0.7), "end": "2013-04-01"}]}, "it ends on 2013-04-01"),
        ({"windows": [{**month(4, 0.7), "signals": {"auc": "high"}}]}, "'high' at windows.0.sig"),
        ({"windows": [{**month(4, 0.7), "labelled": -1}]}, "has -1 at windows.0.labelled"),
    ],
    ids=["nothing", "a list", "a number as a day", "backwards", "a text as a number", "negative"],
)
def test_what_is_no_record_of_windows_is_refused_with_its_place(tmp_path, held, problem):
    with pytest.raises(DataError) as error:
        decided(tmp_path, held)
    assert problem in str(error.value) and "Next: " in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("off", 3, "has an unknown setting retraining.off. Did you mean 'of'?"),
        ("windows", 3, "sets retraining.of to 2: 3 of 2 windows can never be bad."),
        ("cool_down", {"days": 1}, "lacks retraining.cool_down.windows."),
        (
            "signals",
            {"auc": {"minium": 1}},
            "has an unknown setting retraining.signals.auc.minium.",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_meant(tmp_path, name, value, said):
    held = yaml.safe_load((ROOT / "params.yaml").read_text())
    held["retraining"][name] = value
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(held))
    with pytest.raises(ParamsError) as error:
        read_params("retraining", Policy, path)
    assert f"{path} {said}" in str(error.value)
