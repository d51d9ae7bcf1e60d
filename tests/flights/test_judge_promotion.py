"""The stage judge_promotion on files: what passes, what is refused, and that it is always the same."""

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_evaluation
import tiny_models
from small_evaluation import SPLITS, WINDOW

from include.errors import DataError
from include.flights.judge_promotion import judge_promotion
from include.flights.models.encoding import Encoder
from include.flights.promotion.rules import Promotion
from include.flights.serving import predictor
from include.serving.hashes import directory_md5, file_md5

RULES: dict[str, Any] = {
    "evaluation": {"auc": {"minimum": 0.7}, "calibration_error": {"maximum": 0.03}},
    "drift": {"drifted": {"maximum": 0}},
    "champion": {
        "measure": "auc",
        "margin": 0.005,
        "confidence": 0.95,
        "resamples": 100,
        "seed": 7,
    },
    "bento_mb": 1,
    "latency": {"ratio": 50, "rows": [1, 20], "rounds": 3},
}
OUTS = {"report": "promotion.json", "page": "promotion.html", "metrics": "metrics.json"}


def model_of(folder: Path, features: Path) -> Path:
    """A model that sees a column which knows something of the outcome."""
    table = pl.read_parquet(sorted(features.glob("*.parquet")))
    encoder = Encoder.fit(table, ["signal"], ["carrier"])
    tiny_models.train_xgboost(table, encoder, folder / "xgboost", rounds=5)
    tiny_models.choose(folder, {"xgboost": 1.0})
    model = predictor.load(folder, threads=1)
    probe = model.answer(model.probe()).tolist()
    (folder / "manifest.json").write_text(json.dumps({"probe": probe}))
    return folder


def pack(model: Path, bento: Path) -> None:
    with tarfile.open(bento, "w:xz") as archive:
        archive.add(model, "src/model")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A candidate that is a model of the column `signal`, and no champion."""
    folder = tmp_path_factory.mktemp("promotion")
    held = small_evaluation.write(folder)
    draw = np.random.default_rng(11)
    for path in held["features"].glob("*.parquet"):
        table = pl.read_parquet(path)
        signal = table["late"].cast(pl.Float32) + pl.Series(draw.normal(0, 0.7, len(table)))
        table.with_columns(signal=signal.cast(pl.Float32)).write_parquet(path)
    model = model_of(folder / "model", held["features"])
    said_by(model, held["features"], held["predictions"] / "xgboost.parquet")
    pack(model, folder / "flight_delays.bento")
    (folder / "evaluation.json").write_text('{"auc": 0.8, "calibration_error": 0.01}')
    (folder / "drift.json").write_text('{"drifted": 0}')
    champion(folder / "champion", None)
    names = {"evaluation": "evaluation.json", "drift": "drift.json", "champion": "champion"}
    held |= {name: folder / file for name, file in names.items()}
    return held | {"chosen": model / "chosen.json", "bento": folder / "flight_delays.bento"}


def said_by(model: Path, features: Path, predictions: Path) -> None:
    """What a model says of all flights."""
    table = pl.read_parquet(sorted(features.glob("*.parquet")))
    values = predictor.load(model, threads=1).predict(table)
    held = pl.read_parquet(predictions)
    held.with_columns(probability=pl.Series(values)).write_parquet(predictions)


def champion(folder: Path, version: str | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    about = {"version": version} if version is None else {"version": version, "md5": "0" * 32}
    (folder / "champion.json").write_text(json.dumps(about))
    return folder


def judged(
    folder: Path, inputs: dict[str, Path], risk: str = "low", **gates: Any
) -> dict[str, Any]:
    """Run the stage; its verdict."""
    folder.mkdir(exist_ok=True)
    rules = Promotion.model_validate({"risk": risk, "gates": {**RULES, **gates}})
    outs = {name: folder / file for name, file in OUTS.items()}
    judge_promotion(**inputs, **outs, window=WINDOW, splits=SPLITS, promotion=rules)
    return dict(json.loads(outs["report"].read_text()))


def failed(held: dict[str, Any]) -> list[str]:
    return [gate["name"] for gate in held["gates"] if not gate["passed"]]


def test_without_a_champion_there_is_nothing_to_compare(inputs, tmp_path):
    held = judged(tmp_path, inputs)
    assert (held["verdict"], held["champion"], failed(held)) == ("passed", None, [])
    reasons = {gate["name"]: gate["reason"] for gate in held["gates"]}
    assert reasons["champion"] == "There is no champion: nothing to compare."
    assert reasons["latency"] == reasons["champion"]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics == {"passed": 1, "gates": 6, "failed_gates": 0}


def test_each_judged_file_is_named_with_the_hash_of_dvc(inputs, tmp_path):
    held = judged(tmp_path, inputs)
    bento, features = inputs["bento"], inputs["features"]
    assert held["files"][str(bento)] == file_md5(bento)
    assert held["files"][str(features)] == directory_md5(features)
    assert len(held["files"]) == 8
    assert held["period"] == {"first": "2013-05-01", "last": "2013-06-30", "rows": 61 * 20}


@pytest.mark.parametrize(
    ("gates", "gate", "reason"),
    [
        (
            {"evaluation": {"auc": {"minimum": 0.9}}},
            "auc",
            "auc is 0.8; at least 0.9 is asked for.",
        ),
        (
            {"evaluation": {"calibration_error": {"maximum": 0.005}}},
            "calibration_error",
            "calibration_error is 0.01; at most 0.005 is asked for.",
        ),
        (
            {"evaluation": {"auc_gap_by_carrier": {"maximum": 0.1}}},
            "auc_gap_by_carrier",
            "evaluation.json has no number auc_gap_by_carrier.",
        ),
        (
            {"drift": {"drifted": {"maximum": -1}}},
            "drifted",
            "drifted is 0; at most -1 is asked for.",
        ),
        ({"bento_mb": 0.0001}, "bento_mb", "at most 0.0001 is asked for."),
    ],
    ids=["a metric", "the calibration", "a gap that is not there", "drift", "the size"],
)
def test_a_failed_gate_is_a_refusal_with_its_number(inputs, tmp_path, gates, gate, reason):
    held = judged(tmp_path, inputs, **gates)
    assert (held["verdict"], failed(held)) == ("refused", [gate])
    assert held["reason"].startswith("1 of ") and reason in held["reason"]
    assert json.loads((tmp_path / "metrics.json").read_text())["failed_gates"] == 1
    assert "Not to go live" in (tmp_path / "promotion.html").read_text()


def test_a_model_as_good_as_the_champion_passes_and_the_files_are_the_same_again(inputs, tmp_path):
    held = {
        **inputs,
        "champion": champion(model_of(tmp_path / "champion", inputs["features"]), "v0.0.1"),
    }
    found = judged(tmp_path / "one", held)
    assert (found["verdict"], found["champion"]["version"]) == ("passed", "v0.0.1")
    judged(tmp_path / "two", held)
    for name in OUTS.values():
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    metrics = json.loads((tmp_path / "one/metrics.json").read_text())
    assert (metrics["gain"], metrics["gain_low"]) == (0, 0)


def test_a_model_that_is_clearly_worse_than_the_champion_is_refused(inputs, tmp_path):
    live = champion(model_of(tmp_path / "champion", inputs["features"]), "v0.0.1")
    worse = tmp_path / "predictions"
    worse.mkdir()
    for path in inputs["predictions"].glob("*.parquet"):
        table = pl.read_parquet(path)
        noise = np.random.default_rng(1).random(len(table))
        table.with_columns(probability=pl.Series(noise)).write_parquet(worse / path.name)
    held = judged(tmp_path, {**inputs, "champion": live, "predictions": worse})
    assert failed(held) == ["champion"]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["gain_low"] < metrics["gain"] < -0.2


def test_a_champion_that_reads_what_is_no_more_there_cannot_be_compared(inputs, tmp_path):
    live = champion(model_of(tmp_path / "champion", inputs["features"]), "v0.0.1")
    features = tmp_path / "features"
    features.mkdir()
    for path in inputs["features"].glob("*.parquet"):
        pl.read_parquet(path).drop("signal").write_parquet(features / path.name)
    held = judged(tmp_path, {**inputs, "champion": live, "features": features})
    assert failed(held) == ["champion", "latency"]
    assert "it reads 'signal'" in held["reason"]


def test_a_champion_of_which_nobody_knows_the_version_is_an_error(inputs, tmp_path):
    (tmp_path / "champion").mkdir()
    (tmp_path / "champion/champion.json").write_text("{}")
    with pytest.raises(DataError, match="does not say which version is live"):
        judged(tmp_path, {**inputs, "champion": tmp_path / "champion"})


def test_a_champion_that_answers_otherwise_here_cannot_be_compared(inputs, tmp_path):
    live = champion(model_of(tmp_path / "champion", inputs["features"]), "v0.0.1")
    for spoilt in (0.9, float("nan")):
        (live / "manifest.json").write_text(json.dumps({"probe": [spoilt] * 16}))
        held = judged(tmp_path, {**inputs, "champion": live})
        assert failed(held) == ["champion", "latency"]
        assert "it answers made-up rows otherwise here than where it was packaged" in held["reason"]


def test_a_bento_that_is_cut_is_an_error_that_names_it(inputs, tmp_path):
    live = champion(model_of(tmp_path / "champion", inputs["features"]), "v0.0.1")
    cut = tmp_path / "cut.bento"
    cut.write_bytes(inputs["bento"].read_bytes()[:-400])
    with pytest.raises(DataError, match=r"cut.bento is no bento: .*\n  Next: run `dvc repro"):
        judged(tmp_path, {**inputs, "champion": live, "bento": cut})
