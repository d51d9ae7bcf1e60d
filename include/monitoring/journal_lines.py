"""The lines of a log of predictions as a table: one row for each row that was scored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Literal

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

NAMES, REPLY = b'{"kind":"names",', b'{"kind":"reply",'
Value = float | str | bool | None
# Above it, a float no longer holds each integer.
LARGEST_INTEGER = 2**53
ABOUT = {
    "id": pl.String(),
    "row": pl.Int32(),
    "at": pl.Datetime("us", "UTC"),
    "role": pl.String(),
    "model": pl.String(),
    "kind": pl.String(),
    "probability": pl.Float64(),
}


REPLIES = {
    "at": pl.Datetime("us", "UTC"),
    "path": pl.String(),
    "status": pl.Int16(),
    "ms": pl.Float64(),
}


class Names(BaseModel):
    """What the features of a model are called, in their order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["names"]
    model: str
    features: list[str]


class Line(BaseModel):
    """One answered request. docs/prediction_log.md says what each field means."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    at: AwareDatetime
    role: Literal["champion", "challenger"]
    model: str
    kind: str
    request: list[dict[str, Any]] | dict[str, Any] | None
    probabilities: list[float]
    features: list[list[Value]] | None = None
    ages: dict[str, list[float | None]] = {}


class Reply(BaseModel):
    """How a request was replied to, whether or not there was an answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["reply"]
    at: AwareDatetime
    path: str
    status: int = Field(ge=100, le=599)
    ms: float = Field(ge=0, allow_inf_nan=False)


@dataclass
class Lines:
    """What whole lines of one file hold, and which of them cannot be read.

    Args:
        faults: number of the line (the first is 1), what is wrong with it, and the line.
    """

    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[int, str, bytes]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)


def read_lines(data: bytes) -> Lines:
    """Read what ends in an end of a line."""
    found, names = Lines(), dict[str, list[str]]()
    for found.count, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            if line.startswith(NAMES):
                told = Names.model_validate_json(line)
                names[told.model] = told.features
            elif line.startswith(REPLY):
                reply = Reply.model_validate_json(line).model_dump(exclude={"kind"})
                found.replies.append({**reply, "at": reply["at"].astimezone(UTC)})
            else:
                found.rows += rows_of(Line.model_validate_json(line), names)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            found.faults.append((found.count, f"{where}: {first['msg']}".lstrip(": "), line))
        except ValueError as error:
            found.faults.append((found.count, str(error), line))
    return found


def rows_of(line: Line, names: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """The rows of a line, each with all its columns by name.

    Raises:
        ValueError: the parts of the line do not fit each other.
    """
    rows = len(line.probabilities)
    asked = [line.request] if isinstance(line.request, dict) else line.request
    parts: dict[str, Sequence[object] | None] = {"request": asked, "features": line.features}
    parts |= {f"ages.{view}": ages for view, ages in line.ages.items()}
    for name, part in parts.items():
        if part is not None and len(part) != rows:
            raise ValueError(f"{name} has {len(part):,} rows, and probabilities {rows:,}")
    at = line.at.astimezone(UTC)
    about = {"id": line.id, "at": at, "role": line.role, "model": line.model, "kind": line.kind}
    return [
        {**about, "row": row, "probability": line.probabilities[row]}
        | dict(columns_of(line, row, asked, names))
        for row in range(rows)
    ]


def columns_of(
    line: Line, row: int, asked: list[dict[str, Any]] | None, names: Mapping[str, list[str]]
) -> Iterator[tuple[str, object]]:
    """What was asked of one row, its features and their ages.

    Where no features were looked up, those that were sent are the features.
    """
    if line.features is None:
        yield from prefixed("feature", asked[row] if asked else {})
        return
    if line.model not in names:
        raise ValueError(f"no line before it names the features of {line.model}")
    if len(line.features[row]) != len(names[line.model]):
        held, known = len(line.features[row]), len(names[line.model])
        raise ValueError(f"row {row} has {held:,} features, and {line.model} {known:,}")
    yield from prefixed("request", asked[row] if asked else {})
    yield from prefixed("feature", dict(zip(names[line.model], line.features[row], strict=True)))
    yield from prefixed("age_s", {view: ages[row] for view, ages in line.ages.items()})


def prefixed(prefix: str, values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The values under names that cannot be those of another part of the line."""
    return ((f"{prefix}.{name}", value) for name, value in values.items())


def replies_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """How requests were replied to, as a table."""
    return pl.DataFrame(rows, schema=REPLIES)


def table_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as a table; a column that some of them lack is null there."""
    others = sorted({name for row in rows for name in row} - ABOUT.keys())
    known = {name: [row[name] for row in rows] for name in ABOUT}
    columns = [column_of(name, [row.get(name) for row in rows]) for name in others]
    return pl.DataFrame(known, schema=ABOUT).with_columns(columns)


def column_of(name: str, values: list[Any]) -> pl.Series:
    """Numbers, truths or texts; where they are mixed or deeper, each is the text of its JSON."""
    held = [value for value in values if value is not None]
    kinds = {type(value) for value in held}
    if not kinds:
        return pl.Series(name, values, pl.Null)
    if kinds in ({str}, {bool}):
        return pl.Series(name, values)
    if kinds <= {int, float} and all(type(v) is float or abs(v) <= LARGEST_INTEGER for v in held):
        return pl.Series(name, values, pl.Float64, strict=False)
    texts = [None if value is None else to_json(value).decode() for value in values]
    return pl.Series(name, texts, pl.String)
