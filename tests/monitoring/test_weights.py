"""How drift is weighed by what the model uses."""

import pytest

from include.errors import DataError
from include.monitoring.weights import shares


def test_weights_are_shares_of_what_the_model_uses() -> None:
    # b is not used, and d is not compared.
    assert shares({"a": 3.0, "c": 1.0, "d": 50.0}, ["a", "b", "c"]) == {
        "a": 0.75,
        "b": 0.0,
        "c": 0.25,
    }


def test_unknown_weights_are_the_same_for_all() -> None:
    assert shares(None, ["a", "b"]) == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(
    ("weights", "what"),
    [
        ({"a": -1.0, "b": 2.0}, "Weights that are negative or no number: a."),
        ({"a": float("nan"), "b": 2.0}, "Weights that are negative or no number: a."),
        ({"c": 1.0}, "None of the 2 compared columns has a weight; weighed are c."),
        ({}, "None of the 2 compared columns has a weight; weighed are nothing."),
    ],
    ids=["negative", "no number", "of other columns", "none"],
)
def test_weights_that_say_nothing_are_refused(weights: dict[str, float], what: str) -> None:
    with pytest.raises(DataError) as error:
        shares(weights, ["a", "b"])
    assert str(error.value) == (
        f"{what}\n  Next: give each column that the model uses a weight above 0."
    )
