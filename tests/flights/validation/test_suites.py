"""What a suite may say, and what is said when it is wrong."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from include.errors import DataError, ParamsError
from include.flights import columns
from include.flights.validation.suites import Rule, read_suite, resolved

SUITES = Path(__file__).parents[3] / "include" / "flights" / "expectations"
GOOD = {
    "type": "expect_column_values_to_be_unique",
    "kwargs": {"column": "tailnum"},
    "severity": "critical",
    "description": "a plane is there once",
}


def written(folder: Path, *rules: Mapping[str, object]) -> Path:
    path = folder / "planes.json"
    path.write_text(json.dumps({"name": "planes", "expectations": list(rules)}))
    return path


@pytest.mark.parametrize("table", ["flights", "weather", *columns.SOURCE_REFERENCE])
def test_the_suites_of_all_tables_can_be_read(table: str) -> None:
    assert read_suite(SUITES / f"{table}.json").name == table


@pytest.mark.parametrize(
    ("severity", "meta", "action"),
    [
        ("critical", {"rows": "quarantine"}, "quarantine"),
        ("critical", {}, "stop"),
        ("warning", {"notes": "accepted"}, "warn"),
        ("info", {}, "warn"),
    ],
    ids=["rows set aside", "stops", "warns", "informs"],
)
def test_severity_and_rows_decide_what_a_failure_leads_to(
    severity: str, meta: dict[str, str], action: str
) -> None:
    assert Rule.model_validate(GOOD | {"severity": severity, "meta": meta}).action == action


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"severity": "fatal"}, "expectation 2: severity: input should be 'critical', 'warning'"),
        ({"kwarg": {}}, "expectation 2: kwarg: extra inputs are not permitted"),
        ({"meta": {"rows": "drop"}}, "expectation 2: meta.rows: input should be 'quarantine'"),
        (
            {"severity": "warning", "meta": {"rows": "quarantine"}},
            "expectation 2: value error, meta.rows: quarantine needs severity critical",
        ),
        (
            {"type": "expect_column_mean_to_be_between", "meta": {"rows": "quarantine"}},
            "expectation 2: value error, meta.rows: quarantine needs an expectation about rows",
        ),
        (
            {"kwargs": {"column": "tailnum", "mostly": 0.9}, "meta": {"rows": "quarantine"}},
            "meta.rows: quarantine sets every broken row aside; remove mostly",
        ),
        ({"description": GOOD["description"]}, "the description 'a plane is there once' is there twice"),
    ],
    ids=["severity", "unknown key", "rows", "warning", "no rows", "mostly", "twice"],
)  # fmt: skip
def test_a_wrong_rule_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = written(tmp_path, GOOD, {**GOOD, "description": "another", **change})
    with pytest.raises(ParamsError) as caught:
        read_suite(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "Next: correct it; the other expectations of the file show the form." in str(
        caught.value
    )


def test_a_file_that_is_not_json_says_where(tmp_path: Path) -> None:
    path = tmp_path / "planes.json"
    path.write_text('{"name": "planes",\n "expectations": [}')
    with pytest.raises(ParamsError) as caught:
        read_suite(path)
    what = f"{path} is not JSON: Expecting value in line 2, column 19.\n  Next: mend that line."
    assert str(caught.value) == what


def test_a_missing_suite_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"planes\.json does not exist\.\n  Next: write it"):
        read_suite(tmp_path / "planes.json")


def in_set(name: str) -> dict[str, object]:
    kwargs = {"column": "tailnum", "value_set": {"$reference": name}}
    return {**GOOD, "type": "expect_column_values_to_be_in_set", "kwargs": kwargs}


def test_a_reference_stands_for_the_values_of_a_list(tmp_path: Path) -> None:
    path = written(tmp_path, in_set("planes.tailnum"))
    lists = {"planes": pl.DataFrame({"tailnum": ["N2", "N1", None, "N2"]})}
    [rule] = resolved(read_suite(path), lists, path)
    assert rule.kwargs["value_set"] == ["N1", "N2"]


def test_a_misspelt_reference_offers_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, in_set("planes.tailnumber"))
    lists = {"planes": pl.DataFrame({"tailnum": ["N1"]})}
    with pytest.raises(
        ParamsError, match="refers to 'planes.tailnumber'.* Did you mean 'planes.tailnum'"
    ):
        resolved(read_suite(path), lists, path)


def test_a_reference_to_an_empty_list_is_an_error_of_the_data(tmp_path: Path) -> None:
    path = written(tmp_path, in_set("planes.tailnum"))
    lists = {"planes": pl.DataFrame({"tailnum": [None]}, {"tailnum": pl.String})}
    with pytest.raises(DataError, match=r"planes has no tailnum: it is empty\.\n  Next: correct"):
        resolved(read_suite(path), lists, path)
