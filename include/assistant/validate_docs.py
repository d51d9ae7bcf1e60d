"""Stage validate_docs: only passages that can be used go on; the others are set aside, with why."""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant import passages as columns
from include.assistant.documents import counted
from include.assistant.documents.size import Passages
from include.assistant.documents.validating import (
    checked_columns,
    quarantine,
    report,
    settings,
    without_passages,
)
from include.errors import DataError, at_most_ten
from include.step import Out
from include.validation import checking, suites

Schema = Mapping[str, pl.DataType | type[pl.DataType]]


class Params(BaseModel):
    """Section validate_docs of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_quarantine_share: float = Field(
        ge=0, le=1, description="share of the passages that may be set aside"
    )


def validate_docs(
    parsed: Path,
    expectations: Path,
    accepted: Out,
    metrics: Out,
    page: Out,
    passages: Passages,
    params: Params,
) -> None:
    """Check all passages, and set those aside that break a rule."""
    table = read_table(parsed / "passages.parquet", columns.SCHEMA)
    counts = read_table(parsed / "counts.parquet", counted.SCHEMA)
    without_passages.check(counts)
    wide = checked_columns.with_checked_columns(table)
    path = expectations / "passages.json"
    suite = suites.read_suite(path)
    suites.check_columns(suite, wide.columns, path)
    rules = settings.resolved(suite, passages.model_dump(), path)
    findings = checking.findings_of(wide, rules, "the passages")
    quarantine.check(table, findings, params.max_quarantine_share)
    accepted.mkdir()
    quarantine.kept(table, findings).write_parquet(accepted / "passages.parquet")
    aside = quarantine.set_aside(table, findings)
    aside.write_parquet(accepted / "quarantine.parquet")
    totals = {
        **quarantine.summary(table, findings),
        "pages_without_passages": len(without_passages.pages_of(counts)),
    }
    metrics.write_text(json.dumps(totals, indent=2, ensure_ascii=False) + "\n")
    page.write_text(report.page_of(table, counts, aside, findings))
    print(f"{table.height:,} passages, {aside.height:,} set aside", flush=True)


def read_table(path: Path, schema: Schema) -> pl.DataFrame:
    """All passages, or what was counted of all pages.

    Raises:
        DataError: the table is missing or damaged, or has other columns.
    """
    try:
        table = pl.read_parquet(path)
    except (FileNotFoundError, pl.exceptions.PolarsError) as error:
        what = f"{path} cannot be read: {str(error).splitlines()[0]}."
        raise DataError(what, "remove it and run `dvc repro`.") from None
    held, wanted = dict(table.schema), pl.DataFrame(schema=schema).schema
    wrong = [
        f"{name} is {held.get(name)}" for name, kind in wanted.items() if held.get(name) != kind
    ]
    wrong += [f"{name} is unknown" for name in held if name not in wanted]
    if wrong:
        what = f"{path} has other columns than parse_docs writes: {at_most_ten(wrong)}."
        raise DataError(what, "remove it and run `dvc repro`.")
    return table


if __name__ == "__main__":
    raise SystemExit(step.run(validate_docs))
