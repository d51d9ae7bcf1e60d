"""Rows of features as a client sends them: checked one by one, then the arrays of a model."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import ConfigDict, FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from include.errors import DataError, at_most_ten, did_you_mean
from include.serving.batch import Batch

# Float32 is what the models read: a larger number would become infinite without a word.
LARGEST = 3.4e38
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Category = Annotated[str, Field(max_length=200)]
Row: TypeAlias = dict[str, float | str | None]

FIX = "send a JSON list of objects that hold every feature; GET /schema lists them."


class Rows:
    """Reads a JSON list of objects, each with every feature by name.

    Args:
        kinds: feature to its kind, "number" or "category". Either may be null: not known.
        max_rows: most rows of one list.
    """

    def __init__(self, kinds: Mapping[str, str], max_rows: int) -> None:
        self.kinds, self.max_rows = kinds, max_rows
        self.numbers = tuple(name for name, kind in kinds.items() if kind == "number")
        self.categories = tuple(name for name, kind in kinds.items() if kind != "number")
        fields = {
            name: Number | None if kind == "number" else Category | None
            for name, kind in kinds.items()
        }
        # Looking for unknown features is a quarter of the time: only where there may be one.
        self.quick = adapter_of(fields, "ignore", max_rows)
        self.adapter = adapter_of(fields, "forbid", max_rows)

    def read(self, body: bytes) -> Batch:
        """The rows: numbers as float32, as training saw them, and categories as text.

        Raises:
            DataError: the body is not such a list; the error names the row and the feature.
        """
        rows = self.checked(body)
        values = [list(map(row.__getitem__, self.numbers)) for row in rows]
        numbers = np.array(values, dtype=np.float32).reshape(len(rows), len(self.numbers))
        categories = {name: [row[name] for row in rows] for name in self.categories}
        return Batch(self.numbers, numbers, categories)  # type: ignore[arg-type]

    def checked(self, body: bytes) -> list[Row]:
        """The rows as objects, each with every feature and no other."""
        with suppress(ValidationError):
            rows = self.quick.validate_json(body)
            # Each name has a colon of its own: with no more colons than names, none is unknown.
            if body.count(b":") == len(rows) * len(self.kinds):
                return rows
        try:
            rows = self.adapter.validate_json(body)
        except ValidationError as error:
            raise refusal_of(error, self.kinds, self.max_rows, FIX) from None
        see_that_once(body)
        return rows


def adapter_of(
    fields: Mapping[str, Any], extra: Literal["ignore", "forbid"], max_rows: int
) -> TypeAdapter[list[Row]]:
    """Reads a list of rows that have these fields."""
    make: Any = TypedDict  # a type made at run time is none to mypy
    row: Any = make("row", fields)
    row.__pydantic_config__ = ConfigDict(strict=True, extra=extra)
    # The first bad row ends the reading: a thousand bad ones would cost a thousand times more.
    rules = (Field(min_length=1, max_length=max_rows), FailFast())
    rows: Any = Annotated[list.__class_getitem__(row), *rules]
    return TypeAdapter(rows)


def see_that_once(body: bytes) -> None:
    """Refuse valid JSON in which an object has a name twice: readers differ in which they take.

    Raises:
        DataError: one has.
    """

    def once(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"The body: a row has {shortened(twice)} twice.", "send it once.")

    json.loads(body, object_pairs_hook=once, parse_int=str)


def refusal_of(error: ValidationError, known: Iterable[str], max_rows: int, fix: str) -> DataError:
    """What is wrong with the first bad row, and what to send instead.

    Args:
        known: the names that a row may have.
        fix: what to do about a row that is wrong.
    """
    problems = error.errors(include_url=False, include_context=False)
    first = problems[0]
    if first["type"] in ("too_short", "too_long"):
        what = f"The list should hold 1 to {max_rows:,} rows: {lower(first['msg'])}."
        return DataError(what, f"send 1 to {max_rows:,} rows in one request.")
    row = next((problem["loc"][0] for problem in problems if problem["loc"]), None)
    texts = [in_words(one) for one in problems if not one["loc"] or one["loc"][0] == row]
    where = "The body" if row is None else f"Row {row} (the first is 0)"
    extra = [str(one["loc"][1]) for one in problems if one["type"] == "extra_forbidden"]
    hint = did_you_mean(extra[0], known) if extra else ""
    return DataError(f"{where}: {at_most_ten(texts)}.{hint}", fix)


def in_words(problem: ErrorDetails) -> str:
    """One fault of a row."""
    name = str(problem["loc"][1]) if len(problem["loc"]) > 1 else ""
    if problem["type"] == "missing":
        return f"lacks {name}"
    if problem["type"] == "extra_forbidden":
        return f"has an unknown field {name!r}"
    value = problem["input"]
    if isinstance(value, int | float) and LARGEST < abs(value) < inf:
        return f"{name} is {shortened(value)}: a number is within ±{LARGEST:g}"
    message = lower(problem["msg"])
    if not name:
        return message
    return f"{name} is {shortened(value)}: {message}"


def unknown_values(
    categories: Mapping[str, Sequence[str | None]], levels: Mapping[str, frozenset[str]]
) -> dict[str, dict[str, int]]:
    """Category to the values that training never saw, and how many rows hold each."""
    found: dict[str, dict[str, int]] = {}
    for name, known in levels.items():
        for value in categories[name]:
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
