"""A number over the runs, as a small picture: where it was, and where it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from include.pages.charts import dot, path, stroke, svg, text
from include.pages.small_charts import unbroken

WIDTH, HEIGHT = 300, 104
LEFT, RIGHT, TOP, BOTTOM = 6, 238, 12, 78
MOST_DOTS = 40  # beyond which only the last is drawn
BESIDE = 17  # between the last number and one that is told beside it


@dataclass(frozen=True)
class Trend:
    """A number of each run, the oldest first; None where it was not measured."""

    name: str
    dates: Sequence[str]
    values: Sequence[float | None]
    source: str = ""  # the file that it is from
    of: str = "runs"

    @property
    def drawn(self) -> Markup:
        """The picture."""
        return draw(self)


def draw(trend: Trend) -> Markup:
    """The number over the runs, with its range, its last value and its first and last dates."""
    finite = [v if v is not None and math.isfinite(v) else None for v in trend.values]
    measured = unbroken(finite)
    known = [point for part in measured for point in part]
    if not known:
        return Markup("")
    low, high = min(v for _, v in known), max(v for _, v in known)
    room = high / 2 - low / 2  # by halves: the whole may be too large for a number
    last_place = max(len(trend.values) - 1, 1)

    def place(at: float, value: float) -> tuple[float, float]:
        share = (value / 2 - low / 2) / room if room else 0.5
        return LEFT + at / last_place * (RIGHT - LEFT), BOTTOM - share * (BOTTOM - TOP)

    runs = [[place(at, value) for at, value in part] for part in measured]
    end = place(*known[-1])
    parts = [stroke("grid", LEFT, y, RIGHT, y) for y in (TOP, BOTTOM)]
    parts += [path("main", part) for part in runs if len(part) > 1]
    shown = [p for part in runs for p in part] if len(known) <= MOST_DOTS else [end]
    parts += [dot("main", *p, radius=2.2) for p in shown]
    parts += [dot("main", *end, radius=4)]
    parts += [text("number last", RIGHT + 10, end[1] + 5, number(known[-1][1]), "start")]
    parts += [
        text("tick", RIGHT + 10, y + 4, number(value), "start")
        for y, value in ((TOP, high), (BOTTOM, low))
        if room and abs(end[1] - y) >= BESIDE
    ]
    parts += [text("tick", LEFT, BOTTOM + 20, trend.dates[0], "start")]
    if len(trend.dates) > 1:
        parts.append(text("tick", RIGHT, BOTTOM + 20, trend.dates[-1], "end"))
    said = f"{trend.name}: {number(known[-1][1])} now, {number(low)} to {number(high)} over "
    return svg(f"{said}{len(known)} {trend.of}", WIDTH, HEIGHT, parts)


def number(value: float) -> str:
    """A number as a person reads it."""
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"
