"""What the suites of flights refer to, and what is said when it is not there."""

import json
from pathlib import Path

import polars as pl
import pytest

from include.errors import DataError, ParamsError
from include.flights import columns
from include.flights.validation.references import resolved
from include.validation.suites import read_suite

SUITES = Path(__file__).parents[3] / "include" / "flights" / "expectations"


@pytest.mark.parametrize("table", ["flights", "weather", *columns.SOURCE_REFERENCE])
def test_the_suites_of_all_tables_can_be_read(table: str) -> None:
    assert read_suite(SUITES / f"{table}.json").name == table


def referring(folder: Path, name: str) -> Path:
    rule = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "tailnum", "value_set": {"$reference": name}},
        "severity": "critical",
        "description": "a plane is known",
    }
    path = folder / "planes.json"
    path.write_text(json.dumps({"name": "planes", "expectations": [rule]}))
    return path


def test_a_reference_stands_for_the_values_of_a_list(tmp_path: Path) -> None:
    path = referring(tmp_path, "planes.tailnum")
    lists = {"planes": pl.DataFrame({"tailnum": ["N2", "N1", None, "N2"]})}
    [rule] = resolved(read_suite(path), lists, path)
    assert rule.kwargs["value_set"] == ["N1", "N2"]


def test_a_misspelt_reference_offers_the_nearest(tmp_path: Path) -> None:
    path = referring(tmp_path, "planes.tailnumber")
    lists = {"planes": pl.DataFrame({"tailnum": ["N1"]})}
    with pytest.raises(
        ParamsError, match="refers to 'planes.tailnumber'.* Did you mean 'planes.tailnum'"
    ):
        resolved(read_suite(path), lists, path)


def test_a_reference_to_an_empty_list_is_an_error_of_the_data(tmp_path: Path) -> None:
    path = referring(tmp_path, "planes.tailnum")
    lists = {"planes": pl.DataFrame({"tailnum": [None]}, {"tailnum": pl.String})}
    with pytest.raises(DataError, match=r"planes has no tailnum: it is empty\.\n  Next: correct"):
        resolved(read_suite(path), lists, path)
