"""The stage watch_flights: what it measures anew, what it refuses, and what it tells."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml
from live_repo import bento, flights, lay_features

from include.errors import DataError, ParamsError
from include.flights.fetch_champion import take_model
from include.flights.score_flights import Params as ScoreParams
from include.flights.score_flights import score_flights
from include.flights.splits import Label, Window
from include.flights.watch_flights import watch_flights
from include.flights.watching.months import Months
from include.flights.watching.settings import Params
from include.monitoring.journal import convert
from include.serving.journal import Journal, line, reply_line

ROOT = Path(__file__).parents[2]
SECTION = yaml.safe_load((ROOT / "params.yaml").read_text())["watch_flights"]
SECTION["hurting"]["group_rows"] = 30
YEAR = Window(start=date(2013, 10, 1), end=date(2014, 1, 1))
LABEL = Label(late_after_min=15)


def ended(month: int) -> pl.DataFrame:
    """How the flights of live_repo ended: each third was late."""
    table = flights(month).select("flight_id", sched_dep_utc=pl.col("cutoff_utc"))
    return table.with_columns(
        arr_utc=pl.col("sched_dep_utc") + timedelta(hours=3),
        arr_delay_min=pl.when(pl.int_range(pl.len()) % 3 == 0).then(40).otherwise(0),
    )


class Place:
    """A folder in which the stage can be run."""

    def __init__(self, root: Path) -> None:
        self.root, self.champion, self.features = root, root / "champion", root / "features"
        self.scores, self.flights, self.facts = root / "scores", root / "flights", root / "facts"

    def run(self, window: Window = YEAR, **changes: object) -> dict[str, object]:
        watch_flights(
            self.champion,
            self.scores,
            self.features,
            self.flights,
            self.facts,
            self.root / "watch.json",
            self.root / "metrics.json",
            window=window,
            label=LABEL,
            params=Params(**{**SECTION, **changes}),
        )
        told: dict[str, object] = json.loads((self.root / "watch.json").read_text())
        return told

    def score(self, months: int = 3, window: Window = YEAR) -> None:
        score_flights(
            self.champion,
            self.features,
            self.scores,
            self.root / "scores.json",
            window=window,
            params=ScoreParams(months=months),
        )

    def change(self, table: pl.DataFrame, month: str = "2013-12") -> None:
        table.write_parquet(self.scores / f"{month}.parquet")

    def december(self) -> pl.DataFrame:
        return pl.read_parquet(self.scores / "2013-12.parquet")

    def made(self) -> dict[str, bytes]:
        files = [*self.facts.iterdir(), self.root / "watch.json", self.root / "metrics.json"]
        return {file.name: file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features, outcomes, a champion, what it says of three months, and their facts."""
    root = tmp_path_factory.mktemp("watching")
    lay_features(root / "features")
    for month in (10, 11, 12):
        day = pl.col("cutoff_utc").dt.date().alias("date")
        flights(month).with_columns(day).write_parquet(root / f"features/2013-{month}.parquet")
    (root / "flights").mkdir()
    for month in (10, 11, 12):
        ended(month).write_parquet(root / f"flights/2013-{month}.parquet")
    (root / "champion").mkdir()
    take_model(bento(root / "work", {"xgboost": 1.0}), root / "champion", "v0.0.3")
    (root / "champion" / "champion.json").write_text('{"version": "v0.0.3"}')
    Place(root).score()
    Place(root).run()
    return root


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
        *("stale_share", "error_rate", "latency_p99_ms", "cost"),
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


def refused(place: Place) -> str:
    with pytest.raises(DataError) as error:
        place.run()
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"flight_id": pl.lit("2013-12_UA0_EWR")},
            "50 flights in 2013-12-01 to 2014-01-01 have 1 ids, twice or more: 2013-12_UA0_EWR.\n",
        ),
        (
            {"flight_id": "XX" + pl.col("flight_id")},
            "50 scores of 2013-12 are of flights that have no features: XX2013-12_UA0_EWR, ",
        ),
        (
            {"probability": pl.col("probability") + 1},
            "50 of 50 scores in 2013-12-01 to 2014-01-01 are no probabilities: 2013-12_UA0_EWR, ",
        ),
        (
            {"probability": pl.lit(float("nan"))},
            "50 of 50 scores in 2013-12-01 to 2014-01-01 are no probabilities: ",
        ),
        (
            {"probability": pl.lit(None, pl.Float64)},
            "50 of 50 scores in 2013-12-01 to 2014-01-01 are no probabilities: ",
        ),
        (
            {"version": pl.when(pl.int_range(pl.len()) < 10).then("version").otherwise(None)},
            "were scored by 2 models: v0.0.3 (10), none (40).\n",
        ),
        (
            {
                "version": pl.when(pl.int_range(pl.len()) < 10)
                .then("version")
                .otherwise(pl.lit("v9"))
            },
            "were scored by 2 models: v0.0.3 (10), v9 (40).\n"
            "  Next: watch one model a window: score it with one, or part the window.",
        ),
    ],
    ids=["twice", "no features", "above 1", "NaN", "none", "no model", "two models"],
)
def test_scores_that_cannot_be_are_refused(place, change, said):
    place.change(place.december().with_columns(**change))
    assert said in refused(place)


def test_a_month_that_was_scored_but_holds_nothing_is_refused(place):
    place.change(place.december().clear())
    assert refused(place) == (
        "The window 2013-12-01 to 2014-01-01 has no flights.\n"
        "  Next: score them first, or watch other windows."
    )


def test_a_month_to_come_is_refused(place):
    place.change(place.december(), month="2014-02")
    assert refused(place).startswith(f"{place.scores} holds scores of 2014-02, and the window ends")


def test_flights_of_another_month_are_refused(place):
    table = pl.read_parquet(place.features / "2013-12.parquet")
    moved = table.with_columns(date=pl.lit(date(2014, 1, 1)))
    moved.write_parquet(place.features / "2013-12.parquet")
    assert "50 of 50 flights are not of 2013-12-01 to 2014-01-01: " in refused(place)


def test_outcomes_of_flights_that_nobody_scored_are_told(place):
    place.change(place.december().head(40))
    [check] = [
        check for check in place.run()["windows"][-1]["checks"] if check["name"] == "labelled_share"
    ]
    assert check["reason"] == (
        "Of 40 flights the outcomes of 40 are known, and 10 came for flights that nobody scored; "
        "at least 0.95 is asked for."
    )


def test_a_group_that_is_no_category_is_refused():
    with pytest.raises(ValueError, match="'origins' is no category. Did you mean 'origin'"):
        Params(**{**SECTION, "groups": ["origins"]})


def test_a_log_of_which_only_the_hash_is_given_is_refused(place):
    with pytest.raises(ParamsError, match="log.md5 is set, and log.location is none"):
        place.run(log={"location": "none", "md5": "0" * 32})


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


def test_what_the_facts_depend_on_is_in_their_key(place):
    def key(**changes: object) -> str:
        params = Params(**{**SECTION, **changes})
        parts = (place.champion, place.scores, place.features, place.flights)
        return Months(*parts, YEAR, LABEL, params).key("2013-12")

    first = key()
    assert key(seed=8) != first
    assert key(groups=["carrier"]) != first
    assert key(months=2) == first
    assert key(hurting={**SECTION["hurting"], "auc_min": 0.1}) == first
    place.change(place.december().head(40))
    assert key() != first
