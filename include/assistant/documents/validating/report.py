"""The page on the documents: what was taken from which source, and what the rules found."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from include.assistant.documents.validating import quarantine, without_passages
from include.pages import html
from include.validation.checking import Finding

SHOWN = 50  # passages that were set aside, and pages without one


def page_of(
    table: pl.DataFrame, counts: pl.DataFrame, aside: pl.DataFrame, findings: Sequence[Finding]
) -> str:
    """The whole page."""
    broken = [found for found in findings if not found.holds]
    without = without_passages.pages_of(counts)
    return html.render(
        "assistant/documents/validating/report.html.j2",
        passages=table.height,
        aside=aside.height,
        sources=sources_of(table, counts, aside),
        rules=[rule_of(found) for found in findings],
        examples=[
            {**one, "title": quarantine.title_of(one, broken)}
            for one in aside.head(SHOWN).to_dicts()
        ],
        without=without,
        shown=SHOWN,
    )


def sources_of(
    table: pl.DataFrame, counts: pl.DataFrame, aside: pl.DataFrame
) -> list[dict[str, Any]]:
    """A row for each source: its pages, passages, tokens, what was masked and set aside."""
    pages = counts.group_by("source").agg(pages=pl.len())
    passages = table.group_by("source").agg(
        passages=pl.len(),
        tokens=pl.col("tokens").mean(),
        masked=pl.col("masked").sum(),
        licence=pl.col("licence").unique().sort().str.join(", "),
    )
    broken = aside.group_by("source").agg(aside=pl.len())
    joined = passages.join(pages, on="source", how="left").join(broken, on="source", how="left")
    return joined.with_columns(pl.col("aside").fill_null(0)).sort("source").to_dicts()


def rule_of(found: Finding) -> dict[str, str]:
    """A row for each rule, and what it found."""
    words = {"quarantine": "set aside", "stop": "stops the run", "warn": "warning"}
    broken = found.observed or f"{found.unexpected:,} passages"
    return {
        "rule": found.rule.description,
        "action": words[found.rule.action],
        "found": "holds" if found.holds else broken,
        "notes": found.rule.meta.notes,
    }
