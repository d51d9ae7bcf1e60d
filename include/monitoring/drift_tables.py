"""The tables of a drift page, as rows of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.monitoring.drift_limits import Column
from include.monitoring.groups import Group, gap
from include.pages.small_charts import cut

MOST_ROWS = 300  # of a table; the JSON has them all
MOST_EMPTIED = 12
LETTERS = 120  # of a name or a value: no column makes the page long


@dataclass(frozen=True)
class Table:
    """A table of groups, and a sentence on top."""

    title: str
    sentence: str
    lines: list[list[str]]


@dataclass(frozen=True)
class Row:
    """One column in numbers."""

    name: str
    drifted: bool
    cells: list[str]
    since: str


def column_rows(columns: Mapping[str, Column]) -> list[Row]:
    """Each column with its numbers, the most used first."""
    ordered = sorted(columns.items(), key=lambda item: (-item[1].weight, item[0]))
    rows = []
    for name, held in ordered[:MOST_ROWS]:
        statistic = "–" if held.statistic is None else f"{held.statistic:.3f}"
        cells = [
            percent(held.weight),
            statistic,
            f"{held.threshold:.3f}",
            f"{held.severity:.2f}",
            percent(held.empty_share_reference),
            percent(held.empty_share_current),
        ]
        rows.append(Row(cut(name, LETTERS), held.drifted, cells, held.since or ""))
    return rows


def emptied_rows(columns: Mapping[str, Column]) -> list[list[str]]:
    """The columns whose share of empty values changed most, by a tenth of a point or more."""
    changes = {
        name: held.empty_share_current - held.empty_share_reference
        for name, held in columns.items()
    }
    ordered = sorted(changes, key=lambda name: (-abs(changes[name]), name))
    return [
        [
            cut(name, LETTERS),
            percent(columns[name].empty_share_reference),
            percent(columns[name].empty_share_current),
            points(changes[name]),
        ]
        for name in ordered[:MOST_EMPTIED]
        if abs(changes[name]) >= 0.001
    ]


def group_tables(title: str, groups: Sequence[Group]) -> Table:
    """Each group with its numbers, and how far the best and the worst are apart."""
    now, before = gap(list(groups))
    sentence = f"{title}: the AUC of the best and the worst group are "
    sentence += "not to be compared." if now is None else f"{now:.3f} apart"
    if now is not None:
        sentence += "." if before is None else f"; {before:.3f} before, on unseen rows."
    lines = [
        [
            cut(group.name, LETTERS),
            f"{group.now.rows:,}",
            percent(group.now.share),
            number(group.now.auc),
            number(group.before.auc if group.before else None),
            points(group.now.calibration_gap),
        ]
        for group in groups[:MOST_ROWS]
    ]
    return Table(title, sentence, lines)


def percent(value: float) -> str:
    """A share with one digit."""
    return f"{100 * value:.1f} %"


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * value:+.1f}".replace("-", "−")


def number(value: float | None) -> str:
    """A number with three digits, or a dash."""
    return "–" if value is None else f"{value:.3f}"
