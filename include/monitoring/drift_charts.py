"""The pictures of a drift page: a card per column that moved, and the trends over the periods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from include.monitoring import trends as trends_of
from include.monitoring.drift import Drift
from include.monitoring.drift_limits import Column
from include.monitoring.drift_tables import LETTERS, percent
from include.monitoring.periods import Terms
from include.monitoring.shapes import Shape
from include.pages import small_charts
from include.pages.small_charts import cut


@dataclass(frozen=True)
class Card:
    """One column that drifted."""

    name: str
    meaning: str
    chart: Markup
    moved: str
    strip: Markup | str
    since: str


@dataclass(frozen=True)
class Chart:
    """A chart and its name."""

    name: str
    chart: Markup


def cards(drift: Drift, meanings: Mapping[str, str]) -> list[Card]:
    """A card for each column that is drawn."""
    return [card(name, drift, meanings) for name in drift.shapes]


def card(name: str, drift: Drift, meanings: Mapping[str, str]) -> Card:
    """The picture and the words of a column that drifted."""
    column, shape = drift.columns[name], drift.shapes[name]
    labels = [point.name for point in drift.points]
    severities = [point.severities.get(name) for point in drift.points]
    strip = small_charts.strip(f"{name}, period by period", labels, severities) if labels else ""
    since = since_when(column, *trends_of.beyond(name, drift.points)) if labels else ""
    return Card(
        cut(name, LETTERS),
        meanings.get(name, ""),
        chart(shape),
        words(column, shape),
        strip,
        since,
    )


def since_when(column: Column, beyond: int, learned: int) -> str:
    """Since when it is beyond its limit, and whether that is new."""
    said = f"Beyond its limit since {column.since}" if column.since else "Beyond its limit now"
    if beyond:
        said += f", as in {beyond} of the {learned} periods that the model learned from"
    return f"{said}."


def chart(shape: Shape) -> Markup:
    """The two spreads of a column."""
    name = cut(f"{shape.name}: reference and now", LETTERS)
    if shape.kind == "category":
        return small_charts.pairs(name, [str(v) for v in shape.places], shape.before, shape.now)
    ends = (f"{float(shape.places[0]):.4g}", f"{float(shape.places[-1]):.4g}")
    return small_charts.steps(name, shape.before, shape.now, ends)


def words(column: Column, shape: Shape) -> str:
    """By how much the column moved."""
    method = "PSI" if column.method == "psi" else "Distance"
    statistic = column.statistic or 0.0
    said = f"{method} {statistic:.3g}, {statistic / column.threshold:.2g} times its limit"
    if shape.middles:
        said += f"; median {shape.middles[0]:.4g} → {shape.middles[1]:.4g}"
    if abs(column.empty_share_current - column.empty_share_reference) >= 0.01:
        empty = [percent(column.empty_share_reference), percent(column.empty_share_current)]
        said += f"; empty {empty[0]} → {empty[1]}"
    return f"{said}. Weighs {column.weight:.1%}."


def trends(drift: Drift, terms: Terms) -> list[Chart]:
    """AUC, calibration, drift and the share of the outcome over the periods."""
    if len(drift.points) < 2:
        return []
    limits = terms.limits
    told = [point.outcomes for point in drift.points]
    gap = limits.calibration_gap_max
    drawn: list[tuple[str, list[float | None], list[float]]] = [
        ("AUC", [one.auc for one in told], [limits.auc_min]),
        ("Predicted less observed", [one.calibration_gap for one in told], [-gap, gap]),
        (
            "Drifted, of what the model uses",
            [point.drift_weighted for point in drift.points],
            [limits.drift_weighted_max],
        ),
        (f"Share {terms.words.outcome}", [one.share for one in told], []),
    ]
    return [
        Chart(name, trend(name, drift, values, bounds, "{:.2f}".format if name == "AUC" else whole))
        for name, values, bounds in drawn
    ]


def trend(
    name: str,
    drift: Drift,
    values: Sequence[float | None],
    bounds: Sequence[float],
    text: Callable[[float], str],
) -> Markup:
    """One number over the periods: those that the model learned from, the others, the limits."""
    fitted = [point.fitted for point in drift.points]
    # A line from the last period of one kind to the first of the other, for the eye.
    joined = [held or (at > 0 and fitted[at - 1]) for at, held in enumerate(fitted)]
    lines: list[tuple[str, Sequence[float | None]]] = [
        ("limit", [bound] * len(values)) for bound in bounds
    ]
    if any(fitted):
        lines.append(("member", [v if on else None for v, on in zip(values, joined, strict=True)]))
    lines.append(("main", [None if on else v for v, on in zip(values, fitted, strict=True)]))
    return small_charts.trend(name, [point.name for point in drift.points], lines, text)


def whole(value: float) -> str:
    """A share in whole percent, or with one digit if it is small."""
    return f"{100 * value:.3g} %"
