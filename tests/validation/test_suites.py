"""What a suite may say, and what is said when it is wrong."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue

from include.errors import ParamsError
from include.validation.suites import Rule, check_columns, read_suite, resolved

GOOD = {
    "type": "expect_column_values_to_be_unique",
    "kwargs": {"column": "id"},
    "severity": "critical",
    "description": "an order is there once",
}


def written(folder: Path, *rules: Mapping[str, object]) -> Path:
    path = folder / "orders.json"
    path.write_text(json.dumps({"name": "orders", "expectations": list(rules)}))
    return path


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
            "expectation 2: meta.rows: quarantine needs severity critical",
        ),
        (
            {"type": "expect_column_mean_to_be_between", "meta": {"rows": "quarantine"}},
            "expectation 2: meta.rows: quarantine needs an expectation about rows",
        ),
        (
            {"kwargs": {"column": "id", "mostly": 0.9}, "meta": {"rows": "quarantine"}},
            "meta.rows: quarantine sets every broken row aside; remove mostly",
        ),
        ({"description": GOOD["description"]}, "the description 'an order is there once' is there twice"),
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
    path = tmp_path / "orders.json"
    path.write_text('{"name": "orders",\n "expectations": [}')
    with pytest.raises(ParamsError) as caught:
        read_suite(path)
    what = f"{path} is not JSON: Expecting value in line 2, column 19.\n  Next: mend that line."
    assert str(caught.value) == what


def test_a_missing_suite_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"orders\.json does not exist\.\n  Next: write it"):
        read_suite(tmp_path / "orders.json")


def test_a_rule_about_a_column_that_is_not_there_offers_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD | {"kwargs": {"column": "amuont"}})
    with pytest.raises(ParamsError) as caught:
        check_columns(read_suite(path), ["id", "amount"], path)
    assert str(caught.value) == (
        f"{path}: the rule 'an order is there once' names the column 'amuont'; there are id, "
        "amount. Did you mean 'amount'?\n  Next: correct the column's name in the rule."
    )


def test_a_name_after_its_sign_becomes_what_it_stands_for(tmp_path: Path) -> None:
    kwargs: dict[str, JsonValue] = {"min_value": {"$word": "two"}, "max_value": {"$other": "two"}}
    path = written(tmp_path, GOOD | {"kwargs": kwargs})
    [rule] = resolved(read_suite(path), "$word", {"one": 1, "two": 2}.__getitem__)
    assert rule.kwargs == {"min_value": 2, "max_value": {"$other": "two"}}
