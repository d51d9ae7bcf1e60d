"""XGBoost learns the same from months, one at a time, as from all flights at once."""

from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import polars as pl
import pytest
import xgboost as xgb

from include.errors import DataError
from include.flights.models.encoding import Encoder
from include.flights.models.history import History
from include.flights.trees.batches import Batches, described, matrix, predict, quantized

SETTINGS = {"objective": "binary:logistic", "max_bin": 16, "subsample": 0.8, "seed": 1}


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    """1,000 flights; late ones have a high delay or the carrier B6. A tenth is not known."""
    random = np.random.default_rng(4)
    delay = [value if value > 0.1 else None for value in random.random(1000)]
    carrier = random.choice(["AA", "B6", "UA"], 1000)
    table = pl.DataFrame({"delay": delay, "wind": random.random(1000), "carrier": carrier})
    late = (pl.col("delay").fill_null(0) > 0.6) | (pl.col("carrier") == "B6")
    return table.with_columns(late=late)


@pytest.fixture(scope="module")
def encoder(flights: pl.DataFrame) -> Encoder:
    return Encoder.fit(flights, ["delay", "wind"], ["carrier"])


def months(flights: pl.DataFrame, *ends: int) -> History:
    """The flights up to each end as a month."""
    starts = (0, *ends[:-1])
    return History(
        tuple(flights[a:b].lazy() for a, b in zip(starts, ends, strict=True)),
    )


def trained(rows: xgb.DMatrix) -> bytes:
    return bytes(xgb.train(SETTINGS, rows, 10).save_raw("ubj"))


def test_months_give_the_same_model_as_all_flights_at_once(
    flights: pl.DataFrame, encoder: Encoder
) -> None:
    at_once = xgb.QuantileDMatrix(
        matrix(flights, encoder),
        flights["late"].to_numpy(),
        max_bin=16,
        enable_categorical=True,
        **described(encoder),
    )
    by_month = quantized(months(flights, 1, 400, 1000), encoder, 16, 1)
    assert trained(by_month) == trained(at_once)


def test_a_month_is_encoded_once_however_often_xgboost_reads_it(
    flights: pl.DataFrame, encoder: Encoder, tmp_path: Path
) -> None:
    flights[:400].write_parquet(tmp_path / "1.parquet")
    flights[400:].write_parquet(tmp_path / "2.parquet")
    files = sorted(tmp_path.iterdir())
    history = History(tuple(map(pl.scan_parquet, files)))
    with TemporaryFile() as file:
        batches, passes = Batches(history, encoder, file), []
        for _ in range(3):
            passes.append(list(batches.months))
            batches.reset()
            for path in files:
                path.unlink(missing_ok=True)
    assert [len(late) for _, late in passes[0]] == [400, 600]
    for (rows, late), *others in zip(*passes, strict=True):
        for other, other_late in others:
            np.testing.assert_array_equal(other, rows)
            assert (other_late == late).all()


def test_a_first_pass_that_was_broken_off_begins_anew(
    flights: pl.DataFrame, encoder: Encoder
) -> None:
    with TemporaryFile() as file:
        batches = Batches(months(flights, 400, 1000), encoder, file)
        next(batches.months)
        for _ in range(2):
            batches.reset()
            read = np.concatenate([rows for rows, _ in batches.months])
            np.testing.assert_array_equal(read, matrix(flights, encoder))


def test_nothing_is_left_where_the_stage_runs(
    flights: pl.DataFrame, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quantized(months(flights, 400, 1000), encoder, 16, 1)
    with pytest.raises(DataError):
        quantized(months(flights.with_columns(wind=pl.lit("")), 1000), encoder, 16, 1)
    assert list(tmp_path.iterdir()) == []


def test_other_flights_take_the_bins_of_those_that_train(
    flights: pl.DataFrame, encoder: Encoder
) -> None:
    train = quantized(months(flights, 400, 700), encoder, 16, 1)
    like = quantized(months(flights[700:], 100, 300), encoder, 16, 1, train)
    assert like.num_row() == 300
    assert [cut.tolist() for cut in like.get_quantile_cut()] == [
        cut.tolist() for cut in train.get_quantile_cut()
    ]


def test_a_month_is_predicted_as_it_is_among_others(
    flights: pl.DataFrame, encoder: Encoder
) -> None:
    booster = xgb.train(SETTINGS, quantized(months(flights, 1000), encoder, 16, 1), 10)
    alone = predict(booster, flights[400:], encoder)
    assert (alone == predict(booster, flights, encoder)[400:]).all()


def test_a_month_with_text_for_a_number_says_so(flights: pl.DataFrame, encoder: Encoder) -> None:
    wrong = flights.with_columns(wind=pl.lit("strong"))
    history = History((flights.lazy(), wrong.lazy()))
    with pytest.raises(DataError, match="wind should hold numbers, but holds String"):
        quantized(history, encoder, 16, 1)
