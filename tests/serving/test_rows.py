"""What a client may send, and what it is told when it sends something else."""

import json
from typing import Any

import numpy as np
import pytest

from include.errors import DataError
from include.serving.batch import Batch
from include.serving.rows import Rows, unknown_values

ROWS = Rows({"temp_f": "number", "wind_mph": "number", "carrier": "category"}, max_rows=3)
ROW: dict[str, Any] = {"temp_f": 40.5, "wind_mph": 8, "carrier": "AA"}


def read(*rows: object) -> Batch:
    return ROWS.read(json.dumps(rows).encode())


def test_rows_become_arrays_in_their_order() -> None:
    batch = read(ROW, {"carrier": "UA", "temp_f": -1, "wind_mph": 0})
    assert batch.number_names == ("temp_f", "wind_mph")
    assert batch.numbers.tolist() == [[40.5, 8.0], [-1.0, 0.0]]
    assert batch.numbers.dtype == np.float32
    assert batch.categories == {"carrier": ["AA", "UA"]}


def test_null_is_a_value_that_is_not_known() -> None:
    batch = read(dict.fromkeys(ROW))
    assert np.isnan(batch.numbers).all() and batch.numbers.shape == (1, 2)
    assert batch.categories == {"carrier": [None]}


def test_a_colon_in_a_text_is_no_feature() -> None:
    assert read(ROW | {"carrier": "A:B"}).categories == {"carrier": ["A:B"]}


def test_a_feature_that_is_sent_twice_is_refused() -> None:
    body = json.dumps([ROW])
    for twice in ('"temp_f": 1, "temp_f"', '"temp_f": NaN, "temp_f"'):
        with pytest.raises(DataError, match="has 'temp_f' twice"):
            ROWS.read(body.replace('"temp_f"', twice).encode())


def test_an_unknown_feature_is_named_also_where_another_is_lacking() -> None:
    with pytest.raises(DataError, match="lacks temp_f, has an unknown field 'temp'. Did you mean"):
        read({"temp": 1, "wind_mph": 1, "carrier": "AA"})


REFUSED = {
    "text for a number": (
        {"temp_f": "40"},
        "Row 1 (the first is 0): temp_f is '40': input should",
    ),
    "truth for a number": (
        {"temp_f": True},
        "temp_f is True: input should be a valid number.",
    ),
    "NaN": (
        {"temp_f": float("nan")},
        "temp_f is nan: input should be a finite number.",
    ),
    "infinity": (
        {"wind_mph": float("inf")},
        "wind_mph is inf: input should be a finite number.",
    ),
    "more than Float32 holds": (
        {"temp_f": 1e39},
        "temp_f is 1e+39: a number is within ±3.4e+38.",
    ),
    "number for a category": (
        {"carrier": 1},
        "carrier is 1: input should be a valid string.",
    ),
    "long category": (
        {"carrier": "x" * 201},
        "string should have at most 200 characters.",
    ),
    "unknown feature": (
        {"temp": 1},
        "has an unknown field 'temp'. Did you mean 'temp_f'?",
    ),
}


@pytest.mark.parametrize(("change", "text"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_value_is_named_with_its_row(change: dict[str, object], text: str) -> None:
    with pytest.raises(DataError) as caught:
        read(ROW, ROW | change)
    assert text in caught.value.what
    assert caught.value.fix.endswith("GET /schema lists them.")


def test_a_missing_feature_is_named() -> None:
    with pytest.raises(DataError, match=r"^Row 0 \(the first is 0\): lacks wind_mph\.\n"):
        read({"temp_f": 1, "carrier": "AA"})


BODIES = {
    "nothing": (b"", "The body: invalid JSON"),
    "cut short": (b'[{"temp_f": 1', "The body: invalid JSON"),
    "one object": (
        json.dumps(ROW).encode(),
        "The body: input should be a valid array.",
    ),
    "a list of lists": (b"[[1]]", "Row 0 (the first is 0): input should be an object."),
    "deep nesting": (
        b"[" * 100_000,
        "The body: invalid JSON: recursion limit exceeded",
    ),
    "not UTF-8": (b'[{"carrier": "\xff"}]', "The body: invalid JSON"),
}


@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_list_of_rows_is_refused(body: bytes, text: str) -> None:
    with pytest.raises(DataError) as caught:
        ROWS.read(body)
    assert text in caught.value.what


@pytest.mark.parametrize("count", [0, 4], ids=["no row", "one row too many"])
def test_the_number_of_rows_has_limits(count: int) -> None:
    with pytest.raises(DataError) as caught:
        read(*[ROW] * count)
    assert caught.value.what.startswith("The list should hold 1 to 3 rows: list should have")
    assert caught.value.fix == "send 1 to 3 rows in one request."


def test_values_that_training_never_saw_are_counted() -> None:
    batch = read(ROW, ROW | {"carrier": "ZZ"}, ROW | {"carrier": None})
    assert unknown_values(batch.categories, {"carrier": frozenset({"AA"})}) == {
        "carrier": {"ZZ": 1}
    }
