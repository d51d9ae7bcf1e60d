"""The stage evaluate_models on files: what it writes, and when it stops."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest
import small_evaluation
import yaml
from pydantic import ValidationError
from small_evaluation import PARAMS, SPLITS, WINDOW

from include import step
from include.flights.evaluate_models import evaluate_models
from include.flights.evaluation.judgement import Params
from include.flights.members.chosen import Chosen
from include.flights.splits import Label

OUTS = {
    "chosen": "chosen.json",
    "metrics": "evaluation.json",
    "plots": "plots",
    "report": "evaluation.html",
}


def evaluate(inputs: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Run the stage; its outputs by the names of its parameters."""
    folder.mkdir(exist_ok=True)
    outs = {name: folder / path for name, path in OUTS.items()}
    label = Label(late_after_min=15)
    evaluate_models(**inputs, **outs, window=WINDOW, splits=SPLITS, label=label, params=PARAMS)
    return outs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return small_evaluation.write(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def outs(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return evaluate(inputs, tmp_path_factory.mktemp("outs"))


def test_two_models_that_see_different_halves_end_in_a_blend(outs: dict[str, Path]) -> None:
    chosen = Chosen.model_validate_json(outs["chosen"].read_bytes())
    assert set(chosen.members) == {"xgboost", "torch"}
    assert chosen.reason.startswith("The blend: on the validation period, ")


def test_the_metrics_are_flat_numbers_of_the_chosen_model(outs: dict[str, Path]) -> None:
    metrics = json.loads(outs["metrics"].read_text())
    assert all(isinstance(value, float) for value in metrics.values())
    assert metrics["auc"] == metrics["auc_blend"] > metrics["auc_xgboost"] > 0.6
    assert metrics["auc_low"] < metrics["auc"] < metrics["auc_high"]
    assert metrics["auc_gain"] > 0.1 and metrics["auc_gain_share_above_0"] == 1
    assert list(metrics)[:3] == ["auc", "auc_low", "auc_high"]
    assert {"precision_at_0.3", "recall_at_0.5", "auc_gap_by_origin"} < set(metrics)


def test_the_plots_have_a_column_per_model(outs: dict[str, Path]) -> None:
    models = ["xgboost", "torch", "blend", "late_rate", "schedule_only"]
    heads = {}
    for name in ("roc", "precision_recall", "auc_by_month"):
        with (outs["plots"] / f"{name}.csv").open() as file:
            heads[name] = next(csv.reader(file))
    assert heads == {
        "roc": ["punctual_flagged_share", *models],
        "precision_recall": ["recall", *models],
        "auc_by_month": ["month", "chosen", *models],
    }


def test_a_group_too_small_to_compare_is_shown_but_not_compared(outs: dict[str, Path]) -> None:
    slices = pl.read_csv(outs["plots"] / "slices.csv")
    carriers = slices.filter(pl.col("by") == "carrier")
    compared = dict(carriers.select("group", "compared").iter_rows())
    assert compared == {"B6": False, "HA": True, "UA": False}
    assert carriers["flights"].sum() == 61 * 20


def test_the_same_inputs_give_the_same_bytes_elsewhere(
    inputs: dict[str, Path], outs: dict[str, Path], tmp_path: Path
) -> None:
    again = evaluate(inputs, tmp_path / "elsewhere")
    for name in ("chosen", "metrics", "report"):
        assert again[name].read_bytes() == outs[name].read_bytes()
    names = [path.name for path in sorted(outs["plots"].iterdir())]
    assert [path.name for path in sorted(again["plots"].iterdir())] == names
    for name in names:
        assert (again["plots"] / name).read_bytes() == (outs["plots"] / name).read_bytes()


def test_the_test_period_cannot_change_the_choice(
    inputs: dict[str, Path], outs: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "predictions").mkdir()
    for path in inputs["predictions"].iterdir():
        table = pl.read_parquet(path)
        upside_down = pl.when(pl.col("split") == "test").then(1 - pl.col("probability"))
        table.with_columns(probability=upside_down.otherwise("probability")).write_parquet(
            tmp_path / "predictions" / path.name
        )
    changed = {**inputs, "predictions": tmp_path / "predictions"}
    again = evaluate(changed, tmp_path / "changed")
    assert again["chosen"].read_bytes() == outs["chosen"].read_bytes()
    assert json.loads(again["metrics"].read_text())["auc"] < 0.4


def test_a_member_without_predictions_stops_and_leaves_nothing(
    inputs: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    sections = {
        "window": {"start": "2013-01-01", "end": "2013-07-01"},
        "splits": SPLITS.model_dump(),
        "label": {"late_after_min": 15},
        "evaluate_models": PARAMS.model_dump(mode="json"),
    }
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    paths = {**{name: str(path) for name, path in inputs.items()}, **OUTS, "predictions": "none"}
    argv = [text for name, path in paths.items() for text in (f"--{name}", path)]
    assert step.run(evaluate_models, argv) == 1
    assert capsys.readouterr().err == (
        "evaluate_models: The input predictions, none, does not exist.\n"
        "  Next: run `dvc repro`, which makes it first, or `dvc pull` it.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_the_section_of_params_yaml_is_valid() -> None:
    settings = yaml.safe_load(Path("params.yaml").read_text())["evaluate_models"]
    assert Params.model_validate(settings).choice.calibrate == "none"


@pytest.mark.parametrize(
    "bands", [[6, 12], [0, 12, 9], [0, 24]], ids=["not from 0", "falling", "after the day"]
)
def test_hour_bands_must_cover_the_day(bands: list[int]) -> None:
    with pytest.raises(ValidationError, match="hours must rise from 0 to at most 23"):
        Params.model_validate({**PARAMS.model_dump(), "hour_bands": bands})
