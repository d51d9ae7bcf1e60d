"""The trigger form holds a value to what params.yaml says of it."""

from pathlib import Path

import pytest
from airflow.sdk.exceptions import ParamValidationError
from dvc_dag import fields

from include.errors import ParamsError

PARAMS = """\
window:
  end: "2014-01-01"    # first day that is not seen
train:
  depth: 6             # most levels
  rate: 0.1
  fast: false
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text(PARAMS)
    return tmp_path


def test_a_field_has_the_value_and_the_help_of_params_yaml(root):
    found = fields(root, {"train.depth": {"minimum": 1}, "train.rate": {}})
    assert {name: (field.value, field.description) for name, field in found.items()} == {
        "train.depth": (6, "most levels"),
        "train.rate": (0.1, None),
    }


@pytest.mark.parametrize(
    ("name", "schema", "wrong"),
    [
        ("train.depth", {"minimum": 1}, 0),
        ("train.depth", {}, "deep"),
        ("train.fast", {}, 1),
        ("window.end", {}, "2014-02-30"),
        ("window.end", {}, "tomorrow"),
    ],
    ids=["out of range", "text for a number", "number for a truth", "no such day", "no day"],
)
def test_a_wrong_value_is_refused(root, name, schema, wrong):
    field = fields(root, {name: schema})[name]
    with pytest.raises(ParamValidationError):
        field.resolve(wrong)


def test_no_field_is_hidden_in_a_closed_section(root):
    found = fields(root, {"train.depth": {}, "window.end": {}})
    assert all("section" not in field.schema for field in found.values())


def test_a_misspelt_field_names_the_nearest_value(root):
    with pytest.raises(ParamsError, match=r"no value 'train\.dept'\. Did you mean 'train\.depth'"):
        fields(root, {"train.dept": {}})
