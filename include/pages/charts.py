"""Charts as inline SVG: no script, no font, no file beside the page.

Colours come from the page's style sheet by class, so that one chart serves light, dark and paper.
Every text is escaped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One axis of a chart: its range, its ticks and what it measures."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]
    text: Callable[[float], str]


@dataclass(frozen=True)
class Line:
    """Points joined by a line."""

    style: str  # class in the style sheet
    points: Sequence[Point]
    dots: bool = False
    whiskers: Sequence[Point] = field(default=())  # low and high end of each point


@dataclass(frozen=True)
class Row:
    """A number with its interval, on a line of its own."""

    label: str
    style: str
    value: float
    low: float
    high: float


def lines(
    name: str, x: Axis, y: Axis, drawn: Sequence[Line], size: tuple[int, int] = (460, 360)
) -> Markup:
    """Lines over two axes.

    Args:
        name: what the chart shows, for those who hear it.
    """
    width, height = size
    left, right, top, bottom = 66, width - 14, 12, height - 46

    def across(value: float) -> float:
        return left + (value - x.low) / (x.high - x.low) * (right - left)

    def up(value: float) -> float:
        return bottom - (value - y.low) / (y.high - y.low) * (bottom - top)

    parts = []
    for tick in y.ticks:
        at = up(tick)
        parts.append(stroke("grid", left, at, right, at))
        parts.append(text("tick", left - 8, at + 4, y.text(tick), "end"))
    for tick in x.ticks:
        parts.append(text("tick", across(tick), bottom + 18, x.text(tick), "middle"))
    parts.append(stroke("axis", left, bottom, right, bottom))
    parts.append(text("title", (left + right) / 2, height - 8, x.title, "middle"))
    parts.append(text("title", 12, (top + bottom) / 2, y.title, "middle", turned=True))
    for line in drawn:
        places = [(across(a), up(b)) for a, b in line.points]
        for (at, _), (low, high) in zip(places, line.whiskers, strict=False):
            parts.append(stroke(f"{line.style} whisker", at, up(low), at, up(high)))
        parts.append(path(line.style, places))
        if line.dots:
            parts += [dot(line.style, *place) for place in places]
    return svg(name, width, height, parts)


def whiskers(name: str, x: Axis, rows: Sequence[Row], width: int = 720) -> Markup:
    """A number and its interval per row, on one scale."""
    left, right, step = 210, width - 150, 34
    height = step * len(rows) + 52

    def across(value: float) -> float:
        return left + (value - x.low) / (x.high - x.low) * (right - left)

    parts = []
    for tick in x.ticks:
        parts.append(stroke("grid", across(tick), 6, across(tick), height - 44))
        parts.append(text("tick", across(tick), height - 26, x.text(tick), "middle"))
    parts.append(text("title", (left + right) / 2, height - 6, x.title, "middle"))
    for index, row in enumerate(rows):
        at = 22 + step * index
        parts.append(text("label " + row.style, left - 16, at + 5, row.label, "end"))
        parts.append(stroke(f"{row.style} interval", across(row.low), at, across(row.high), at))
        parts.append(dot(row.style, across(row.value), at, 5.5))
        number = f"{row.value:.3f}  ({row.low:.3f}–{row.high:.3f})"
        parts.append(text("number", right + 12, at + 5, number, "start"))
    return svg(name, width, height, parts)


def spark(style: str, low: float, high: float, row: Row, reference: float) -> Markup:
    """A number and its interval inside a table cell, with a line at the reference."""
    width, height = 150, 18

    def across(value: float) -> float:
        return 4 + (min(max(value, low), high) - low) / (high - low) * (width - 8)

    parts = [
        stroke("reference", across(reference), 1, across(reference), height - 1),
        stroke(f"{style} interval", across(row.low), 9, across(row.high), 9),
        dot(style, across(row.value), 9, 4),
    ]
    spoken = f"{row.label}: {row.value:.3f}, interval {row.low:.3f} to {row.high:.3f}"
    return svg(spoken, width, height, parts, "spark")


def svg(
    name: str, width: int, height: int, parts: Sequence[Markup], style: str = "chart"
) -> Markup:
    """The parts as one picture with a spoken name."""
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return head.format(style, width, height, name) + Markup("").join(parts) + Markup("</svg>")


def stroke(style: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    """A straight line."""
    shape = Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    return shape.format(style, x1, y1, x2, y2)


def path(style: str, places: Sequence[Point]) -> Markup:
    """A line through places."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return Markup('<polyline class="{} line" points="{}"/>').format(style, points)


def dot(style: str, x: float, y: float, radius: float = 3.5) -> Markup:
    """A filled circle."""
    shape = Markup('<circle class="{} dot" cx="{:.1f}" cy="{:.1f}" r="{}"/>')
    return shape.format(style, x, y, radius)


def text(style: str, x: float, y: float, content: str, anchor: str, turned: bool = False) -> Markup:
    """A text at a place."""
    turn = Markup(' transform="rotate(-90 {:.1f} {:.1f})"').format(x, y) if turned else Markup("")
    shape = Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>')
    return shape.format(style, x, y, anchor, turn, content)
