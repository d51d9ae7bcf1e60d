"""Rows of features as a client sends them: checked one by one, then a table."""

from collections.abc import Mapping
from typing import Annotated, Any

import polars as pl
from pydantic import ConfigDict, FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from include.errors import DataError, at_most_ten, did_you_mean

# Float32 is what the models read: a larger number would become infinite without a word.
LARGEST = 3.4e38
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Category = Annotated[str, Field(max_length=200)]


class Rows:
    """Reads a JSON list of objects, each with every feature by name, as a table.

    Args:
        kinds: feature to its kind, "number" or "category". Either may be null: not known.
        max_rows: most rows of one list.
    """

    def __init__(self, kinds: Mapping[str, str], max_rows: int) -> None:
        self.kinds, self.max_rows = kinds, max_rows
        self.schema = {
            name: pl.Float32 if kind == "number" else pl.String for name, kind in kinds.items()
        }
        fields = {
            name: Number | None if kind == "number" else Category | None
            for name, kind in kinds.items()
        }
        make: Any = TypedDict  # a type made at run time is none to mypy
        row: Any = make("row", fields)
        row.__pydantic_config__ = ConfigDict(strict=True, extra="forbid")
        # The first bad row ends the reading: a thousand bad ones would cost a thousand times more.
        rules = (Field(min_length=1, max_length=max_rows), FailFast())
        rows: Any = Annotated[list.__class_getitem__(row), *rules]
        self.adapter: TypeAdapter[list[dict[str, float | str | None]]] = TypeAdapter(rows)

    def read(self, body: bytes) -> pl.DataFrame:
        """The rows as a table: numbers as Float32, as training saw them, and categories as text.

        Raises:
            DataError: the body is not such a list; the error names the row and the feature.
        """
        try:
            rows = self.adapter.validate_json(body)
        except ValidationError as error:
            raise self.refusal(error) from None
        return pl.from_dicts(rows, schema=self.schema)

    def refusal(self, error: ValidationError) -> DataError:
        """What is wrong with the first bad row, and what to send instead."""
        problems = error.errors(include_url=False, include_context=False)
        first = problems[0]
        if first["type"] in ("too_short", "too_long"):
            what = f"The list should hold 1 to {self.max_rows:,} rows: {lower(first['msg'])}."
            return DataError(what, f"send 1 to {self.max_rows:,} rows in one request.")
        row = next((problem["loc"][0] for problem in problems if problem["loc"]), None)
        texts = [self.problem(one) for one in problems if not one["loc"] or one["loc"][0] == row]
        where = "The body" if row is None else f"Row {row} (the first is 0)"
        extra = [str(one["loc"][1]) for one in problems if one["type"] == "extra_forbidden"]
        hint = did_you_mean(extra[0], self.kinds) if extra else ""
        fix = "send a JSON list of objects that hold every feature; GET /schema lists them."
        return DataError(f"{where}: {at_most_ten(texts)}.{hint}", fix)

    def problem(self, problem: ErrorDetails) -> str:
        """One fault of a row, in words."""
        name = str(problem["loc"][1]) if len(problem["loc"]) > 1 else ""
        if problem["type"] == "missing":
            return f"lacks {name}"
        if problem["type"] == "extra_forbidden":
            return f"has an unknown feature {name!r}"
        if problem["type"] in ("greater_than_equal", "less_than_equal"):
            return f"{name} is {shortened(problem['input'])}: a number is within ±{LARGEST:g}"
        message = lower(problem["msg"])
        if not name:
            return message
        return f"{name} is {shortened(problem['input'])}: {message}"


def unknown_values(
    table: pl.DataFrame, levels: Mapping[str, frozenset[str]]
) -> dict[str, dict[str, int]]:
    """Category to the values that training never saw, and how many rows hold each."""
    found: dict[str, dict[str, int]] = {}
    for name, known in levels.items():
        for value in table.get_column(name):
            if value is not None and value not in known:
                counts = found.setdefault(name, {})
                counts[value] = counts.get(value, 0) + 1
    return found


def shortened(value: object) -> str:
    """A value as it may stand in a message."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def lower(message: str) -> str:
    """A library's message as a part of our sentence."""
    return message[:1].lower() + message[1:].rstrip(".")
