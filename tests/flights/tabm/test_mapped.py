"""Encoded flights lie on disk, in files that nobody has to remove."""

import resource
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from include.errors import DataError
from include.flights.models.encoding import Encoder
from include.flights.models.history import History
from include.flights.tabm.mapped import encoded

MONTHS = [
    pl.DataFrame({"delay": [1.5, None], "carrier": ["UA", "AA"], "late": [True, False]}),
    pl.DataFrame({"delay": [-2.0], "carrier": ["ZZ"], "late": [True]}),
]
HISTORY = History(tuple(month.lazy() for month in MONTHS))
ENCODER = Encoder(("delay",), {"carrier": ("AA", "UA")})


def test_the_arrays_are_those_of_all_months_together(tmp_path: Path) -> None:
    rows, table = encoded(HISTORY, ENCODER, tmp_path), pl.concat(MONTHS)
    np.testing.assert_array_equal(rows.numbers, ENCODER.numbers(table))
    np.testing.assert_array_equal(rows.codes, ENCODER.codes(table))
    assert rows.late.tolist() == [True, False, True]
    assert isinstance(rows.numbers, np.memmap) and isinstance(rows.codes, np.memmap)


def test_the_folder_is_empty_while_the_arrays_are_read(tmp_path: Path) -> None:
    rows = encoded(HISTORY, ENCODER, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert np.nansum(rows.numbers) == -0.5


def test_a_month_that_cannot_be_encoded_leaves_nothing(tmp_path: Path) -> None:
    wrong = MONTHS[1].with_columns(delay=pl.lit("long"))
    with pytest.raises(DataError, match="delay should hold numbers"):
        encoded(History((MONTHS[0].lazy(), wrong.lazy())), ENCODER, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_more_is_an_error(tmp_path: Path) -> None:
    many = pl.concat([MONTHS[0]] * 200_000).lazy()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            encoded(History((many,)), ENCODER, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_features_without_a_category_have_no_codes(tmp_path: Path) -> None:
    assert encoded(HISTORY, Encoder(("delay",), {}), tmp_path).codes.shape == (3, 0)
