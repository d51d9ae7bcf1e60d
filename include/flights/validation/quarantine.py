"""Judge a table by what its rules found: which rows are set aside, and when the run stops."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from include.errors import DataError, at_most_ten
from include.flights.validation.checks import Finding
from include.flights.validation.records import Record, RuleRecord

REASON, ROW = "reason", "row"


def check_schema(
    table: pl.DataFrame, schema: dict[str, pl.DataType], where: str, file: Path
) -> None:
    """Raise DataError if the columns or their types are not those of columns.py, or no row is."""
    held = dict(table.schema)
    wrong = [f"no column {name!r}" for name in schema if name not in held]
    wrong += [f"an unknown column {name!r}" for name in held if name not in schema]
    wrong += [
        f"{held[name]} in {name!r} where {kind} belongs"
        for name, kind in schema.items()
        if name in held and held[name] != kind
    ]
    if not wrong and list(held) != list(schema):
        wrong = [f"the columns in the order {at_most_ten(held)}"]
    if wrong:
        what = f"{where}: the schema has changed; there is {at_most_ten(wrong)}."
        again = f"remove {file} and run `dvc repro`"
        fix = f"{again}, or change include/flights/columns.py with what uses it."
        raise DataError(what, fix)
    if table.is_empty():
        fix = "set window.start and window.end to months that the source has."
        raise DataError(f"{where} has no rows.", fix)


def set_aside(table: pl.DataFrame, findings: Sequence[Finding]) -> pl.DataFrame:
    """The rows that break a quarantine rule: all columns, their number, and all broken rules."""
    reasons: dict[int, list[str]] = {}
    for found in findings:
        if found.rule.action == "quarantine":
            for row in found.rows:
                reasons.setdefault(row, []).append(found.rule.description)
    rows = sorted(reasons)
    broken = pl.DataFrame(
        {ROW: rows, REASON: ["; ".join(reasons[row]) for row in rows]},
        schema={ROW: pl.UInt32, REASON: pl.String},
    )
    return table[rows].hstack(broken)


def kept_rows(table: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    """The table without the rows that were set aside, in the same order."""
    if aside.is_empty():
        return table
    numbered = table.with_row_index(ROW)
    return numbered.join(aside.select(ROW), on=ROW, how="anti", maintain_order="left").drop(ROW)


def problem(record: Record, most: float) -> str:
    """Why a table cannot be used; empty if it can.

    Args:
        most: largest share of the rows that may be set aside, 0..1.
    """
    stops = [rule for rule in record.rules if rule.action == "stop" and not rule.holds]
    if stops:
        count = "a rule that must hold" if len(stops) == 1 else f"{len(stops)} rules that must hold"
        return f"{record.where} breaks {count}:" + lines(stops)
    if record.quarantined <= most * record.rows:
        return ""
    broken = [rule for rule in record.rules if rule.action == "quarantine" and not rule.holds]
    return (
        f"{record.where}: {record.quarantined:,} of {record.rows:,} rows "
        f"({record.quarantined / record.rows:.2%}) break row rules, more than the {most:.2%} of "
        "validate_flights.max_quarantine_share:" + lines(broken)
    )


def lines(rules: Sequence[RuleRecord]) -> str:
    """A line for each broken rule: its name, expectation, column, counts and first rows."""
    texts = [line(rule) for rule in rules[:10]]
    more = len(rules) - len(texts)
    return "".join(texts) + (f"\n  - and {more} more rules" if more > 0 else "")


def line(rule: RuleRecord) -> str:
    """A broken rule: its name, expectation, column, counts and first rows."""
    text = f"\n  - {rule.rule} ({rule.type}, {', '.join(rule.columns)}): "
    if rule.observed:
        return text + f"it is {rule.observed}"
    text += f"broken by {rule.unexpected:,} of {rule.checked:,} rows"
    if rule.rows:
        more = rule.unexpected - len(rule.rows)
        text += f": {', '.join(rule.rows)}" + (f" and {more:,} more" if more > 0 else "")
    return text
