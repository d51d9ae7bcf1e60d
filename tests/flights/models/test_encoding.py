"""What the encoder promises, on tables small enough to read."""

import json

import numpy as np
import polars as pl
import pytest

from include.errors import DataError
from include.flights.models.encoding import Encoder

TRAIN = pl.DataFrame(
    {
        "delay_mean": [1.5, None, -2.0],
        "flights": pl.Series([3, 4, None], dtype=pl.Int16),
        "carrier": ["UA", "AA", "UA"],
        "dest": ["ORD", None, "BQN"],
    }
)


def encoder(min_rows: int = 1) -> Encoder:
    return Encoder.fit(TRAIN, ["delay_mean", "flights"], ["carrier", "dest"], min_rows)


def test_numbers_are_float32_with_unknown_values_as_nan():
    numbers = encoder().numbers(TRAIN)
    assert numbers.dtype == np.float32 and numbers.flags.c_contiguous
    np.testing.assert_array_equal(numbers, [[1.5, 3], [np.nan, 4], [-2, np.nan]])


def test_levels_are_counted_from_one_in_the_order_of_their_names():
    codes = encoder().codes(TRAIN)
    assert codes.dtype == np.int32 and codes.flags.c_contiguous
    np.testing.assert_array_equal(codes, [[2, 2], [1, 0], [2, 1]])


def test_a_category_that_training_did_not_see_is_zero_and_so_is_null():
    seen = pl.DataFrame({"carrier": ["ZZ", None, "AA"], "dest": ["ORD", "BQN", ""]})
    np.testing.assert_array_equal(encoder().codes(seen), [[0, 2], [0, 1], [1, 0]])


def test_a_column_without_any_value_is_unknown_everywhere():
    empty = pl.DataFrame({name: [None, None] for name in TRAIN.columns})
    assert np.isnan(encoder().numbers(empty)).all()
    assert (encoder().codes(empty) == 0).all()
    assert Encoder.fit(empty, [], ["carrier"]).cardinalities == (1,)


def test_a_level_with_too_few_training_rows_counts_as_unknown():
    rare = encoder(min_rows=2)
    assert rare.levels == {"carrier": ("UA",), "dest": ()}
    np.testing.assert_array_equal(rare.codes(TRAIN), [[1, 0], [0, 0], [1, 0]])


def test_levels_are_learned_from_a_lazy_table_too():
    lazy = Encoder.fit(TRAIN.lazy(), ["delay_mean", "flights"], ["carrier", "dest"])
    assert lazy == encoder()


def test_the_order_of_the_columns_in_the_table_does_not_matter():
    turned = TRAIN.select(reversed(TRAIN.columns))
    np.testing.assert_array_equal(encoder().numbers(turned), encoder().numbers(TRAIN))
    np.testing.assert_array_equal(encoder().codes(turned), encoder().codes(TRAIN))


def test_one_row_is_encoded_as_it_is_among_others():
    row = TRAIN[2]
    np.testing.assert_array_equal(encoder().numbers(row), encoder().numbers(TRAIN)[2:])
    np.testing.assert_array_equal(encoder().codes(row), encoder().codes(TRAIN)[2:])


def test_json_gives_back_the_same_encoder():
    assert Encoder.from_json(json.loads(json.dumps(encoder().to_json()))) == encoder()


def test_names_and_cardinalities_follow_the_columns_of_the_arrays():
    assert encoder().names == ("delay_mean", "flights", "carrier", "dest")
    assert encoder().cardinalities == (3, 3)


def test_a_missing_feature_is_named_with_the_nearest_column():
    with pytest.raises(DataError) as caught:
        encoder().numbers(TRAIN.rename({"delay_mean": "delay_men"}))
    assert str(caught.value) == (
        "The table lacks 1 of 2 features: delay_mean. Did you mean 'delay_men'?\n"
        "  Next: add the column, under the name that include/flights/columns.py gives it."
    )


def test_a_missing_category_is_named_too():
    with pytest.raises(DataError, match="lacks 2 of 2 features: carrier, dest"):
        encoder().codes(TRAIN.select("flights"))


def test_text_in_a_number_column_is_named():
    with pytest.raises(DataError) as caught:
        encoder().numbers(TRAIN.with_columns(flights=pl.lit("many")))
    assert str(caught.value) == (
        "The feature flights should hold numbers, but holds String.\n"
        "  Next: make flights a number before it is given to the model."
    )
