"""The suites: one JSON file of Great Expectations a table, checked before it is used.

A rule says what happens where it is broken:

- severity critical with `meta.rows: quarantine`: the rows that break it are set aside, up to the
  share that the stage allows.
- severity critical without it: the whole table fails, and the run stops.
- severity warning or info: counted and shown.

An argument may be written as `{"$sign": "name"}`: a stage says what its sign stands for.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from include.errors import ParamsError, at_most_ten, did_you_mean

COLUMNS = ("column", "column_A", "column_B", "column_list")  # kwargs that name columns
ROW_RULES = (  # expectations that say which rows break them
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_be_null",
    "expect_column_values_to_be_unique",
    "expect_column_values_to_match_",
    "expect_column_values_to_not_",
    "expect_column_value_lengths_",
    "expect_column_pair_values_",
    "expect_compound_columns_to_be_unique",
    "expect_multicolumn_values_",
    "expect_select_column_values_",
)


class Meta(BaseModel):
    """What Great Expectations carries along for us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: Literal["quarantine"] | None = Field(default=None, description="set broken rows aside")
    notes: str = Field(default="", description="why the rule is as it is, and what the data does")


class Rule(BaseModel):
    """One expectation of a suite, in the format of Great Expectations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(pattern="^expect_", description="name of the expectation")
    kwargs: dict[str, JsonValue] = Field(description="its arguments")
    severity: Literal["critical", "warning", "info"] = Field(description="what a failure means")
    description: str = Field(min_length=1, description="the rule in words, unique in the suite")
    meta: Meta = Field(default_factory=Meta, description="rows and notes")

    @model_validator(mode="after")
    def quarantine_fits(self) -> "Rule":
        if self.meta.rows and self.severity != "critical":
            raise ValueError("meta.rows: quarantine needs severity critical")
        if self.meta.rows and not self.type.startswith(ROW_RULES):
            raise ValueError("meta.rows: quarantine needs an expectation about rows")
        if self.meta.rows and "mostly" in self.kwargs:
            raise ValueError("meta.rows: quarantine sets every broken row aside; remove mostly")
        return self

    @property
    def action(self) -> str:
        """What a failure leads to: quarantine, stop or warn."""
        if self.severity != "critical":
            return "warn"
        return "quarantine" if self.meta.rows else "stop"

    @property
    def columns(self) -> list[str]:
        """The columns that the rule looks at."""
        named = [self.kwargs[name] for name in COLUMNS if name in self.kwargs]
        return [str(c) for name in named for c in (name if isinstance(name, list) else [name])]


class Suite(BaseModel):
    """All rules of one table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="the table")
    meta: Meta = Field(default_factory=Meta, description="notes")
    expectations: tuple[Rule, ...] = Field(min_length=1, description="the rules")

    @model_validator(mode="after")
    def descriptions_are_unique(self) -> "Suite":
        texts = [rule.description for rule in self.expectations]
        twice = sorted({text for text in texts if texts.count(text) > 1})
        if twice:
            raise ValueError(f"the description {twice[0]!r} is there twice")
        return self


def read_suite(path: Path) -> Suite:
    """Read the suite of a table.

    Raises:
        ParamsError: the file is missing, not JSON, or not a suite.
    """
    try:
        return Suite.model_validate(json.loads(path.read_text()))
    except FileNotFoundError:
        fix = "write it, or get it back from git: every table needs a suite."
        raise ParamsError(f"{path} does not exist.", fix) from None
    except json.JSONDecodeError as error:
        what = f"{path} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise ParamsError(what, "mend that line.") from None
    except ValidationError as error:
        raise suite_error(path, error) from None


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


def check_columns(suite: Suite, held: Iterable[str], path: Path) -> None:
    """Raise ParamsError if a rule names a column that is neither in the table nor made for it."""
    known = list(held)
    for rule in suite.expectations:
        for column in rule.columns:
            if column not in known:
                raise ParamsError(
                    f"{path}: the rule {rule.description!r} names the column {column!r}; there "
                    f"are {at_most_ten(known)}.{did_you_mean(column, known)}",
                    "correct the column's name in the rule.",
                )


def resolved(suite: Suite, sign: str, meaning: Callable[[str], JsonValue]) -> list[Rule]:
    """The rules of a suite, with each `{sign: name}` replaced by what the name stands for."""

    def meant(value: JsonValue) -> JsonValue:
        if isinstance(value, dict) and sign in value:
            return meaning(str(value[sign]))
        return value

    return [
        rule.model_copy(update={"kwargs": {k: meant(v) for k, v in rule.kwargs.items()}})
        for rule in suite.expectations
    ]
