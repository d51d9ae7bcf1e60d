"""Where the scores are off, beside how far they are off in all rows."""

import polars as pl

from include.monitoring.group_gaps import Group, gaps

ROWS = pl.LazyFrame(
    {
        "score": [0.5] * 8,
        "won": [True, True, True, True, False, False, None, True],
        "town": ["A", "A", "A", "A", "B", "B", "B", None],
    }
)


def test_a_gap_is_that_of_the_group_less_that_of_all_rows():
    """5 of 7 were won, so all rows are 0.214286 too low; A is 0.5 too low, and B 0.5 too high."""
    assert gaps(ROWS, ("town",), "score", "won", least=2) == [
        Group("town", "B", 2, 0.5, 0.0, 0.714286),
        Group("town", "A", 4, 0.5, 1.0, -0.285714),
    ]


def test_rows_without_a_value_are_a_group():
    found = gaps(ROWS, ("town",), "score", "won", least=1)
    assert [(one.name, one.rows) for one in found] == [
        ("town B", 2),
        ("town (none)", 1),
        ("town A", 4),
    ]


def test_without_outcomes_there_are_no_groups():
    nobody = ROWS.with_columns(won=pl.lit(None, pl.Boolean))
    assert gaps(nobody, ("town",), "score", "won", least=1) == []
