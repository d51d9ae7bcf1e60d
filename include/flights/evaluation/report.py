"""The evaluation as one page that a manager can read: verdict first, then the evidence."""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle

from markupsafe import Markup

from include.flights.evaluation.blending import LOWER_IS_BETTER, title
from include.flights.evaluation.judgement import BASELINES, Evaluation, Split
from include.flights.evaluation.slicing import Slice, spread
from include.flights.members.records import MEMBERS
from include.monitoring.performance import Floats
from include.pages import charts, html
from include.pages.charts import Axis, Line, Row

HEADINGS = {
    "carrier": "Carrier",
    "origin": "Airport of departure",
    "month": "Month",
    "hour": "Local hour of departure",
}


def page(evaluation: Evaluation, late_after_min: int) -> str:
    """The report as HTML, with its charts inside."""
    best = evaluation.scores[evaluation.chosen]
    ends = {by: spread(groups) for by, groups in evaluation.slices.items()}
    return html.render(
        "flights/evaluation/report.html.j2",
        e=evaluation,
        best=best,
        test=evaluation.splits[-1],
        rule=evaluation.params.choice,
        late_after_min=late_after_min,
        verdict=verdict(evaluation),
        trust=trust(evaluation),
        names=names(),
        styles=styles(evaluation),
        headings=HEADINGS,
        baselines=BASELINES,
        ends=ends,
        tables={by: in_order(by, groups) for by, groups in evaluation.slices.items()},
        lower=LOWER_IS_BETTER,
        title=title,
        percent=percent,
        points=points,
        span_of=days_of,
        gaps={by: calibration_range(groups) for by, groups in evaluation.slices.items()},
        measures=list(best),
        comparison=comparison(evaluation),
        reliability=reliability(evaluation),
        roc=roc(evaluation),
        precision_recall=precision_recall(evaluation),
        months=months(evaluation),
        spark=lambda one: slice_spark(evaluation, one),
    )


def verdict(evaluation: Evaluation) -> str:
    """good, open or bad: what the paired interval against the best baseline says."""
    gain = evaluation.gains[0].interval
    return "good" if gain.low > 0 else "bad" if gain.high < 0 else "open"


def trust(evaluation: Evaluation) -> str:
    """good, open or bad: whether the probabilities may be read as they are."""
    error = evaluation.scores[evaluation.chosen]["calibration_error"].value
    limit = evaluation.params.max_calibration_error
    return "good" if error <= limit else "open" if error <= 2 * limit else "bad"


def names() -> dict[str, str]:
    """What a reader calls each model."""
    return {
        **{name: member.title for name, member in MEMBERS.items()},
        "blend": f"Blend of {'both' if len(MEMBERS) == 2 else len(MEMBERS)}",
        "late_rate": "Past late rate",
        "schedule_only": "Schedule-only model",
    }


def styles(evaluation: Evaluation) -> dict[str, str]:
    """The style of each model: the chosen one stands out, baselines are of another colour."""
    others = [name for name in evaluation.scores if name not in (evaluation.chosen, *BASELINES)]
    shown = dict(zip(others, cycle(("member", "third")), strict=False))
    return {evaluation.chosen: "main", **shown, "late_rate": "plain2", "schedule_only": "plain"}


def comparison(evaluation: Evaluation) -> Markup:
    """AUC of every model, best first."""
    style, named = styles(evaluation), names()
    rows = [
        Row(named[model], style[model], one["auc"].value, one["auc"].low, one["auc"].high)
        for model, one in evaluation.scores.items()
    ]
    rows.sort(key=lambda row: -row.value)
    low, high = span([row.low for row in rows] + [row.high for row in rows], 0.02)
    axis = Axis("AUC on the test period", low, high, ticks(low, high, 0.02), "{:.2f}".format)
    return charts.whiskers("AUC of each model with its interval", axis, rows)


def reliability(evaluation: Evaluation) -> Markup:
    """What was predicted against what happened, for the chosen model."""
    curve = evaluation.calibration[evaluation.chosen]
    top = max([mean for _, mean, _ in curve] + [seen.high for _, _, seen in curve])
    _, high = span([0, top], 0.1)
    axis = [
        Axis(name, 0, high, ticks(0, high, 0.1), percent)
        for name in ("predicted probability to be late", "share that was late")
    ]
    drawn = [
        Line("ideal", [(0, 0), (high, high)]),
        Line(
            "main",
            [(mean, seen.value) for _, mean, seen in curve],
            dots=True,
            whiskers=[(seen.low, seen.high) for _, _, seen in curve],
        ),
    ]
    return charts.lines("Predicted against observed shares", axis[0], axis[1], drawn)


def roc(evaluation: Evaluation) -> Markup:
    """Late flights found against punctual flights flagged."""
    x = Axis("punctual flights flagged", 0, 1, ticks(0, 1, 0.2), percent)
    y = Axis("late flights flagged", 0, 1, ticks(0, 1, 0.2), percent)
    guess = Line("ideal", [(0, 0), (1, 1)])
    return charts.lines("ROC curves", x, y, [guess, *curves(evaluation, evaluation.roc)])


def precision_recall(evaluation: Evaluation) -> Markup:
    """How many of the flagged flights are late, the more of the late ones are found."""
    x = Axis("late flights flagged", 0, 1, ticks(0, 1, 0.2), percent)
    y = Axis("late among the flagged", 0, 1, ticks(0, 1, 0.2), percent)
    share = evaluation.splits[-1].late_share
    guess = Line("ideal", [(0, share), (1, share)])
    drawn = [guess, *curves(evaluation, evaluation.precision_recall)]
    return charts.lines("Precision-recall curves", x, y, drawn)


def curves(evaluation: Evaluation, held: Mapping[str, tuple[Floats, Floats]]) -> list[Line]:
    """One line per model; the chosen one on top."""
    style = styles(evaluation)
    ordered = sorted(held, key=lambda name: name == evaluation.chosen)
    return [Line(style[name], list(zip(*held[name], strict=True))) for name in ordered]


def months(evaluation: Evaluation) -> Markup:
    """AUC month by month, on flights that no model was trained on."""
    style, labels = styles(evaluation), [month for month, _, _ in evaluation.monthly]
    drawn = []
    for model in sorted(evaluation.scores, key=lambda name: name == evaluation.chosen):
        areas = [areas[model] for _, _, areas in evaluation.monthly]
        known = [(float(i), area) for i, area in enumerate(areas) if not math.isnan(area)]
        drawn.append(Line(style[model], known, dots=True))
    low, high = span([area for line in drawn for _, area in line.points], 0.05)
    x = Axis("", -0.3, len(labels) - 0.7, range(len(labels)), lambda i: labels[int(i)])
    y = Axis("AUC", low, high, ticks(low, high, 0.05), "{:.2f}".format)
    return charts.lines("AUC by month", x, y, drawn, size=(720, 300))


def slice_spark(evaluation: Evaluation, one: Slice) -> Markup:
    """The AUC of one group on the scale of its table, against that of all flights."""
    all_flights = evaluation.scores[evaluation.chosen]["auc"].value
    shown = [s.auc for groups in evaluation.slices.values() for s in groups if s.compared]
    low = min([all_flights - 0.05, *(auc.low for auc in shown)])
    high = max([all_flights + 0.05, *(auc.high for auc in shown)])
    row = Row(f"AUC of {one.group}", "main", one.auc.value, one.auc.low, one.auc.high)
    return charts.spark("main", low, high, row, all_flights)


def in_order(by: str, groups: Sequence[Slice]) -> list[Slice]:
    """Months and hours as they come, other groups by size."""
    return list(groups) if by in ("month", "hour") else sorted(groups, key=lambda one: -one.rows)


def calibration_range(groups: Sequence[Slice]) -> tuple[float, float]:
    """The lowest and the highest calibration gap among the groups that are compared."""
    gaps = [one.calibration_gap.value for one in groups if one.compared]
    return (min(gaps), max(gaps)) if gaps else (math.nan, math.nan)


def span(values: Sequence[float], step: float) -> tuple[float, float]:
    """The whole steps that hold all values."""
    low = math.floor(min(values) / step + 1e-9) * step
    high = math.ceil(max(values) / step - 1e-9) * step
    return low, high if high > low else low + step


def ticks(low: float, high: float, step: float) -> list[float]:
    """Whole steps from low to high, thinned out to eight at most."""
    count = round((high - low) / step)
    every = math.ceil((count + 1) / 8)
    return [low + step * i for i in range(0, count + 1, every)]


def percent(value: float, digits: int = 0) -> str:
    """A share as a percentage."""
    return f"{100 * value:.{digits}f} %"


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * value:+.1f}".replace("-", "−")


def days_of(split: Split) -> str:
    """The days of a period in words."""
    first, last = split.first, split.last
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {first:%b}{year} to {last.day} {last:%b %Y}"
