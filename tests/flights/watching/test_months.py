"""What the months are measured from: what is refused, what is told, and what is in the key."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import small_watching
from small_watching import LABEL, SECTION, YEAR, Place

from include.errors import DataError, ParamsError
from include.flights.watching.months import Months
from include.flights.watching.settings import Params


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_watching.make(tmp_path_factory.mktemp("watching") / "made")


@pytest.fixture
def place(scored: Path, tmp_path: Path) -> Place:
    return Place(Path(shutil.copytree(scored, tmp_path / "here")))


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.rename({"probability": "probabilty"}), "lack the column probability. Did you"),
        (
            lambda t: t.rename({"flight_id": "id"}),
            "The scores of 2013-12 lack the column flight_id",
        ),
        (lambda t: t.with_columns(probability=pl.lit("high")), "have scores of the type String"),
    ],
    ids=["no score", "no id", "words"],
)
def test_scores_of_another_shape_are_refused(place, change, said):
    place.change(change(place.december()))
    assert said in refused(place)


def test_features_that_lack_a_column_are_refused(place):
    table = pl.read_parquet(place.features / "2013-12.parquet").drop("seats")
    table.write_parquet(place.features / "2013-12.parquet")
    assert refused(place).startswith("The rows of a window lack the column seats.")


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


def test_a_log_of_which_only_the_hash_is_given_is_refused(place):
    with pytest.raises(ParamsError, match="log.md5 is set, and log.location is none"):
        place.run(log={"location": "none", "md5": "0" * 32})
