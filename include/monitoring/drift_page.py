"""The page of a drift report: our verdict, its numbers and limits, on top of Evidently's charts."""

from collections.abc import Mapping
from html import escape

from include.monitoring.drift import Drift
from include.monitoring.drift_limits import Check, Column

STYLE = """
.verdict {font: 15px/1.5 system-ui, sans-serif;
  max-width: 1100px; margin: 24px auto; padding: 0 24px}
.verdict table {border-collapse: collapse; margin: 12px 0}
.verdict td, .verdict th {border: 1px solid #ccc; padding: 4px 10px; text-align: left}
.verdict .number {text-align: right; font-variant-numeric: tabular-nums}
.verdict .failed {background: #fbe3df}
"""


def with_verdict(page: str, title: str, facts: list[str], drift: Drift) -> str:
    """Put the verdict, the checks and the columns on top of Evidently's page.

    Args:
        page: HTML whose first <head> and <body> are its own.
        facts: sentences that stand below the verdict.
    """
    head = f"<title>{escape(title)}</title><style>{STYLE}</style>"
    body = [
        f"<h1>{escape(title)}</h1><h2>{escape(drift.answer)}</h2>",
        *(f"<p>{escape(fact)}</p>" for fact in facts),
        check_table(drift.checks),
        f"<details><summary>{len(drift.columns)} columns compared</summary>",
        f"{column_table(drift.columns)}</details>",
    ]
    top = f'<div class="verdict">{"".join(body)}</div>'
    return page.replace("<head>", f"<head>{head}", 1).replace("<body>", f"<body>{top}", 1)


def check_table(checks: list[Check]) -> str:
    """Each check with its number, its limit and its sentence."""
    rows = [
        row([check.name, check.value, check.limit, check.reason], failed=not check.passed)
        for check in checks
    ]
    return table(["Check", "Value", "Limit", "In words"], rows)


def column_table(columns: Mapping[str, Column]) -> str:
    """Each column with its numbers, the most drifted first."""
    rows = []
    for name, held in sorted(columns.items(), key=lambda item: -item[1].severity):
        empty = [held.empty_share_reference, held.empty_share_current]
        cells = [name, held.method, held.statistic, held.threshold, *empty]
        rows.append(row(cells, failed=held.drifted))
    return table(["Column", "Method", "Statistic", "Threshold", "Empty before", "Empty now"], rows)


def table(names: list[str], rows: list[str]) -> str:
    """An HTML table of rows that are HTML already."""
    return f"<table><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>{''.join(rows)}</table>"


def row(cells: list[str | float | None], failed: bool) -> str:
    """One row of a table; numbers with three digits, a dash for none."""
    texts = []
    for cell in cells:
        if isinstance(cell, str):
            texts.append(f"<td>{escape(cell)}</td>")
        else:
            texts.append(f'<td class="number">{"-" if cell is None else f"{cell:.3f}"}</td>')
    return f"<tr{' class=failed' if failed else ''}>{''.join(texts)}</tr>"
