"""A third model is a record: all that reads members takes it up."""

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import small_evaluation
from tiny_bento import PARAMS, ROOT, TABLE, lay_out

from include.flights import package_bento as stage
from include.flights.evaluate_models import evaluate_models
from include.flights.members.chosen import Chosen
from include.flights.members.records import MEMBERS, Member
from include.flights.serving import predictor
from include.flights.splits import Label

TOY = Member(
    name="toy",
    title="Toy rule",
    weights=("refit.txt", "rule.txt"),
    module="tests.flights.toy_member",
    packages=("numpy",),
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MEMBERS, "toy", TOY)


def test_it_is_judged_beside_the_others_and_may_be_blended(tmp_path: Path) -> None:
    inputs = small_evaluation.write(tmp_path)
    folder = inputs["predictions"]
    # It knows what both others know.
    each = [pl.read_parquet(folder / f"{name}.parquet") for name in ("xgboost", "torch")]
    one, other = (np.log(part["probability"] / (1 - part["probability"])) for part in each)
    both = pl.Series(1 / (1 + np.exp(-(one + other))))
    each[0].with_columns(probability=both).write_parquet(folder / "toy.parquet")
    outs = {name: tmp_path / name for name in ("chosen", "metrics", "plots", "report")}
    sections = {"window": small_evaluation.WINDOW, "splits": small_evaluation.SPLITS}
    evaluate_models(
        **inputs, **outs, **sections, label=Label(late_after_min=15), params=small_evaluation.PARAMS
    )
    chosen = Chosen.model_validate_json(outs["chosen"].read_text())
    assert "toy" in chosen.members
    metrics = json.loads(outs["metrics"].read_text())
    assert metrics["auc_toy"] > max(metrics["auc_xgboost"], metrics["auc_torch"])
    with (outs["plots"] / "roc.csv").open() as file:
        assert next(csv.reader(file))[1:5] == ["xgboost", "torch", "toy", "blend"]
    page = outs["report"].read_text()
    assert "Toy rule" in page and "Blend of 3" in page and "of both" not in page


def test_it_is_packaged_with_its_code_its_weights_and_its_libraries(tmp_path: Path) -> None:
    models = lay_out(tmp_path / "repository", {"xgboost": 0.5, "toy": 0.5}) / "models"
    (models / "toy").mkdir()
    about = json.loads((models / "xgboost/model.json").read_text())
    (models / "toy/model.json").write_text(json.dumps({**about, "kind": "toy"}))
    (models / "toy/rule.txt").write_text("0.5")
    trees = predictor.load_member(MEMBERS["xgboost"], models / "xgboost", None).predict(TABLE)
    # At one half, its logit is 0: the blend is the trees at half their logit.
    half = 1 / (1 + np.exp(-0.5 * np.log(trees / (1 - trees))))
    np.testing.assert_allclose(predictor.load(models).predict(TABLE), half, atol=1e-6)
    source = tmp_path / "source"
    stage.lay_out(source, models / "chosen.json", models, {})
    manifest = stage.describe(source, PARAMS, ROOT / "environments/serving.txt", "")
    assert manifest["members"] == {"xgboost": 0.5, "toy": 0.5}
    assert manifest["computing"] == ["numpy", "polars", "xgboost"]
    assert {"model/toy/rule.txt", "tests/flights/toy_member.py"} < set(manifest["files"])


def test_its_stage_is_named_where_its_weights_are_missing(tmp_path: Path) -> None:
    models = lay_out(tmp_path / "repository", {"toy": 1.0}) / "models"
    with pytest.raises(
        Exception, match=r"neither refit.txt nor rule.txt.\n  Next: run `dvc repro train_toy`"
    ):
        predictor.load(models)
