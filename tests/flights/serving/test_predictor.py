"""The predictor answers as the models that it is made of, and loads nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tiny_models

from include.errors import DataError
from include.flights.models.encoding import Encoder
from include.flights.serving import predictor
from include.flights.tabm import network
from include.serving.batch import Batch

TABLE = tiny_models.flights(["delay_mean", "flights"], ["carrier", "dest"])
ENCODER = Encoder.fit(TABLE, ["delay_mean", "flights"], ["carrier", "dest"])


@pytest.fixture
def models(tmp_path: Path) -> Path:
    tiny_models.train_xgboost(TABLE, ENCODER, tmp_path / "xgboost")
    tiny_models.train_torch(TABLE, ENCODER, tmp_path / "torch")
    tiny_models.choose(tmp_path, {"xgboost": 1.0})
    return tmp_path


def trees(models: Path, weights: str = "model.ubj") -> np.ndarray:
    import xgboost

    booster = xgboost.Booster(model_file=models / "xgboost" / weights)
    return booster.predict(tiny_models.matrix_of(TABLE, ENCODER)).astype(np.float64)


def test_trees_alone_answer_as_xgboost_does(models: Path):
    answers = predictor.load(models, threads=1).predict(TABLE)
    assert answers.dtype == np.float64
    assert (answers == trees(models)).all()


def test_a_network_alone_answers_as_the_network_does(models: Path):
    tiny_models.choose(models, {"torch": 1.0})
    expected = network.load(models / "torch").predict(TABLE)
    assert (predictor.load(models).predict(TABLE) == expected).all()


def test_a_blend_weighs_the_logits(models: Path):
    tiny_models.choose(models, {"xgboost": 0.6, "torch": 0.5}, intercept=-0.02)
    both = trees(models), network.load(models / "torch").predict(TABLE)
    tree, net = (np.log(p / (1 - p)) for p in both)
    expected = 1 / (1 + np.exp(0.02 - 0.6 * tree - 0.5 * net))
    np.testing.assert_allclose(predictor.load(models).predict(TABLE), expected, atol=1e-9)


def test_other_columns_and_another_order_change_nothing(models: Path):
    other = TABLE.select("dest", pl.lit("x").alias("extra"), "carrier", "flights", "delay_mean")
    assert (predictor.load(models).predict(other) == trees(models)).all()


def test_the_refit_is_used_where_there_is_one(models: Path):
    tiny_models.train_xgboost(TABLE, ENCODER, models / "other", rounds=3)
    (models / "other" / "model.ubj").rename(models / "xgboost" / "refit.ubj")
    expected = trees(models, "refit.ubj")
    assert (expected != trees(models)).any()
    assert (predictor.load(models).predict(TABLE) == expected).all()


def test_the_features_and_levels_of_all_members_are_asked_for(models: Path):
    fewer = Encoder(("flights", "seats"), {"carrier": ("AA", "XX")})
    table = tiny_models.flights(fewer.number_names, fewer.category_names)
    tiny_models.train_torch(table, fewer, models / "torch")
    tiny_models.choose(models, {"xgboost": 0.5, "torch": 0.5})
    both = predictor.load(models)
    assert both.names == ("delay_mean", "flights", "carrier", "dest", "seats")
    assert both.levels["carrier"] == {"AA"}
    assert len(both.answer(both.probe())) == 16


def test_made_up_rows_are_always_the_same(models: Path):
    first, second = (predictor.load(models).probe() for _ in range(2))
    assert (first.numbers == second.numbers).all() and first.categories == second.categories
    assert {*first.number_names, *first.categories} == set(ENCODER.names)


def test_a_request_is_answered_as_the_same_rows_of_a_table(models: Path):
    model = predictor.load(models)
    names = tuple(reversed(ENCODER.number_names))
    held = {name: [*TABLE[name][:-2], None, "never seen"] for name in ENCODER.category_names}
    table = TABLE.with_columns(**{name: pl.Series(values) for name, values in held.items()})
    batch = Batch(names, table.select(names).cast(pl.Float32).to_numpy(), held)
    assert (model.answer(batch) == model.predict(table)).all()
    with pytest.raises(DataError, match="lacks 1 of"):
        model.answer(Batch(names[1:], batch.numbers[:, 1:], held))


@pytest.mark.parametrize(("member", "other"), [("xgboost", "torch"), ("torch", "xgboost")])
def test_only_the_library_of_the_member_is_imported(models: Path, member: str, other: str):
    tiny_models.choose(models, {member: 1.0})
    code = (
        "import sys; from pathlib import Path; from include.flights.serving import predictor;"
        f"predictor.load(Path({str(models)!r})); print({other!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_table_without_a_feature_is_refused(models: Path):
    with pytest.raises(DataError, match=r"lacks 1 of 2 features: flights\."):
        predictor.load(models).predict(TABLE.drop("flights"))


def refusal(models: Path) -> str:
    with pytest.raises(DataError) as caught:
        predictor.load(models)
    return str(caught.value)


def test_a_missing_choice_says_how_to_make_it(models: Path):
    (models / "chosen.json").unlink()
    assert refusal(models) == (
        f"{models}/chosen.json does not exist.\n"
        "  Next: run `dvc repro`, which makes it, or `dvc pull` it."
    )


def test_a_choice_of_no_member_says_how_to_make_it(models: Path):
    tiny_models.choose(models, {})
    assert refusal(models) == (
        f"{models}/chosen.json does not say which model was chosen: members: "
        "Dictionary should have at least 1 item after validation, not 0.\n"
        "  Next: run `dvc repro evaluate_models`, which writes it."
    )


def test_an_unknown_member_offers_the_nearest(models: Path):
    tiny_models.choose(models, {"xgbost": 1.0})
    assert refusal(models) == (
        f"{models}/chosen.json names the member 'xgbost'; known are xgboost and torch. "
        f"Did you mean 'xgboost'?\n  Next: correct the member in {models}/chosen.json."
    )


def test_a_missing_member_says_which_stage_makes_it(models: Path):
    tiny_models.choose(models, {"xgboost": 0.5, "torch": 0.5})
    (models / "torch" / "weights.safetensors").unlink()
    assert refusal(models) == (
        f"The chosen model has the member torch, but {models}/torch holds neither "
        "refit.safetensors nor weights.safetensors.\n"
        "  Next: run `dvc repro train_torch`, or `dvc pull` its output."
    )


def test_trees_cut_short_are_refused(models: Path):
    path = models / "xgboost" / "model.ubj"
    path.write_bytes(path.read_bytes()[:100])
    assert refusal(models).startswith(f"{path} is not a model that can be loaded: ")
    assert refusal(models).endswith(
        "  Next: run `dvc repro --force train_xgboost`, which writes it anew."
    )


def test_trees_of_other_features_are_refused(models: Path):
    other = Encoder(("flights",), {"carrier": ("AA",)})
    (models / "xgboost" / "model.json").write_text(
        json.dumps({"kind": "xgboost", "encoder": other.to_json()})
    )
    assert "model.ubj is not a model that can be loaded: its features are not" in refusal(models)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "xgboost", "encoder": {}}'])
def test_a_damaged_description_is_refused(models: Path, text: str):
    (models / "xgboost" / "model.json").write_text(text)
    assert "model.json is not a model that can be loaded: " in refusal(models)


def test_a_model_of_another_kind_is_refused(models: Path):
    text = (models / "torch" / "model.json").read_text()
    (models / "xgboost" / "model.json").write_text(text)
    assert "it describes a model of kind 'torch'" in refusal(models)
