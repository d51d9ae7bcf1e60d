"""The trigger form holds a value to what params.yaml says of it."""

import pytest
import yaml
from airflow.sdk.exceptions import ParamValidationError
from dvc_dag import fields

from include.errors import ParamsError
from include.pipeline.graph import Plan
from include.pipeline.yaml_text import comments

PARAMS = """\
window:
  end: "2014-01-01"    # first day that is not seen
train:
  depth: 6             # most levels
  rate: 0.1
  fast: false
  none:
  layers: [8, 4]
  options: {a: 1}
"""


@pytest.fixture
def plan() -> Plan:
    """A graph that knows one file of params."""
    held = {"params.yaml": yaml.safe_load(PARAMS)}
    return Plan("", (), held, {"params.yaml": comments(PARAMS)})


def test_a_field_has_the_value_and_the_help_of_params_yaml(plan):
    found = fields(plan, {"train.depth": {"minimum": 1}, "train.rate": {}})
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
def test_a_wrong_value_is_refused(plan, name, schema, wrong):
    field = fields(plan, {name: schema})[name]
    with pytest.raises(ParamValidationError):
        field.resolve(wrong)


def test_no_field_is_hidden_in_a_closed_section(plan):
    found = fields(plan, {"train.depth": {}, "window.end": {}})
    assert all("section" not in field.schema for field in found.values())


def test_a_misspelt_field_names_the_nearest_value(plan):
    with pytest.raises(ParamsError, match=r"no value 'train\.dept'\. Did you mean 'train\.depth'"):
        fields(plan, {"train.dept": {}})


@pytest.mark.parametrize(
    ("name", "taken", "wrong"),
    [
        ("train.none", [None, "x", 1, [1], {"a": 1}], []),
        ("train.layers", [[1], []], [None, 1, "x"]),
        ("train.options", [{"b": 2}, {}], [None, [1]]),
    ],
)
def test_empty_values_lists_and_mappings_are_fields_too(plan, name, taken, wrong):
    field = fields(plan, {name: {}})[name]
    assert [field.resolve(value) for value in taken] == taken
    for value in wrong:
        with pytest.raises(ParamValidationError):
            field.resolve(value)


def test_a_value_of_another_file_is_a_field_too():
    plan = Plan("", (), {"a/b.json": {"x": {"y": 1}}})
    found = fields(plan, {"a/b.json:x.y": {"maximum": 2}})
    assert found["a/b.json:x.y"].value == 1
    with pytest.raises(ParamsError, match=r"no value 'x\.y'\. Did you mean 'a/b\.json:x\.y'"):
        fields(plan, {"x.y": {}})
