"""The suite of passages: Great Expectations in JSON, checked before it is used.

A rule says what happens where it is broken:

- severity critical with `meta.rows: quarantine`: the passages that break it are set aside, up to
  validate_docs.max_quarantine_share.
- severity critical without it: the run stops.
- severity warning or info: counted in the metrics and shown in the report.

`{"$setting": "max_tokens"}` in place of a value stands for that setting of params.yaml.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from include.errors import ParamsError, at_most_ten, did_you_mean

SETTING = "$setting"
COLUMNS = ("column", "column_A", "column_B", "column_list")  # kwargs that name columns
Action = Literal["quarantine", "stop", "warn"]


class Meta(BaseModel):
    """What Great Expectations carries along for us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Literal["quarantine"] | None = Field(default=None, description="set broken rows aside")
    notes: str = Field(default="", description="why the rule is as it is")


class Rule(BaseModel):
    """One expectation of the suite, in the format of Great Expectations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(pattern="^expect_", description="name of the expectation")
    kwargs: dict[str, JsonValue] = Field(description="its arguments")
    severity: Literal["critical", "warning", "info"] = Field(description="what a failure means")
    description: str = Field(min_length=1, description="the rule in words, unique in the suite")
    meta: Meta = Field(default_factory=Meta, description="rows and notes")

    @model_validator(mode="after")
    def only_critical_rules_set_aside(self) -> "Rule":
        if self.meta.rows and self.severity != "critical":
            raise ValueError("meta.rows needs the severity critical")
        return self

    @property
    def action(self) -> Action:
        """What happens where the rule is broken."""
        if self.severity != "critical":
            return "warn"
        return self.meta.rows or "stop"

    @property
    def columns(self) -> list[str]:
        """The columns that the rule is about."""
        named = [self.kwargs[name] for name in COLUMNS if name in self.kwargs]
        return [str(n) for name in named for n in (name if isinstance(name, list) else [name])]


class Suite(BaseModel):
    """All rules of the passages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="of the table")
    meta: Meta = Field(default_factory=Meta, description="notes")
    expectations: tuple[Rule, ...] = Field(min_length=1, description="the rules")

    @model_validator(mode="after")
    def descriptions_are_unique(self) -> "Suite":
        texts = [rule.description for rule in self.expectations]
        twice = sorted({text for text in texts if texts.count(text) > 1})
        if twice:
            raise ValueError(f"the description {twice[0]!r} is there twice")
        return self


def read_suite(path: Path, columns: Iterable[str]) -> Suite:
    """Read the suite.

    Args:
        columns: that its rules may name.

    Raises:
        ParamsError: the file is missing, not JSON, not a suite, or names another column.
    """
    try:
        suite = Suite.model_validate(json.loads(path.read_text()))
    except FileNotFoundError:
        raise ParamsError(f"{path} does not exist.", "write it, or get it back from git.") from None
    except json.JSONDecodeError as error:
        what = f"{path} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise ParamsError(what, "mend that line.") from None
    except ValidationError as error:
        raise suite_error(path, error) from None
    check_columns(suite, list(columns), path)
    return suite


def suite_error(path: Path, error: ValidationError) -> ParamsError:
    """Say which rule of the file is wrong first, and why."""
    first = error.errors()[0]
    place = list(first["loc"])
    where = "the suite"
    if place[:1] == ["expectations"] and len(place) > 1:
        where = f"expectation {int(place[1]) + 1}"
        place = place[2:]
    name = ".".join(map(str, place))
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    message = message[:1].lower() + message[1:]
    what = f"{path}, {where}{': ' + name if name else ''}: {message}."
    return ParamsError(what, "correct it; the other expectations of the file show the form.")


def check_columns(suite: Suite, known: list[str], path: Path) -> None:
    """Raise ParamsError if a rule names a column that is neither there nor made for it."""
    for rule in suite.expectations:
        for column in rule.columns:
            if column not in known:
                raise ParamsError(
                    f"{path}: the rule {rule.description!r} names the column {column!r}; there "
                    f"are {at_most_ten(known)}.{did_you_mean(column, known)}",
                    "correct the column's name in the rule.",
                )


def resolved(suite: Suite, settings: Mapping[str, JsonValue], path: Path) -> list[Rule]:
    """The rules of a suite, with each `$setting` replaced by the value that it stands for."""
    return [
        rule.model_copy(
            update={"kwargs": {k: value_of(v, settings, path) for k, v in rule.kwargs.items()}}
        )
        for rule in suite.expectations
    ]


def value_of(value: JsonValue, settings: Mapping[str, JsonValue], path: Path) -> JsonValue:
    """The value itself, or that of the setting that it names."""
    if not isinstance(value, dict) or SETTING not in value:
        return value
    name = str(value[SETTING])
    if name not in settings:
        what = f"{path} refers to the setting {name!r}; there is {at_most_ten(settings)}."
        raise ParamsError(what + did_you_mean(name, settings), f"correct {SETTING} in the rule.")
    return settings[name]
