"""Stage validate_flights: only rows that can be true go on; the others are set aside with a reason.

A month is checked once: again only if its bytes, its suite, the lists it refers to, the params
or this code have changed. What was found is kept beside the rows that were set aside, so that the
Data Docs and the metrics of old months cost nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import partitions, step
from include.errors import DataError, at_most_ten
from include.flights import columns
from include.flights.splits import Window, add_months
from include.flights.validation import (
    checked_columns,
    checks,
    data_docs,
    quarantine,
    records,
    references,
)
from include.flights.validation.checked_columns import Bounds
from include.step import Kept, Out
from include.validation import checking, engine, suites
from include.validation.suites import Rule, Suite

MONTHLY = ("flights", "weather")
LISTS = "reference"  # the folder of the tables without time
SCHEMAS = {"flights": columns.FLIGHTS, "weather": columns.WEATHER, **columns.SOURCE_REFERENCE}
CODE = (checked_columns, checks, quarantine, records, references, checking, engine, suites)


class Params(BaseModel):
    """Section validate_flights of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_quarantine_share: float = Field(
        ge=0, le=1, description="share of the rows of a table and month that may be set aside"
    )


def validate_flights(
    expectations: Path,
    raw_flights: Path,
    raw_weather: Path,
    raw_reference: Path,
    validated_flights: Kept,
    validated_weather: Kept,
    validated_reference: Out,
    quarantined: Kept,
    docs: Kept,
    metrics: Out,
    window: Window,
    params: Params,
) -> None:
    """Check the months that are new or changed, and set their broken rows aside."""
    reference = read_reference(raw_reference)
    tables = {
        LISTS: lists(raw_reference, window),
        "flights": months("flights", raw_flights, window, reference["airports"]),
        "weather": months("weather", raw_weather, window, reference["airports"]),
    }
    remove_strays(quarantined)
    checker = Checker(expectations, reference, docs, params)
    checked = sum(len(checker.update(quarantined / name, tables[name])) for name in tables)
    keep(tables["flights"], quarantined / "flights", validated_flights)
    keep(tables["weather"], quarantined / "weather", validated_weather)
    validated_reference.mkdir()
    for table in tables[LISTS]:
        write_kept(table, quarantined / LISTS, validated_reference)
    written = [quarantined / name / f"{t.label}.json" for name in tables for t in tables[name]]
    data_docs.update(docs, written)
    totals = records.summary([records.record_in(path) for path in written])
    metrics.write_text(json.dumps(totals, indent=2, ensure_ascii=False) + "\n")
    aside = ", ".join(f"{total['quarantined']:,} of {name}" for name, total in totals.items())
    print(f"{checked} of {len(written)} tables checked now; rows set aside: {aside}", flush=True)


@dataclass(frozen=True)
class Table:
    """One month of flights or weather, or one list."""

    name: str
    label: str  # the month, or the name of the list
    file: Path
    bounds: Bounds

    @property
    def where(self) -> str:
        """What it is called in a message."""
        return self.name if self.name == self.label else f"{self.name} of {self.label}"


@dataclass(frozen=True)
class Rules:
    """The suite of a table, as it is written, and with the lists that it refers to."""

    path: Path
    suite: Suite
    resolved: list[Rule]


@dataclass(frozen=True)
class Checker:
    """What a check depends on besides the table."""

    expectations: Path
    reference: Mapping[str, pl.DataFrame]
    docs: Path
    params: Params

    def update(self, folder: Path, tables: list[Table]) -> list[str]:
        """Check the tables that are new or changed; return their labels."""
        rules = {name: self.rules(name) for name in sorted({table.name for table in tables})}
        keys = {table.label: self.key(table, rules[table.name]) for table in tables}
        labelled = {table.label: table for table in tables}

        def build(label: str, work: Path) -> None:
            self.check(labelled[label], rules[labelled[label].name], work)

        return partitions.update(folder, keys, build)

    def rules(self, name: str) -> Rules:
        """The suite of a table, as written and with its references filled in."""
        path = self.expectations / f"{name}.json"
        suite = suites.read_suite(path)
        return Rules(path, suite, references.resolved(suite, self.reference, path))

    def key(self, table: Table, rules: Rules) -> str:
        """A hash of all that decides what a check finds."""
        engine = version("great-expectations")
        schema = SCHEMAS[table.name]
        decides = (table.bounds, rules.suite, rules.resolved, schema, self.params, engine)
        return partitions.content_key(table.file, *decides, Path(__file__), *CODE)

    def check(self, table: Table, rules: Rules, work: Path) -> None:
        """Write the rows to set aside, and the record of what was found.

        Raises:
            DataError: the table cannot be used.
        """
        rows = rows_of(table.file, table.name, table.where)
        wide = checked_columns.with_checked_columns(table.name, rows, table.bounds)
        suites.check_columns(rules.suite, wide.columns, rules.path)
        found = checks.findings_of(wide, rules.resolved, table.where)
        # A record names a list instead of repeating it: so it takes the rule as it is written.
        findings = [
            replace(finding, rule=rule)
            for finding, rule in zip(found, rules.suite.expectations, strict=True)
        ]
        record = records.record(rows, table.name, table.label, findings)
        problem = quarantine.problem(record, self.params.max_quarantine_share)
        if problem:
            page = data_docs.write_failed(self.docs, record)
            # ingest_flights keeps a month that is there, whatever the source says by now.
            again = f"correct the source, remove {table.file} and run `dvc repro`"
            fix = f"see {page}; {again}, or change the rule in {rules.path}."
            raise DataError(problem, fix)
        quarantine.set_aside(rows, findings).write_parquet(work / f"{table.label}.parquet")
        records.write_record(work / f"{table.label}.json", record)


def months(name: str, folder: Path, window: Window, airports: pl.DataFrame) -> list[Table]:
    """The months of the window.

    Raises:
        DataError: a month is not there.
    """
    known = airports.filter(pl.col("tzone").is_not_null())
    zones = dict(known.select("faa", "tzone").iter_rows())
    tables = []
    for month in window.months():
        bounds = Bounds(max(month, window.start), min(add_months(month, 1), window.end), zones)
        file = folder / f"{month:%Y-%m}.parquet"
        tables.append(Table(name, f"{month:%Y-%m}", file, bounds))
    missing = [table.label for table in tables if not table.file.exists()]
    if missing:
        what = f"{folder} lacks {name} of {at_most_ten(missing)}, which the window holds."
        raise DataError(what, "run `dvc repro`, which makes them.")
    return tables


def lists(folder: Path, window: Window) -> list[Table]:
    """Planes, airports and airlines; they know the window by its last year only."""
    year = (window.end - timedelta(days=1)).year
    bounds = Bounds(date(year, 1, 1), date(year + 1, 1, 1), {})
    names = columns.SOURCE_REFERENCE
    return [Table(name, name, folder / f"{name}.parquet", bounds) for name in names]


def read_reference(folder: Path) -> dict[str, pl.DataFrame]:
    """Planes, airports and airlines."""
    names = columns.SOURCE_REFERENCE
    return {name: rows_of(folder / f"{name}.parquet", name, name) for name in names}


def rows_of(file: Path, name: str, where: str) -> pl.DataFrame:
    """The rows of a table.

    Raises:
        DataError: the file is missing or damaged, or is not in the schema of columns.py.
    """
    try:
        table = pl.read_parquet(file)
    except (FileNotFoundError, pl.exceptions.PolarsError) as error:
        what = f"{file} cannot be read: {str(error).splitlines()[0]}."
        raise DataError(what, "remove it and run `dvc repro`.") from None
    quarantine.check_schema(table, SCHEMAS[name], where, file)
    return table


def keep(tables: list[Table], aside: Path, folder: Path) -> None:
    """Bring the validated months up to date."""
    labelled = {table.label: table for table in tables}
    keys = {
        label: partitions.content_key(
            table.file, aside / f"{label}.parquet", Path(quarantine.__file__)
        )
        for label, table in labelled.items()
    }
    partitions.update(folder, keys, lambda label, work: write_kept(labelled[label], aside, work))


def write_kept(table: Table, aside: Path, folder: Path) -> None:
    """Write the rows of a table that were not set aside."""
    broken = pl.read_parquet(aside / f"{table.label}.parquet")
    rows = quarantine.kept_rows(rows_of(table.file, table.name, table.where), broken)
    rows.write_parquet(folder / f"{table.label}.parquet")


def remove_strays(folder: Path) -> None:
    """Remove what a killed run may have left among the tables."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.name not in (*MONTHLY, LISTS):
            partitions.remove(path)


if __name__ == "__main__":
    raise SystemExit(step.run(validate_flights))
