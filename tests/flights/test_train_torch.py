"""What the stage train_torch promises, on files in a folder of its own.

Long because all its cases train the same small network.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from include import step
from include.errors import DataError, PipelineError
from include.flights import columns
from include.flights.splits import Splits, Window
from include.flights.tabm import network
from include.flights.train_torch import CHECKPOINTS, Params, prepare, train_torch

ROOT = Path(__file__).parents[2]
WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 5, 1))
SPLITS = Splits(validation_months=1, test_months=1)
PARAMS = {
    "members": 4,
    "width": 16,
    "layers": 2,
    "bins": 4,
    "category_size": 2,
    "category_min_rows": 2,
    "dropout_share": 0.1,
    "epochs": 4,
    "patience": 4,
    "choose_by": "log_loss",
    "batch_rows": 64,
    "learning_rate": 0.01,
    "warmup_share": 0.1,
    "weight_decay": 0.01,
    "seed": 1,
    "device": "cpu",
    "threads": 1,
    "refit": False,
}

LONGER = {"epochs": 6, "batch_rows": 8, "refit": True}


def write_features(folder: Path, per_month: int = 250) -> Path:
    """January to April; a flight is late when its first number is above 0.5."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for month in range(1, 5):
        days = [
            date(2013, month, 1) + timedelta(days=row * 28 // per_month) for row in range(per_month)
        ]
        held: dict[str, object] = {
            "flight_id": [f"{month}-{row}" for row in range(per_month)],
            "date": days,
        }
        for place, name in enumerate(columns.names("number")):
            spread = 1 if place < 2 else 0
            held[name] = random.normal(0, spread, per_month).astype(np.float32)
        for name in columns.names("category"):
            held[name] = random.choice(["A", "B", "C"], per_month)
        table = pl.DataFrame(held)
        late = pl.col(columns.names("number")[0]) > 0.5
        table.with_columns(late=late).write_parquet(folder / f"2013-{month:02}.parquet")
    return folder


def run(folder: Path, **changed: object) -> Path:
    """Run the stage in the current folder; its outputs go to `folder`."""
    folder.mkdir()
    train_torch(
        Path("features"),
        *(folder / name for name in ("model", "predictions.parquet", "metrics.json", "curves")),
        window=WINDOW,
        splits=SPLITS,
        params=Params.model_validate(PARAMS | changed),
    )
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_features(tmp_path / "features")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_writes_model_predictions_metrics_and_curves(place: Path):
    out = run(place / "out")
    assert set(contents(out)) == {
        "model/model.json",
        "model/weights.safetensors",
        "predictions.parquet",
        "metrics.json",
        "curves/plots/metrics/learning_rate.tsv",
        "curves/plots/metrics/train/log_loss.tsv",
        "curves/plots/metrics/validation/auc.tsv",
        "curves/plots/metrics/validation/log_loss.tsv",
    }
    metrics = json.loads((out / "metrics.json").read_text())
    assert list(metrics) == ["validation", "train", "epochs", "rows"]
    assert list(metrics["validation"]) == ["auc", "average_precision", "log_loss", "brier"]
    assert metrics["rows"] == {"train": 500, "validation": 250, "test": 250}
    assert metrics["validation"]["auc"] > 0.9


def test_every_labelled_flight_is_predicted_in_the_order_of_the_features(place: Path):
    predictions = pl.read_parquet(run(place / "out") / "predictions.parquet")
    features = pl.read_parquet("features/*.parquet")
    assert predictions.columns == ["flight_id", "date", "split", "late", "probability"]
    assert predictions.get_column("flight_id").equals(features.get_column("flight_id"))
    assert predictions.get_column("late").equals(features.get_column("late"))
    assert predictions.schema["probability"] == pl.Float64
    assert predictions.get_column("split").value_counts().sort("split").rows() == [
        ("test", 250),
        ("train", 500),
        ("validation", 250),
    ]


def test_the_saved_model_predicts_what_the_stage_wrote(place: Path):
    out = run(place / "out")
    features = pl.read_parquet("features/*.parquet")
    written = pl.read_parquet(out / "predictions.parquet").get_column("probability")
    np.testing.assert_allclose(network.load(out / "model").predict(features), written, atol=1e-12)


def test_nothing_of_the_test_period_reaches_the_model_or_the_metrics(place: Path):
    honest = contents(run(place / "honest"))
    test = pl.read_parquet("features/2013-04.parquet")
    number = columns.names("number")[0]
    test.with_columns(~pl.col("late"), pl.col(number) * 100).write_parquet(
        "features/2013-04.parquet"
    )
    changed = contents(run(place / "changed"))
    differing = {name for name in honest if honest[name] != changed[name]}
    assert differing == {"predictions.parquet"}


def test_two_runs_give_the_same_bytes_and_leave_no_checkpoint(place: Path):
    assert contents(run(place / "one")) == contents(run(place / "two"))
    assert [path.name for path in CHECKPOINTS.iterdir()] == [".gitignore"]


def test_flights_in_any_order_within_one_file_are_told_apart_by_their_day(place: Path):
    """A split that does not lie together is found flight by flight."""
    features = pl.read_parquet("features/*.parquet")
    for path in Path("features").iterdir():
        path.unlink()
    features.sample(fraction=1, shuffle=True, seed=3).write_parquet("features/2013.parquet")
    out = run(place / "out", refit=True)
    predictions = pl.read_parquet(out / "predictions.parquet")
    assert predictions["flight_id"].equals(pl.read_parquet("features/*.parquet")["flight_id"])
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["rows"] == {"train": 500, "validation": 250, "test": 250}
    assert metrics["validation"]["auc"] > 0.9


def test_a_later_month_that_lacks_a_feature_is_named():
    path, name = Path("features/2013-04.parquet"), columns.names("number")[0]
    pl.read_parquet(path).drop(name).write_parquet(path)
    with pytest.raises(DataError, match=f"lacks 1 of .* features: {name}"):
        run(Path("out"))


def test_a_refit_on_all_flights_lies_beside_the_model(place: Path):
    plain, refitted = contents(run(place / "one")), contents(run(place / "two", refit=True))
    refit = refitted.pop("model/refit.safetensors")
    assert refitted == plain
    assert refit != plain["model/weights.safetensors"]
    model = network.load(place / "two" / "model", network.REFIT)
    assert model.predict(pl.read_parquet("features/2013-04.parquet")).shape == (250,)


def start(out: Path, cores: set[int] | None = None, **changed: object) -> subprocess.Popen[str]:
    """The stage as a process of its own, on some of the cores."""
    settings = {
        "window": {"start": "2013-01-01", "end": "2013-05-01"},
        "splits": {"validation_months": 1, "test_months": 1},
        "train_torch": PARAMS | LONGER | changed,
    }
    Path("params.yaml").write_text(json.dumps(settings))
    paths = [f"--{name}={out / name}" for name in ("model", "predictions", "metrics", "curves")]
    return subprocess.Popen(
        [sys.executable, "-m", "include.flights.train_torch", "--features=features", *paths],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores or os.sched_getaffinity(0)),
    )


def outputs(folder: Path) -> dict[str, bytes]:
    """What a process of `start` wrote, under the names that `run` gives."""
    names = {"predictions": "predictions.parquet", "metrics": "metrics.json"}
    return {names.get(name, name): held for name, held in contents(folder).items()}


def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(place: Path):
    killed = start(place / "out")
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.startswith("epoch  2"):
            os.kill(killed.pid, signal.SIGKILL)
            break
    assert killed.wait() == -signal.SIGKILL
    for half_written in (place / "out").glob(".*"):
        shutil.rmtree(half_written)
    assert contents(place / "out") == {}
    said, _ = (again := start(place / "out")).communicate()
    assert again.returncode == 0
    assert said.startswith("goes on after epoch ")
    assert outputs(place / "out") == contents(run(place / "undisturbed", **LONGER))


def test_the_number_of_cores_changes_no_byte(place: Path):
    lonely = start(place / "out", cores={min(os.sched_getaffinity(0))}, threads=2)
    lonely.communicate()
    assert lonely.returncode == 0
    assert outputs(place / "out") == contents(run(place / "all", **LONGER | {"threads": 2}))


def stop_after_training(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the checkpoint of a training that did not write its outputs."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("include.flights.models.training.write_predictions", stop)
        with pytest.raises(KeyboardInterrupt):
            run(place / "stopped")
    assert len(list(CHECKPOINTS.glob("*/fit.pt"))) == 1


def test_a_checkpoint_of_the_same_training_is_taken_up(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    stop_after_training(place, monkeypatch)
    again = contents(run(place / "again"))
    assert "goes on after epoch 4" in capsys.readouterr().out
    assert contents(run(place / "undisturbed")) == again


@pytest.mark.parametrize("change", ["seed", "features"])
def test_a_checkpoint_of_another_training_is_not_taken_up(
    change: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    stop_after_training(place, monkeypatch)
    if change == "features":
        path = Path("features/2013-01.parquet")
        pl.read_parquet(path).with_columns(~pl.col("late")).write_parquet(path)
    run(place / "other", seed=2 if change == "seed" else 1)
    assert "goes on" not in capsys.readouterr().out


def test_training_flights_of_one_outcome_are_counted():
    for month in (1, 2):
        path = Path(f"features/2013-{month:02}.parquet")
        pl.read_parquet(path).with_columns(late=pl.lit(False)).write_parquet(path)
    with pytest.raises(DataError) as caught:
        run(Path("out"))
    assert str(caught.value) == (
        "All 500 flights of the split train are punctual: nothing can be learned.\n"
        "  Next: widen the window, change splits, or change label.late_after_min in params.yaml."
    )


def test_validation_flights_of_one_outcome_are_counted():
    path = Path("features/2013-03.parquet")
    pl.read_parquet(path).with_columns(late=pl.lit(True)).write_parquet(path)
    with pytest.raises(DataError, match="All 250 flights of the split validation are late"):
        run(Path("out"))


def test_an_empty_validation_split_is_named():
    Path("features/2013-03.parquet").unlink()
    with pytest.raises(DataError) as caught:
        run(Path("out"))
    assert str(caught.value) == (
        "The split validation holds no labelled flight.\n"
        "  Next: set window and splits in params.yaml so that it covers days with flights."
    )


def test_a_missing_label_is_named():
    for path in Path("features").iterdir():
        pl.read_parquet(path).rename({"late": "later"}).write_parquet(path)
    with pytest.raises(DataError) as caught:
        run(Path("out"))
    assert str(caught.value) == (
        "features has no column 'late'. Did you mean 'later'?\n"
        "  Next: run `dvc repro build_features`, which writes it."
    )


def test_a_folder_without_features_is_named():
    shutil.rmtree("features")
    Path("features").mkdir()
    with pytest.raises(DataError, match="features holds no month of features"):
        run(Path("out"))


def test_a_missing_feature_is_named():
    name = columns.names("number")[0]
    for path in Path("features").iterdir():
        pl.read_parquet(path).drop(name).write_parquet(path)
    with pytest.raises(DataError, match=f"lacks 1 of .* features: {name}"):
        run(Path("out"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_asking_for_a_gpu_that_is_not_there_says_what_to_do():
    with pytest.raises(PipelineError) as caught:
        prepare(Params.model_validate(PARAMS | {"device": "cuda"}))
    assert str(caught.value) == (
        "train_torch.device is cuda, but this machine has no GPU that torch can use.\n"
        "  Next: set train_torch.device to auto or cpu in params.yaml, or run the stage on a GPU."
    )


def test_the_section_in_params_yaml_is_valid():
    assert step.read_params("train_torch", Params, ROOT / "params.yaml").seed >= 0
