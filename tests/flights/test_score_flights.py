"""The scores of a month are what the champion says of its flights, and made once."""

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xgboost
from live_repo import bento, flights, lay_features
from polars.testing import assert_frame_equal
from tiny_models import matrix_of

from include.errors import DataError
from include.flights import score_flights as stage
from include.flights.fetch_champion import take_model
from include.flights.members.chosen import Chosen
from include.flights.models.encoding import Encoder
from include.flights.score_flights import Params, numbers, score_flights
from include.flights.splits import Window
from include.flights.tabm import network

WINDOW = Window(start=date(2013, 10, 1), end=date(2013, 12, 11))
MEMBERS = {"xgboost": 0.6, "torch": 0.4}


class Place:
    """A folder in which the stage can be run."""

    def __init__(self, root: Path) -> None:
        self.root, self.champion, self.features = root, root / "champion", root / "features"
        self.scores, self.metrics = root / "scores" / "flights", root / "scores.json"
        self.scores.parent.mkdir(exist_ok=True)

    def run(self, months: int = 1, window: Window = WINDOW) -> dict[str, object]:
        score_flights(
            self.champion,
            self.features,
            self.scores,
            self.metrics,
            window=window,
            params=Params(months=months),
        )
        told: dict[str, object] = json.loads(self.metrics.read_text())
        return told

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.scores.iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of three months, and a blend that was fetched as v0.0.3."""
    root = tmp_path_factory.mktemp("scoring")
    blend = bento(root / "work", MEMBERS)
    lay_features(root / "features")
    (root / "champion").mkdir()
    take_model(blend, root / "champion", "flight_delays v0.0.3")
    (root / "champion" / "champion.json").write_text('{"version": "v0.0.3"}')
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    shutil.copytree(made, tmp_path / "here")
    return Place(tmp_path / "here")


def test_scores_are_those_of_the_pipeline(place):
    """The members' own libraries, blended by chosen.json: what the training stages predict."""
    told = place.run()
    models, december = place.root / "work" / "models", flights(12)

    encoder = json.loads((models / "xgboost" / "model.json").read_text())["encoder"]
    booster = xgboost.Booster(model_file=models / "xgboost" / "model.ubj")
    members = {
        "xgboost": booster.predict(matrix_of(december, Encoder.from_json(encoder))).astype(float),
        "torch": network.load(models / "torch").predict(december),
    }
    expected = Chosen(members=MEMBERS).probability(members)
    scores = pl.read_parquet(place.scores / "2013-12.parquet")
    assert np.abs(scores["probability"].to_numpy() - expected).max() <= 1e-6
    assert_frame_equal(
        scores.drop("probability"),
        december.select("flight_id", "cutoff_utc").with_columns(
            late=pl.Series(expected >= 0.5), version=pl.lit("v0.0.3")
        ),
    )
    assert told == {
        "version": "v0.0.3",
        "rows": 50,
        "mean_probability": pytest.approx(expected.mean(), abs=1e-6),
        "late_share": (expected >= 0.5).mean(),
    }


def test_numbers_are_of_all_months_together():
    table = pl.DataFrame({"probability": [0.25, 0.5, 0.75, 0.5], "late": [False, True, True, True]})
    assert numbers(table, "v1.0.0") == {
        "version": "v1.0.0",
        "rows": 4,
        "mean_probability": 0.5,
        "late_share": 0.75,
    }


def test_a_new_day_costs_its_month_and_a_replay_is_the_same_bytes(place, monkeypatch):
    place.run(months=3)
    first = place.files()
    assert first.keys() == {"_keys.json", *(f"2013-{month}.parquet" for month in (10, 11, 12))}
    scored: list[str] = []
    score = stage.score

    def counted(table: pl.DataFrame, *rest: object) -> pl.DataFrame:
        scored.append(table["flight_id"][0])
        return score(table, *rest)

    monkeypatch.setattr(stage, "score", counted)
    place.run(months=3)
    assert scored == []
    december = place.features / "2013-12.parquet"
    pl.read_parquet(december).head(40).write_parquet(december)
    assert place.run(months=3)["rows"] == 140
    assert scored == ["2013-12_UA0_EWR"]
    flights(12).write_parquet(december)
    place.run(months=3)
    assert place.files() == first
    shutil.rmtree(place.scores)
    place.run(months=3)
    assert place.files() == first


def test_months_beyond_the_window_go(place):
    place.run(months=2)
    assert place.run(months=1)["rows"] == 50
    assert place.files().keys() == {"_keys.json", "2013-12.parquet"}
    place.run(window=Window(start=date(2013, 10, 1), end=date(2013, 12, 1)))
    assert place.files().keys() == {"_keys.json", "2013-11.parquet"}


def test_another_champion_scores_anew(place):
    place.run()
    (place.champion / "champion.json").write_text('{"version": "v0.0.4"}')
    assert place.run()["version"] == "v0.0.4"
    assert pl.read_parquet(place.scores / "2013-12.parquet")["version"].unique().to_list() == [
        "v0.0.4"
    ]


def test_without_a_champion_there_are_no_scores_and_the_reason(place, capsys):
    place.run()
    (place.champion / "champion.json").write_text('{"version": null}')
    reason = "no champion: no version is live, or champion.version is none"
    assert place.run() == {"version": None, "rows": 0, "reason": reason}
    assert place.files() == {"_keys.json": b"{}\n"}
    assert capsys.readouterr().out.endswith(f"{reason}\n")


def test_a_month_without_features_says_what_to_do(place):
    (place.features / "2013-12.parquet").unlink()
    with pytest.raises(DataError) as error:
        place.run()
    assert str(error.value) == (
        f"{place.features}/2013-12.parquet does not exist.\n"
        "  Next: run `dvc repro build_features`, which writes it."
    )


def test_features_that_the_champion_does_not_know_are_refused(place):
    table = flights(12).drop("temp_f")
    table.write_parquet(place.features / "2013-12.parquet")
    with pytest.raises(DataError, match="temp_f"):
        place.run()


def test_a_champion_that_answers_otherwise_here_is_refused(place):
    path = place.champion / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["probe"][0] += 0.25
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError) as error:
        place.run()
    assert str(error.value) == (
        "v0.0.3 answers made-up rows otherwise here than where it was packaged: probabilities "
        "differ by 2.5e-01.\n"
        "  Next: promote a version that this code and this environment made."
    )
