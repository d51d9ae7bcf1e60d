"""The form of a run by hand: what may be set, and what it is held to."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow.sdk import Param

from include.errors import PipelineError, did_you_mean
from include.pipeline import params_file
from include.pipeline.graph import Plan
from include.pipeline.registry.pinned import LIVE, NONE, PARTS
from include.pipeline.registry.tags import STAGES, VERSION

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# A value that is empty may become any other.
TYPES: dict[type, str | list[str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): ["null", "string", "number", "boolean", "array", "object"],
}


def form_of(
    plan: Plan,
    form: Mapping[str, Mapping[str, Any]],
    interval: Iterable[str],
    live: Mapping[str, str],
) -> dict[str, Param]:
    """All fields of the form, as `pipeline_dag` was told: those of dates and versions come last."""
    dates: dict[str, dict[str, Any]] = {name: {} for name in interval if name not in form}
    return fields(plan, {**form, **dates}) | fields_of_live(plan, live)


def fields(plan: Plan, form: Mapping[str, Mapping[str, Any]]) -> dict[str, Param]:
    """The fields of the trigger form: value from a file of params, help from the comment behind it.

    Raises:
        ParamsError: there is no such value.
    """
    found = {}
    for name, schema in form.items():
        file, keys = params_file.located(name, plan.values)
        held = params_file.at(plan.values[file], keys)
        # No section but what the DAG asks for: the form shows it closed, with all fields in it.
        rule = {"type": TYPES[type(held)], "title": name, **schema}
        if DAY.fullmatch(str(held)):
            rule = {"format": "date", **rule}
        said = plan.helps.get(file, {}).get(".".join(map(str, keys)))
        found[name] = Param(held, description=said, **rule)
    return found


def fields_of_live(plan: Plan, live: Mapping[str, str]) -> dict[str, Param]:
    """The fields for versions: a run takes what is live, unless it is told another, or none.

    Args:
        live: sections of files of params, each with ARTIFACT@STAGE.

    Raises:
        PipelineError: the stage is none.
        ParamsError: a section lacks a part.
    """
    found = {}
    for section, named in live.items():
        artifact, _, stage = named.rpartition("@")
        if not artifact or stage not in STAGES:
            hint = did_you_mean(stage, STAGES) if artifact else ""
            what = f"live names {named!r} for {section}.{hint}"
            raise PipelineError(what, "name an artifact and its stage, as model@champion.")
        names = [f"{section}.{part}" for part in PARTS]
        [field, *_] = fields(plan, {name: {} for name in names}).values()
        said = f"{LIVE}: the {stage} of {artifact} as the run begins; or a version; or {NONE}"
        pattern = rf"^({LIVE}|{NONE}|{VERSION.pattern})$"
        found[names[0]] = Param(LIVE, description=said, **{**field.schema, "pattern": pattern})
    return found


def parted(given: Mapping[str, object], form: Sequence[str]) -> dict[str, object]:
    """The values that a run was given; of a section with fields of the form, each by its name."""
    found: dict[str, object] = {}
    for name, value in given.items():
        name = name.removeprefix(f"{params_file.DEFAULT}:")  # as a field of the form is named
        inner = [field for field in form if field.startswith(f"{name}.")]
        if isinstance(value, dict) and inner:
            found |= parted({f"{name}.{key}": part for key, part in value.items()}, form)
        else:
            found[name] = value
    return found
