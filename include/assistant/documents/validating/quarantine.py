"""Which passages are set aside and why, and when that stops the run."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from include.assistant.answering.secret_forms import kind_of
from include.errors import DataError, at_most_ten
from include.validation.checking import Finding

REASON = "reason"
WHOLE = "whole"  # the column of titles and text
HIDDEN = "its heading breaks a rule"


def set_aside(table: pl.DataFrame, findings: Sequence[Finding]) -> pl.DataFrame:
    """The passages that break a quarantine rule: all columns, and all rules that they break."""
    reasons: dict[int, list[str]] = {}
    for found in findings:
        if found.rule.action == "quarantine" and not found.holds:
            for row in found.rows:
                reasons.setdefault(row, []).append(found.rule.description)
    rows = sorted(reasons)
    texts = ["; ".join(reasons[row]) for row in rows]
    return table[rows].with_columns(pl.Series(REASON, texts, dtype=pl.String))


def kept(table: pl.DataFrame, findings: Sequence[Finding]) -> pl.DataFrame:
    """The passages that break no quarantine rule, in their order."""
    broken = {
        row
        for found in findings
        if found.rule.action == "quarantine" and not found.holds
        for row in found.rows
    }
    return table[[row for row in range(table.height) if row not in broken]]


def check(table: pl.DataFrame, findings: Sequence[Finding], most: float) -> None:
    """Stop if a rule that must hold does not, too much is set aside, or a source is lost.

    Args:
        most: largest share of the passages that may be set aside, 0..1.

    Raises:
        DataError: with the rules, and the passages that break them.
    """
    fix = "mend the pages or leave them out in sources.yaml, or change the rule in its suite."
    stops = [found for found in findings if found.rule.action == "stop" and not found.holds]
    if stops:
        raise DataError("The passages break rules that must hold:" + lines(table, stops), fix)
    aside = set_aside(table, findings)
    broken = [found for found in findings if found.rule.action == "quarantine" and not found.holds]
    if aside.height > most * table.height:
        raise DataError(
            f"{aside.height:,} of {table.height:,} passages ({aside.height / table.height:.2%}) "
            f"break rules, more than the {most:.2%} of validate_docs.max_quarantine_share:"
            + lines(table, broken),
            fix,
        )
    left = kept(table, findings)["source"]
    lost = sorted(set(aside["source"]) - set(left))
    if lost:
        what = f"No passage is left of {at_most_ten(lost)}:" + lines(table, broken)
        raise DataError(what, fix)


def lines(table: pl.DataFrame, broken: Sequence[Finding]) -> str:
    """A line for each broken rule: its name, how many break it, and the first of them."""
    return "".join(
        f"\n  - {found.rule.description}: {extent(found)}"
        + (": " if found.rows else "")
        + at_most_ten(name_of(table, row, broken) for row in found.rows)
        for found in broken[:10]
    )


def extent(found: Finding) -> str:
    """How many passages break a rule, or what a column comes to."""
    return f"it is {found.observed}" if found.observed else f"{found.unexpected:,} passages"


def name_of(table: pl.DataFrame, row: int, broken: Sequence[Finding]) -> str:
    """Where a passage stands, such as `celery faq.rst (Why?)`."""
    passage = table.row(row, named=True)
    return f"{passage['source']} {passage['page']} ({title_of(passage, broken)})"


def title_of(passage: Mapping[str, Any], broken: Sequence[Finding]) -> str:
    """The heading of a passage, but for one that holds what a rule lets nobody see."""
    title = (passage["titles"] or [""])[-1]
    rules = [found.rule.kwargs for found in broken if WHOLE in found.rule.columns]
    patterns = [str(rule["regex"]) for rule in rules if "regex" in rule]
    hidden = any(re.search(pattern, title) for pattern in patterns) or kind_of(title)
    return HIDDEN if hidden else title


def summary(table: pl.DataFrame, findings: Sequence[Finding]) -> dict[str, Any]:
    """Totals for the metrics: passages, quarantined and its share, broken rules, warnings."""
    aside = set_aside(table, findings)
    broken = {found.rule.description: found for found in findings if not found.holds}
    return {
        "passages": table.height,
        "quarantined": aside.height,
        "quarantined_share": round(aside.height / table.height, 6) if table.height else 0.0,
        "broken_rules": {
            name: found.unexpected
            for name, found in sorted(broken.items())
            if found.rule.action == "quarantine"
        },
        "failed_warnings": {
            name: found.observed or found.unexpected
            for name, found in sorted(broken.items())
            if found.rule.action == "warn"
        },
        "quarantined_of": dict(sorted(Counter(aside["source"]).items())),
    }
