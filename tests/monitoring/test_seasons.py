"""With which rows a month is compared."""

from datetime import date

import polars as pl

from include.monitoring.seasons import reference


def days(*texts: str) -> pl.Series:
    return pl.Series([date.fromisoformat(text) for text in texts])


def test_a_month_is_compared_with_its_season_of_earlier_years() -> None:
    held = days("2011-06-30", "2012-04-30", "2012-05-01", "2012-07-31", "2012-08-01", "2013-05-31")
    found = reference(held, date(2013, 6, 1))
    # June itself, a year or two before, and its neighbours; but not May of the same year.
    assert found.rows.to_list() == [True, False, True, True, False, False]
    assert found.seasonal
    assert found.sentence == (
        "The reference is the same season of earlier years: June of 2011 and the months beside "
        "it, 2011-06-30 to 2012-07-31."
    )


def test_a_season_that_reaches_over_new_year_is_whole() -> None:
    held = days("2011-12-05", "2012-01-05", "2012-11-05", "2012-12-05", "2013-01-05", "2013-02-05")
    found = reference(held, date(2013, 12, 1))
    assert found.rows.to_list() == [True, True, True, True, True, False]


def test_without_that_month_in_an_earlier_year_all_rows_are_the_reference() -> None:
    # Its neighbours alone are no season: most of it is missing.
    found = reference(days("2012-07-15", "2013-01-01", "2013-04-30"), date(2013, 6, 1))
    assert found.rows.to_list() == [True, True, True]
    assert not found.seasonal
    assert found.sentence == (
        "The reference is the whole training period, which holds no June of an earlier year: "
        "some of what moved is the season."
    )
