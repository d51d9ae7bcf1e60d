"""What the stage train_xgboost promises, on flights small enough to reason about."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xgboost as xgb

from include.errors import PipelineError
from include.flights import columns
from include.flights import train_xgboost as train_xgboost_module
from include.flights.serving import predictor
from include.flights.splits import Splits, Window
from include.flights.train_xgboost import Params, save, train_xgboost

WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 4, 1))
SPLITS = Splits(validation_months=1, test_months=1)
PARAMS = Params(
    max_depth=3,
    learning_rate=0.3,
    min_child_weight=1,
    subsample=1,
    colsample_bytree=1,
    reg_lambda=1,
    max_bin=64,
    rounds=20,
    patience=5,
    seed=7,
    device="cpu",
    threads=1,
    external_memory=False,
    refit=False,
)


def flights() -> pl.DataFrame:
    """900 flights, ten a day; those due after 18:00 are late, and carrier XX from March on."""
    count = np.arange(900)
    hour = (count % 10) * 2.0 + 2
    table = pl.DataFrame(
        {
            "flight_id": [f"f{n}" for n in count],
            "date": [date(2013, 1, 1) + timedelta(days=int(n) // 10) for n in count],
            "late": hour > 18,
            **{name: np.zeros(900, np.float32) for name in columns.names("number")},
            "carrier": ["XX" if n >= 590 and n % 2 else "AA" for n in count],
            "origin": "EWR",
            "dest": "ORD",
        }
    )
    return table.with_columns(sched_dep_hour=pl.Series(hour, dtype=pl.Float32))


def run(folder, params=PARAMS, months=1):
    (folder / "features").mkdir(parents=True)
    table = flights().with_columns(month=pl.col("date").dt.month() * (months > 1))
    for (month,), part in table.group_by("month", maintain_order=True):
        part.drop("month").write_parquet(folder / f"features/2013-{month:02}.parquet")
    model, curves = folder / "model", folder / "curves"
    files = (folder / "predictions.parquet", folder / "metrics.json")
    train_xgboost(folder / "features", model, *files, curves, WINDOW, SPLITS, params)
    return pl.read_parquet(files[0]), json.loads(files[1].read_text())


def test_finds_the_rule_that_makes_flights_late(tmp_path):
    predictions, metrics = run(tmp_path)
    assert metrics["validation"]["auc"] == 1.0
    assert metrics["rows"] == {"train": 310, "validation": 280, "test": 310}
    assert predictions.columns == ["flight_id", "date", "split", "late", "probability"]
    assert predictions["flight_id"].to_list() == flights()["flight_id"].to_list()


def test_the_test_period_is_not_scored(tmp_path):
    assert set(run(tmp_path)[1]) == {"validation", "train", "trees", "rows"}


def test_two_trainings_give_the_same_bytes(tmp_path):
    run(tmp_path / "a")
    run(tmp_path / "b")
    for name in ("model/model.ubj", "model/model.json", "metrics.json", "predictions.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_monthly_files_give_the_bytes_of_one_file(tmp_path):
    run(tmp_path / "one", PARAMS.model_copy(update={"refit": True}))
    run(tmp_path / "three", PARAMS.model_copy(update={"refit": True}), months=3)
    assert len(list((tmp_path / "three/features").iterdir())) == 3
    written = ("model/model.ubj", "model/refit.ubj", "model/model.json", "metrics.json")
    for name in (*written, "predictions.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "three" / name).read_bytes()


def test_external_memory_gives_the_same_bytes_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen, kind = [], xgb.ExtMemQuantileDMatrix

    def made(*given, **named):
        rows = kind(*given, **named)
        seen.append(sorted(path.name[:4] for path in train_xgboost_module.PAGES.iterdir()))
        return rows

    monkeypatch.setattr(xgb, "ExtMemQuantileDMatrix", made)
    train_xgboost_module.PAGES.mkdir(parents=True)
    (train_xgboost_module.PAGES / "of one that was killed").touch()
    params = PARAMS.model_copy(update={"refit": True})
    run(tmp_path / "disk", params.model_copy(update={"external_memory": True}), months=3)
    assert seen == [["page"], ["page"] * 2, ["page"]]  # train, validation; all flights
    assert list(Path(".checkpoints").iterdir()) == []
    run(tmp_path / "memory", params, months=3)
    assert len(seen) == 3
    for name in ("model/model.ubj", "model/refit.ubj", "predictions.parquet"):
        disk, memory = ((tmp_path / place / name).read_bytes() for place in ("disk", "memory"))
        assert disk == memory


def test_a_refit_lies_beside_the_model_that_was_judged(tmp_path):
    run(tmp_path, PARAMS.model_copy(update={"refit": True}))
    judged, refit = (
        xgb.Booster(model_file=tmp_path / "model" / n) for n in ("model.ubj", "refit.ubj")
    )
    assert judged.num_boosted_rounds() == refit.num_boosted_rounds()


def test_a_full_disk_leaves_no_model_cut_short(tmp_path):
    booster = xgb.train({}, xgb.DMatrix(np.zeros((2, 1)), [0, 1]), 1)
    booster.save_model(tmp_path / "whole.ubj")
    save(booster, tmp_path / "model.ubj")
    assert (tmp_path / "model.ubj").read_bytes() == (tmp_path / "whole.ubj").read_bytes()
    with pytest.raises(OSError, match="No space left"):
        save(booster, Path("/dev/full"))


def test_the_predictor_answers_as_the_stage_did(tmp_path):
    predictions, _ = run(tmp_path / "run")
    (tmp_path / "run/model").rename(tmp_path / "xgboost")
    chosen = {"members": {"xgboost": 1.0}, "intercept": 0.0, "reason": "the only one"}
    (tmp_path / "chosen.json").write_text(json.dumps(chosen))
    answers = predictor.load(tmp_path).predict(flights())
    assert np.abs(answers - predictions["probability"].to_numpy()).max() < 1e-6


def test_a_gpu_that_is_not_there_says_what_to_do(tmp_path):
    if xgb.build_info().get("USE_CUDA") and __import__("torch").cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(
        PipelineError, match=r"no GPU .*\n  Next: set train_xgboost\.device to auto"
    ):
        run(tmp_path, PARAMS.model_copy(update={"device": "cuda"}))
