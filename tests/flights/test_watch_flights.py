"""The stage watch_flights: what it measures anew, and what it tells."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import small_watching
from live_repo import flights
from small_watching import SECTION, YEAR, Place, ended

from include.errors import DataError
from include.flights.splits import Window
from include.monitoring.journal import convert
from include.serving.journal import Journal, line, reply_line


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_watching.make(tmp_path_factory.mktemp("watching") / "made")


@pytest.fixture
def place(scored: Path, tmp_path: Path) -> Place:
    return Place(Path(shutil.copytree(scored, tmp_path / "here")))


def test_each_month_that_was_scored_is_judged_and_the_newest_gives_the_metrics(place):
    told = place.run()
    assert [
        (one["start"], one["end"], one["model"], one["rows"], one["labelled"])
        for one in told["windows"]
    ] == [
        ("2013-10-01", "2013-11-01", "v0.0.3", 50, 50),
        ("2013-11-01", "2013-12-01", "v0.0.3", 50, 50),
        ("2013-12-01", "2014-01-01", "v0.0.3", 50, 50),
    ]
    newest = told["windows"][-1]
    assert newest["signals"]["outcome_share"] == 0.34
    assert newest["signals"].keys() >= {
        *("auc", "auc_estimated", "log_loss", "calibration_gap", "prediction_psi"),
        *("drift_weighted", "outcome_share_change", "group_gap", "unknown_share"),
        *("stale_share", "error_rate", "latency_p99_ms", "seconds_per_1000"),
    }
    metrics = json.loads((place.root / "metrics.json").read_text())
    assert metrics["windows"] == 3
    assert {name: metrics[name] for name in newest["signals"]} == newest["signals"]


def test_months_without_scores_show_how_far_columns_move_and_are_not_judged(place):
    for month in ("2013-10", "2013-11"):
        (place.scores / f"{month}.parquet").unlink()
    assert [one["start"] for one in place.run()["windows"]] == ["2013-12-01"]
    assert (place.facts / "2013-11.json").exists()


def test_a_new_month_costs_itself_and_a_replay_is_the_same_bytes(place, capsys):
    shutil.rmtree(place.facts)
    november = Window(start=YEAR.start, end=date(2013, 12, 1))
    shutil.move(place.scores / "2013-12.parquet", place.root / "kept.parquet")
    place.run(november)
    shutil.move(place.root / "kept.parquet", place.scores / "2013-12.parquet")
    capsys.readouterr()
    place.run()
    assert capsys.readouterr().out.startswith("months measured: 2013-12\n")
    place.run()
    assert capsys.readouterr().out.startswith("months measured: none\n")
    first = place.made()
    shutil.rmtree(place.facts)
    place.run()
    assert place.made() == first


def test_other_limits_measure_nothing_again(place, capsys):
    capsys.readouterr()
    place.run(hurting={**SECTION["hurting"], "calibration_gap_max": 0.5})
    assert capsys.readouterr().out.startswith("months measured: none\n")


def test_labels_that_are_late_leave_a_month_blind_until_they_come(place, capsys):
    told = place.run(labels_after_days=31)
    assert [one["labelled"] for one in told["windows"]] == [50, 50, 0]
    newest = told["windows"][-1]
    assert (newest["state"], newest["signals"]["auc"]) == ("blind", None)
    assert newest["signals"]["auc_estimated"] is not None
    capsys.readouterr()
    later = Window(start=YEAR.start, end=date(2014, 1, 2))
    flights(12).write_parquet(place.features / "2014-01.parquet")
    ended(12).write_parquet(place.flights / "2014-01.parquet")
    told = place.run(later, labels_after_days=29)
    assert [one["labelled"] for one in told["windows"]] == [50, 50, 50]
    assert told["windows"][-1]["state"] != "blind"


def test_nobody_knows_an_outcome_before_the_flight_has_arrived(place):
    evening = datetime(2013, 12, 31, 23, tzinfo=UTC)
    table = ended(12).with_columns(
        arr_utc=pl.when(pl.int_range(pl.len()) == 0)
        .then(evening + timedelta(hours=7))
        .otherwise(evening)
    )
    table.write_parquet(place.flights / "2013-12.parquet")
    assert place.run()["windows"][-1]["labelled"] == 49


def test_without_a_champion_the_run_is_green_and_says_so(place, capsys):
    (place.champion / "champion.json").write_text('{"version": null}')
    place.score()
    capsys.readouterr()
    told = place.run()
    reason = "No model was watched: no version is live, or champion.version is none."
    assert (told["windows"], told["verdict"]["sentence"]) == ([], reason)
    assert capsys.readouterr().out == f"{reason}\n"
    assert [path.name for path in place.facts.iterdir()] == ["_keys.json"]
    assert json.loads((place.root / "metrics.json").read_text()) == {"windows": 0}


def test_the_log_is_measured_and_its_hash_can_be_asked_for(place, capsys):
    journal = Journal(place.root / "log")
    at = datetime(2013, 12, 5, tzinfo=UTC)
    journal.declare("delays:1", ["carrier"])
    found = {"features": [["UA"]], "ages": {"departure_schedule": [1e9]}}
    journal.append(line("a", at, "delays:1", "entities", b"[{}]", [0.5], **found))
    journal.append(reply_line(at, "/predict/features", 200, 0.02))
    journal.close()
    convert(place.root / "log", place.root / "parquet")
    capsys.readouterr()
    where = {"location": str(place.root / "parquet"), "md5": "none"}
    told = place.run(log=where)
    assert capsys.readouterr().out.startswith("months measured: 2013-10, 2013-11, 2013-12\n")
    found = [(w["signals"]["stale_share"], w["signals"]["latency_p99_ms"]) for w in told["windows"]]
    assert found == [(None, None), (None, None), (1.0, 20.0)]
    assert place.run(log={**where, "md5": told["log_md5"]}) == told
    with pytest.raises(DataError, match="and log.md5 asks for 0000"):
        place.run(log={**where, "md5": "0" * 32})
