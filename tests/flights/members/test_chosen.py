"""How the chosen model makes one probability."""

from pathlib import Path

import numpy as np
import pytest

from include.errors import DataError
from include.flights.members.chosen import Chosen


def test_one_member_with_weight_1_is_that_model_as_it_is() -> None:
    risk = np.array([0.0, 0.3, 1.0])
    assert Chosen(members={"torch": 1.0}).probability({"torch": risk}) is risk


def test_a_blend_adds_weighted_logits() -> None:
    chosen = Chosen(members={"xgboost": 0.5, "torch": 0.5})
    # Odds of 1 to 4 and 4 to 1 have the geometric mean 1 to 1.
    blended = chosen.probability({"xgboost": np.array([0.2]), "torch": np.array([0.8])})
    assert blended[0] == pytest.approx(0.5)


def test_the_intercept_moves_the_odds() -> None:
    chosen = Chosen(members={"xgboost": 1.0}, intercept=float(np.log(3)))
    assert chosen.probability({"xgboost": np.array([0.5])})[0] == pytest.approx(0.75)


def test_a_certain_member_leaves_the_blend_finite() -> None:
    chosen = Chosen(members={"xgboost": 0.5, "torch": 0.5})
    blended = chosen.probability({"xgboost": np.array([1.0]), "torch": np.array([0.0])})
    assert blended[0] == pytest.approx(0.5)


def test_a_missing_member_is_named() -> None:
    chosen = Chosen(members={"xgboost": 0.5, "torch": 0.5})
    with pytest.raises(DataError) as error:
        chosen.probability({"xgboost": np.array([0.5])})
    assert str(error.value) == (
        "The chosen model needs torch; there is xgboost.\n"
        "  Next: give the probabilities of every member that models/chosen.json names."
    )


def test_a_written_choice_reads_back(tmp_path: Path) -> None:
    chosen = Chosen(members={"torch": 1.0}, reason="the only one")
    path = tmp_path / "chosen.json"
    path.write_text(chosen.model_dump_json())
    assert Chosen.model_validate_json(path.read_bytes()) == chosen
