"""What a check found in a table, as text: for the Data Docs, the metrics, and the next run."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, JsonValue

from include.flights.validation.checks import Finding

KEYS = {  # the columns that name a row in a message
    "flights": ("flight_id",),
    "weather": ("origin", "observed_utc"),
    "planes": ("tailnum",),
    "airports": ("faa",),
    "airlines": ("carrier",),
}


class RuleRecord(BaseModel):
    """One rule, and what it found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    type: str
    kwargs: dict[str, JsonValue]
    severity: str
    columns: list[str]
    action: str  # quarantine, stop or warn
    notes: str
    holds: bool
    checked: int
    unexpected: int
    observed: str
    values: list[str]
    rows: list[str]  # names of the first rows that break it


class Record(BaseModel):
    """One month of flights or weather, or one list, and what its rules found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    label: str  # the month, or the name of the list
    rows: int
    quarantined: int
    rules: list[RuleRecord]

    @property
    def where(self) -> str:
        """What the table is called: flights of 2013-02, or planes."""
        return self.table if self.table == self.label else f"{self.table} of {self.label}"

    @property
    def warnings(self) -> list[RuleRecord]:
        """The rules that were broken, and only counted."""
        return [rule for rule in self.rules if rule.action == "warn" and not rule.holds]


def record(table: pl.DataFrame, name: str, label: str, findings: Sequence[Finding]) -> Record:
    """What was checked and found."""
    aside = {row for f in findings if f.rule.action == "quarantine" for row in f.rows}
    return Record(
        table=name,
        label=label,
        rows=table.height,
        quarantined=len(aside),
        rules=[rule_record(table, name, found) for found in findings],
    )


def rule_record(table: pl.DataFrame, name: str, found: Finding) -> RuleRecord:
    """One rule of a record."""
    rule = found.rule
    return RuleRecord(
        rule=rule.description,
        type=rule.type,
        kwargs=rule.kwargs,
        severity=rule.severity,
        columns=rule.columns,
        action=rule.action,
        notes=rule.meta.notes,
        holds=found.holds,
        checked=found.checked,
        unexpected=found.unexpected,
        observed=found.observed,
        values=list(found.values),
        rows=[row_name(table, name, row) for row in found.rows[:10]],
    )


def row_name(table: pl.DataFrame, name: str, row: int) -> str:
    """A row by its key, such as `EWR 2013-02-12 08:00`."""
    parts = table.select(KEYS[name]).row(row)
    return " ".join(f"{p:%Y-%m-%d %H:%M}" if isinstance(p, datetime) else str(p) for p in parts)


def write_record(path: Path, content: Record) -> None:
    """Write a record as text that can be compared."""
    path.write_text(content.model_dump_json(indent=1) + "\n")


def record_in(path: Path) -> Record:
    """Read a record."""
    return Record.model_validate_json(path.read_text())


def summary(found: Sequence[Record]) -> dict[str, dict[str, object]]:
    """Totals of each table, for the metrics.

    Returns:
        For each table: rows, quarantined, quarantined_share (0..1), broken_rows (rule to rows
        set aside by it) and failed_warnings (rule to the months or lists in which it failed).
    """
    totals: dict[str, dict[str, object]] = {}
    for table in dict.fromkeys(record.table for record in found):
        own = [record for record in found if record.table == table]
        rows, aside = sum(r.rows for r in own), sum(r.quarantined for r in own)
        broken: Counter[str] = Counter()
        warned: Counter[str] = Counter()
        for one in own:
            warned.update(rule.rule for rule in one.warnings)
            for rule in one.rules:
                if rule.action == "quarantine" and rule.unexpected:
                    broken[rule.rule] += rule.unexpected
        totals[table] = {
            "rows": rows,
            "quarantined": aside,
            "quarantined_share": round(aside / rows, 6),
            "broken_rows": dict(sorted(broken.items())),
            "failed_warnings": dict(sorted(warned.items())),
        }
    return totals
