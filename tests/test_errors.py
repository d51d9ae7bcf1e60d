"""What every deliberate error looks like."""

import pytest

from include.errors import (
    DataError,
    ParamsError,
    PipelineError,
    PlatformError,
    at_most_ten,
    did_you_mean,
)


@pytest.mark.parametrize("kind", [ParamsError, DataError, PipelineError])
def test_an_error_is_a_fact_and_an_order(kind: type[PlatformError]) -> None:
    error = kind("The file has 3 rows.", "add 7 rows.")
    assert isinstance(error, PlatformError)
    assert str(error) == "The file has 3 rows.\n  Next: add 7 rows."
    assert (error.what, error.fix) == ("The file has 3 rows.", "add 7 rows.")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("max_dept", " Did you mean 'max_depth'?"),
        ("rounds", " Did you mean 'rounds'?"),
        ("elephant", ""),
    ],
    ids=["a letter short", "the name itself", "like none"],
)
def test_the_nearest_name_is_offered(name: str, hint: str) -> None:
    assert did_you_mean(name, ["max_depth", "rounds"]) == hint


def test_no_name_is_near_in_an_empty_list() -> None:
    assert did_you_mean("rounds", []) == ""


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (range(0), ""),
        (range(1, 3), "1, 2"),
        (range(1, 11), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"),
        (range(1, 12), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more"),
        (range(1, 2011), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2,000 more"),
    ],
    ids=["none", "two", "ten", "eleven", "two thousand and ten"],
)
def test_a_long_list_is_cut_at_ten_and_counted(items: range, text: str) -> None:
    assert at_most_ten(items) == text
