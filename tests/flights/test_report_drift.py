"""What the stage report_drift promises, on four months of made-up flights.

Long because all its cases read the same small history.
"""

import calendar
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from include import step
from include.flights import columns
from include.flights.report_drift import report_drift

ROOT = Path(__file__).parents[2]
COMPARED = ("temp_f", "carrier")
MONTHS = (1, 2, 3, 4)
PARAMS: dict[str, dict[str, object]] = {
    "window": {"start": "2013-01-01", "end": "2013-05-01"},
    "splits": {"validation_months": 1, "test_months": 1},
    "report_drift": {
        "reference_rows": 100,
        "current_rows": 1000,
        "group_rows": 50,
        "seed": 7,
        "left_out": [name for name in columns.names() if name not in COMPARED],
        "number_psi": 0.2,
        "category_distance": 0.1,
        "empty_share_change": 0.2,
        "drift_weighted_max": 0.5,
        "unknown_share_max": 0.05,
        "prediction_psi_max": 0.25,
        "outcome_share_change_max": 0.1,
        "auc_min": 0.68,
        "auc_drop_max": 0.05,
        "log_loss_saved_drop_max": 0.08,
        "calibration_gap_max": 0.05,
    },
}
ARGUMENTS = {
    "features": "data/features",
    "predictions": "predictions",
    "chosen": "models/chosen.json",
    "models": "models",
    "page": "reports/drift.html",
    "details": "reports/drift_details.html",
    "numbers": "reports/drift.json",
    "metrics": "metrics/drift.json",
}
HOSTILE = "</script><script>alert(1);document.title='broken in'</script>"
OUTS = [ARGUMENTS[name] for name in ("page", "details", "numbers", "metrics")]
COMMAND = [word for name, path in ARGUMENTS.items() for word in (f"--{name}", path)]


def flights(month: int, warmer: float = 0.0, carrier: str = "AA") -> pl.DataFrame:
    """120 flights in order of time; every fourth is late, and the model says so."""
    rows = range(120)
    last = calendar.monthrange(2013, month)[1]
    made = {
        "flight_id": [f"{month}-{row:03}" for row in rows],
        "date": [date(2013, month, min(1 + row // 4, last)) for row in rows],
        "late": [row % 4 == 0 for row in rows],
    }
    empty = {
        column.name: pl.Series(
            [None] * 120, dtype=pl.Float32 if column.kind == "number" else pl.String
        )
        for column in columns.FEATURES
    }
    values = {
        "temp_f": pl.Series([warmer + row % 10 for row in rows], dtype=pl.Float32),
        "carrier": pl.Series([carrier if row % 2 else "UA" for row in rows]),
    }
    return pl.DataFrame({**made, **empty, **values})


def small_model(path: Path) -> None:
    """A model that splits by temperature alone, and knows the carrier."""
    import xgboost as xgb

    rows = np.arange(40.0).reshape(20, 2)
    rows[:, 1] = 0.0
    matrix = xgb.DMatrix(rows, label=np.arange(20) > 9, feature_names=["temp_f", "carrier"])
    path.parent.mkdir(parents=True)
    path.write_bytes(xgb.train({"max_depth": 1, "nthread": 1}, matrix, 2).save_raw("ubj"))


def write(folder: Path, **current: object) -> Path:
    """A repository with its features, predictions and chosen model; April as told."""
    tables = [flights(month, **(current if month == 4 else {})) for month in MONTHS]  # type: ignore[arg-type]
    (folder / "data/features").mkdir(parents=True)
    for month, table in zip(MONTHS, tables, strict=True):
        table.write_parquet(folder / f"data/features/2013-{month:02}.parquet")
    number = pl.col("date").dt.month()
    said = pl.concat(tables).select(
        "flight_id",
        "date",
        split=pl.when(number < 3)
        .then(pl.lit("train"))
        .when(number < 4)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("test")),
        late="late",
        probability=pl.when("late").then(0.4).otherwise(0.2),
    )
    (folder / "predictions").mkdir()
    for name in ("xgboost", "torch"):
        said.write_parquet(folder / f"predictions/{name}.parquet")
    small_model(folder / "models/xgboost/model.ubj")
    # The weights sum to 1: two members that say the same are blended to what they say.
    (folder / "models/chosen.json").write_text(
        json.dumps({"members": {"xgboost": 0.5, "torch": 0.5}, "intercept": 0.0, "reason": "blend"})
    )
    write_params(folder, PARAMS)
    return folder


def write_params(folder: Path, params: object) -> None:
    (folder / "params.yaml").write_text(json.dumps(params))  # JSON is YAML


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(folder)
    return step.run(report_drift, COMMAND)


def run_alone(folder: Path, seed: str) -> None:
    """Run the stage as dvc does, in a process with this order of sets."""
    subprocess.run(
        [sys.executable, "-m", "include.flights.report_drift", *COMMAND],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        check=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write(tmp_path / "repository")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of a month that holds a carrier with a hostile name."""
    folder = write(tmp_path_factory.mktemp("done") / "r", carrier=HOSTILE)
    run_alone(folder, seed="1")
    return folder


def test_a_month_like_those_before_has_not_drifted(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(repository, monkeypatch) == 0
    numbers = json.loads(Path("reports/drift.json").read_text())
    assert (numbers["verdict"]["state"], numbers["verdict"]["drifted"]) == ("steady", False)
    assert numbers["season"] == (
        "The reference is the whole training period, which holds no April of an earlier year: "
        "some of what moved is the season."
    )
    assert numbers["periods"] == [
        "Reference: 2013-01-01 to 2013-02-28, 100 of 240 flights.",
        "Current: 2013-04-01 to 2013-04-30, 120 of 120 flights.",
    ]
    assert sorted(numbers["columns"]) == ["carrier", "temp_f"]
    metrics = json.loads(Path("metrics/drift.json").read_text())
    assert (metrics["drifted"], metrics["auc"]) == (0, 1.0)
    # 30 flights of 0.4 and 90 of 0.2 give a mean of 0.25, which is the share of late flights.
    assert metrics["calibration_gap"] == 0.0
    printed = capsys.readouterr().out
    assert "Drift of the flights in 2013-04. The model does as it should, and what " in printed


def test_a_drifted_month_says_why_and_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "repository", warmer=100.0, carrier="ZZ")
    assert run(folder, monkeypatch) == 0
    numbers = json.loads(Path("reports/drift.json").read_text())
    assert numbers["verdict"]["state"] == "moved"
    assert numbers["reasons"] == [
        (
            "2 of 2 columns drifted, most of all temp_f, carrier; they are 100.0% of what the "
            "model uses, and at most 50.0% may be."
        ),
        "50.0% of the flights have a value of carrier that the model does not know; at most 5.0% may.",
    ]
    # The model never splits by the carrier.
    assert {name: held["weight"] for name, held in numbers["columns"].items()} == {
        "temp_f": 1.0,
        "carrier": 0.0,
    }
    assert numbers["columns"]["temp_f"]["since"] == "2013-04"
    assert json.loads(Path("metrics/drift.json").read_text())["drifted"] == 1


def test_a_column_that_the_model_does_not_use_is_no_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "repository")
    for path in sorted((folder / "data/features").iterdir())[3:]:
        swapped = pl.col("carrier").replace({"AA": "UA", "UA": "AA"})
        half = pl.when(pl.int_range(pl.len()) % 4 > 0).then(swapped).otherwise("carrier")
        pl.read_parquet(path).with_columns(half).write_parquet(path)
    assert run(folder, monkeypatch) == 0
    numbers = json.loads(Path("reports/drift.json").read_text())
    assert numbers["columns"]["carrier"]["drifted"]
    assert numbers["verdict"]["state"] == "steady"


def test_two_runs_in_two_places_write_the_same_bytes(done: Path, tmp_path: Path) -> None:
    other = shutil.copytree(done, tmp_path / "a folder with another name")
    for out in OUTS:
        (other / out).unlink()
    # Sets and dicts of text have another order in every process.
    run_alone(other, seed="2")
    for out in OUTS:
        assert (other / out).read_bytes() == (done / out).read_bytes(), out
    page = (done / "reports/drift.html").read_text()
    assert str(done) not in page


def test_the_page_leads_to_evidentlys_by_the_name_that_it_has(done: Path) -> None:
    (link,) = re.findall(r'href="([^"]+)"', (done / "reports/drift.html").read_text())
    assert (done / "reports" / link).stat().st_size > 1_000_000
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["report_drift"]
    assert {f"reports/{link}", "reports/drift.html"} < set(stage["outs"])


def test_evidentlys_page_asks_for_nothing_outside_itself(done: Path) -> None:
    page = (done / "reports/drift_details.html").read_text()
    # Outside of the library's code, which names addresses in its error messages.
    html = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)
    assert not re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", html)
    assert not re.findall(r"<(?:link|iframe|img|script)\s[^>]*(?:src|href)", page)


def test_a_value_of_a_column_is_shown_and_never_run(done: Path) -> None:
    details = (done / "reports/drift_details.html").read_text()
    page = (done / "reports/drift.html").read_text()
    assert HOSTILE not in details and HOSTILE not in page
    assert r"\u003c/script>\u003cscript>alert(1)" in details
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page


def test_a_browser_draws_evidentlys_page_without_network(done: Path, tmp_path: Path) -> None:
    asks = tmp_path / "asks.html"
    asks.write_text('<img src="http://outside.test/image.png">')
    page, asked = browse(done / "reports/drift_details.html", tmp_path)
    assert asked == []
    # What a page asks for is heard.
    assert browse(asks, tmp_path)[1] == ["http://outside.test/image.png"]
    assert "Drift in column 'carrier'" in page
    # The hostile value would have changed the title.
    assert "broken in</title>" not in page


def browse(page: Path, home: Path) -> tuple[str, list[str]]:
    """The page after its scripts have run, and the addresses that it asked for."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no chromium on this machine")
    log = home / "network.json"
    options = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000"),
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={home / 'browser'}",
        f"--log-net-log={log}",
    ]
    command = [browser, *options, "--dump-dom", page.as_uri()]
    drawn = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    events = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    requests = [event for event in events if "initiator" in event and "url" in event]
    # The browser's own errands have no origin.
    return drawn.stdout, [e["url"] for e in requests if e["initiator"] != "not an origin"]


def test_only_a_sample_of_a_large_month_is_compared(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = {**PARAMS["report_drift"], "current_rows": 100}
    write_params(repository, {**PARAMS, "report_drift": section})
    assert run(repository, monkeypatch) == 0
    numbers = json.loads(Path("reports/drift.json").read_text())
    assert numbers["periods"][1] == "Current: 2013-04-01 to 2013-04-30, 100 of 120 flights."
    assert numbers["outcomes"]["current"]["rows"] == 120  # outcomes are counted in all


def test_only_a_sample_of_the_training_period_is_compared(done: Path) -> None:
    assert json.loads((done / "reports/drift.json").read_text())["periods"][0] == (
        "Reference: 2013-01-01 to 2013-02-28, 100 of 240 flights."
    )


FAILURES = {
    "an unknown setting": (
        {"auc_mn": 0.7},
        (
            "params.yaml has an unknown setting report_drift.auc_mn. Did you mean 'auc_min'?\n"
            "  Next: rename or remove it."
        ),
    ),
    "a setting out of range": (
        {"calibration_gap_max": 5},
        (
            "params.yaml sets report_drift.calibration_gap_max to 5: input should be less than or "
            "equal to 1.\n  Next: change report_drift.calibration_gap_max in params.yaml."
        ),
    ),
    "a feature that is none": (
        {"left_out": ["carier"]},
        (
            "report_drift.left_out names 'carier', which is no feature. Did you mean 'carrier'?\n"
            "  Next: change report_drift.left_out in params.yaml."
        ),
    ),
    "no feature left": (
        {"left_out": columns.names()},
        (
            f"report_drift.left_out names all {len(columns.names())} features.\n"
            "  Next: change report_drift.left_out in params.yaml."
        ),
    ),
}


@pytest.mark.parametrize(("setting", "message"), FAILURES.values(), ids=FAILURES)
def test_a_wrong_setting_is_named(
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: dict[str, object],
    message: str,
) -> None:
    section = {**PARAMS["report_drift"], **setting}
    write_params(repository, {**PARAMS, "report_drift": section})
    assert run(repository, monkeypatch) == 1
    assert capsys.readouterr().err == f"report_drift: {message}\n"
    assert not any(Path(out).exists() for out in OUTS)


def test_an_empty_last_month_is_an_error(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Two test months, the second of them empty: the window runs ahead of the flights.
    write_params(
        repository,
        {
            **PARAMS,
            "window": {"start": "2013-01-01", "end": "2013-06-01"},
            "splits": {"validation_months": 1, "test_months": 2},
        },
    )
    assert run(repository, monkeypatch) == 1
    assert capsys.readouterr().err == (
        "report_drift: The features hold no flight of 2013-05, the last month of the window; the "
        "last is of 2013-04-30.\n  Next: set window.end in params.yaml to the end of a month that "
        "has labelled flights.\n"
    )


def test_predictions_of_other_flights_are_an_error(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = repository / "predictions/torch.parquet"
    pl.read_parquet(path).filter(pl.col("flight_id") != "4-007").write_parquet(path)
    assert run(repository, monkeypatch) == 1
    assert capsys.readouterr().err == (
        "report_drift: predictions/torch.parquet holds 479 flights and the features 480: 1 have "
        "no prediction (4-007).\n  Next: run `dvc repro train_torch`, which predicts them anew.\n"
    )


def test_a_feature_that_is_not_there_is_an_error(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (repository / "data/features").iterdir():
        pl.read_parquet(path).rename({"carrier": "carriers"}).write_parquet(path)
    assert run(repository, monkeypatch) == 1
    assert capsys.readouterr().err == (
        "report_drift: data/features has no column 'carrier'. Did you mean 'carriers'?\n"
        "  Next: run `dvc repro build_features`, which makes it anew.\n"
    )


def test_a_model_that_is_not_there_is_an_error(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = repository / "models/xgboost/model.ubj"
    model.write_bytes(model.read_bytes()[:100])
    assert run(repository, monkeypatch) == 1
    model.unlink()
    assert run(repository, monkeypatch) == 1
    fix = "  Next: run `dvc repro train_xgboost`, which writes it anew.\n"
    assert capsys.readouterr().err == (
        f"report_drift: models/xgboost/model.ubj is no model of XGBoost.\n{fix}"
        f"report_drift: models/xgboost holds neither refit.ubj nor model.ubj.\n{fix}"
    )
