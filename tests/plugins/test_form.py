"""The trigger form holds a value to what params.yaml says of it."""

from types import SimpleNamespace

import pytest
import yaml
from airflow.sdk.exceptions import ParamValidationError
from dvc_dag import pipeline_dag
from dvc_form import fields, fields_of_live
from small_git import commit

from include.errors import ParamsError, PlatformError
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


@pytest.fixture
def pinning() -> Plan:
    """A graph that takes a version."""
    section = dict.fromkeys(("version", "commit", "md5"), "none")
    return Plan("", (), {"params.yaml": {"champion": section, "other": {"version": "none"}}})


def test_a_run_takes_the_live_version_unless_the_form_names_another(pinning):
    [(name, field)] = fields_of_live(pinning, {"champion": "flight_delays@champion"}).items()
    assert (name, field.value) == ("champion.version", "live")
    assert field.description == (
        "live: the champion of flight_delays as the run begins; or a version; or none"
    )
    assert [field.resolve(value) for value in ("v0.0.3", "none")] == ["v0.0.3", "none"]
    for wrong in ("v0.3", "3", "", "v0.0.3; ls"):
        with pytest.raises(ParamValidationError):
            field.resolve(wrong)


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (
            {"champion": "flight_delays@champoin"},
            "live names 'flight_delays@champoin' for champion. Did you mean 'champion'?\n"
            "  Next: name an artifact and its stage, as model@champion.",
        ),
        (
            {"champion": "champion"},
            "live names 'champion' for champion.\n"
            "  Next: name an artifact and its stage, as model@champion.",
        ),
        (
            {"other": "flight_delays@champion"},
            "params.yaml has no value 'other.commit'.\n"
            "  Next: name one that is there, as section.name.",
        ),
    ],
    ids=["unknown stage", "no artifact", "a section that lacks a part"],
)
def test_what_cannot_be_live_is_an_error_of_the_file(pinning, live, said):
    with pytest.raises(PlatformError) as error:
        fields_of_live(pinning, live)
    assert str(error.value) == said


def test_a_run_of_a_dag_is_given_what_is_live(repo):
    params = repo / "params.yaml"
    params.write_text(f"{params.read_text()}\nlive: {{version: none, commit: none, md5: none}}\n")
    commit(repo)
    dag = pipeline_dag("any", repo=repo, targets=["."], live={"live": "model@champion"})
    task, run = dag.get_task("open_run"), SimpleNamespace(run_type="scheduled", conf=None)
    context = {"params": dict(dag.params), "dag_run": run, "run_id": "one"}
    values = task.values(context)
    assert values == {"live.version": "live"}
    taken = task.with_live(context, values)
    assert taken == dict.fromkeys(("live.version", "live.commit", "live.md5"), "none")
    assert {*task.tame(context, taken)} == {*taken}
