"""What the network promises: the same answers after saving, loading, and one row at a time."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from include.errors import DataError
from include.flights.models.encoding import Encoder
from include.flights.tabm import network
from include.flights.tabm.network import Model, Network, Shape

SHAPE = Shape(members=4, width=6, layers=2, bins=3, category_size=2, dropout_share=0.5)
TABLE = pl.DataFrame(
    {
        "delay_mean": [1.5, None, -2.0, 40.0],
        "flights": [3, 4, None, 9],
        "carrier": ["UA", "AA", None, "ZZ"],
    }
)


@pytest.fixture
def model() -> Model:
    torch.manual_seed(1)
    encoder = Encoder.fit(TABLE[:3], ["delay_mean", "flights"], ["carrier"])
    net = Network(2, encoder.cardinalities, SHAPE)
    net.numbers.cut(encoder.numbers(TABLE[:3]))
    return Model(encoder, SHAPE, net)


def test_each_row_gets_one_logit_per_member_and_members_differ(model: Model):
    numbers, codes = model.encoder.numbers(TABLE), model.encoder.codes(TABLE)
    logits = model.network(torch.from_numpy(numbers), torch.from_numpy(codes))
    assert logits.shape == (4, 4)
    assert len(torch.unique(logits[:, 0])) == 4


def test_a_probability_is_the_mean_over_the_members(model: Model):
    model.network.eval()
    numbers, codes = model.encoder.numbers(TABLE), model.encoder.codes(TABLE)
    logits = model.network(torch.from_numpy(numbers), torch.from_numpy(codes)).detach().numpy()
    expected = (1 / (1 + np.exp(-logits.astype(np.float64)))).mean(axis=0)
    np.testing.assert_allclose(model.predict(TABLE), expected, atol=1e-12)


def test_dropout_is_off_in_prediction_and_on_in_training(model: Model):
    assert (model.predict(TABLE) == model.predict(TABLE)).all()
    model.network.train()
    numbers = torch.from_numpy(model.encoder.numbers(TABLE))
    codes = torch.from_numpy(model.encoder.codes(TABLE))
    assert not torch.equal(model.network(numbers, codes), model.network(numbers, codes))


def test_a_row_is_rated_alone_as_among_others(model: Model):
    alone = [model.predict(TABLE[row])[0] for row in range(4)]
    np.testing.assert_allclose(alone, model.predict(TABLE), atol=1e-7)


def test_no_rows_give_no_probabilities(model: Model):
    assert model.predict(TABLE[:0]).shape == (0,)


def test_a_loaded_model_gives_exactly_the_same_probabilities(model: Model, tmp_path: Path):
    model.save(tmp_path, {"epochs": 3})
    assert (network.load(tmp_path).predict(TABLE) == model.predict(TABLE)).all()


def test_the_same_model_is_saved_as_the_same_bytes_with_its_kind(model: Model, tmp_path: Path):
    for name in ("one", "two"):
        model.save(tmp_path / name, {"epochs": 3})
    for file in ("weights.safetensors", "model.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    held = json.loads((tmp_path / "one" / "model.json").read_text())
    assert (held["kind"], held["epochs"]) == ("torch", 3)
    assert held["encoder"]["categories"] == {"carrier": ["AA", "UA"]}


def test_a_refit_beside_the_weights_can_be_loaded_instead(model: Model, tmp_path: Path):
    model.save(tmp_path, {})
    torch.nn.init.zeros_(model.network.head)
    network.save_weights(model.network, tmp_path / network.REFIT)
    assert (network.load(tmp_path, network.REFIT).predict(TABLE) == 0.5).all()


def test_a_folder_without_a_model_says_what_to_run(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        network.load(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/model.json does not exist.\n  Next: run `dvc repro train_torch`."
    )


def test_a_model_of_another_kind_is_refused(model: Model, tmp_path: Path):
    model.save(tmp_path, {})
    (tmp_path / "model.json").write_text('{"kind": "xgboost"}')
    with pytest.raises(DataError) as caught:
        network.load(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds a model of kind 'xgboost', not 'torch'.\n"
        "  Next: give the folder that train_torch wrote."
    )


@pytest.mark.parametrize("damage", [b"", b"not weights at all"], ids=["empty", "text"])
def test_damaged_weights_are_named(damage: bytes, model: Model, tmp_path: Path):
    model.save(tmp_path, {})
    (tmp_path / network.WEIGHTS).write_bytes(damage)
    with pytest.raises(DataError, match=r"weights\.safetensors does not hold the network"):
        network.load(tmp_path)


def test_weights_of_another_shape_are_named(model: Model, tmp_path: Path):
    wider = SHAPE.model_copy(update={"width": 8})
    model.save(tmp_path, {})
    network.save_weights(Network(2, model.encoder.cardinalities, wider), tmp_path / network.WEIGHTS)
    with pytest.raises(DataError, match=r"does not hold the network of model\.json"):
        network.load(tmp_path)
