"""Small pictures of the same kind, many on a page: inline SVG, as in charts.py."""

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from include.pages.charts import Axis, Line, Point, lines, path, stroke, svg, text

WIDTH = 300
CLOSE = 1e-9  # what floats are off by
LETTERS = 15  # of a label beside a bar


def steps(
    name: str, before: Sequence[float], now: Sequence[float], ends: tuple[str, str]
) -> Markup:
    """Two spreads over the same bins: the one of now is filled, the one before a line.

    Args:
        ends: what the lowest and the highest bin hold, as text.
    """
    height, bottom = 112, 92
    top = max([*before, *now, 1e-9])
    shape = Markup('<polygon class="now" points="{}"/>')
    filled = [(0.0, float(bottom)), *stairs(now, top, bottom), (float(WIDTH), float(bottom))]
    parts = [
        shape.format(" ".join(f"{x:.1f},{y:.1f}" for x, y in filled)),
        path("before", stairs(before, top, bottom)),
        stroke("axis", 0, bottom, WIDTH, bottom),
        text("tick", 0, height - 5, ends[0], "start"),
        text("tick", WIDTH, height - 5, ends[1], "end"),
    ]
    return svg(name, WIDTH, height, parts)


def stairs(shares: Sequence[float], top: float, bottom: float) -> list[Point]:
    """The upper edge of bars side by side."""
    width = WIDTH / len(shares)
    places: list[Point] = []
    for index, share in enumerate(shares):
        up = bottom - share / top * (bottom - 4)
        places += [(index * width, up), ((index + 1) * width, up)]
    return places


def pairs(
    name: str, labels: Sequence[str], before: Sequence[float], now: Sequence[float]
) -> Markup:
    """A bar for now under a line for before, one pair per label."""
    left, step = 112, 20
    top = max([*before, *now, 1e-9])
    parts = []
    for index, (label, old, new) in enumerate(zip(labels, before, now, strict=True)):
        at = 4 + index * step
        parts.append(text("tick", left - 8, at + 12, cut(label, LETTERS), "end"))
        parts.append(bar("now", left, at + 2, new / top * (WIDTH - left - 2), 12))
        there = left + old / top * (WIDTH - left - 2)
        parts.append(stroke("before line", there, at, there, at + 16))
    return svg(name, WIDTH, step * len(labels) + 8, parts)


def strip(name: str, labels: Sequence[str], values: Sequence[float | None]) -> Markup:
    """How far something was beyond its limit in each period, cut at three times the limit."""
    height, bottom, most = 62, 42, 3.0
    width = WIDTH / len(labels)
    parts = []
    for index, value in enumerate(values):
        up = min(value or 0.0, most) / most * (bottom - 2)
        style = "beyond" if (value or 0.0) >= 1 else "within"
        parts.append(bar(style, index * width + 1, bottom - up, width - 2, up))
    limit = bottom - (bottom - 2) / most
    parts.append(stroke("reference", 0, limit, WIDTH, limit))
    parts.append(text("tick", 0, height - 5, labels[0], "start"))
    if len(labels) > 1:
        parts.append(text("tick", WIDTH, height - 5, labels[-1], "end"))
    return svg(name, WIDTH, height, parts)


def trend(
    name: str,
    labels: Sequence[str],
    drawn: Sequence[tuple[str, Sequence[float | None]]],
    number: Callable[[float], str],
) -> Markup:
    """Lines over periods, each with its style; a gap where nothing was measured.

    Args:
        drawn: style of a line to a value per label.
        number: how a value is written.
    """
    known = [value for _, values in drawn for value in values if value is not None]
    y = Axis("", *nice(known or [0.0, 1.0]), text=number)
    every = -(-len(labels) // 5)
    last = max(len(labels) - 1, 1)
    shown = range(0, len(labels), every)
    x = Axis("", -0.2, last + 0.2, shown, lambda at: cut(labels[int(at)], LETTERS))
    runs = [
        Line(style, run, dots=style == "main")
        for style, values in drawn
        for run in unbroken(values)
    ]
    return lines(name, x, y, runs, size=(400, 200))


def unbroken(values: Sequence[float | None]) -> list[list[Point]]:
    """The values with their places, in runs without a gap."""
    runs: list[list[Point]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((float(index), value))
    return [run for run in runs if run]


def nice(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """A range of round numbers that holds all values, and four or five of them as ticks."""
    low, high = min(values), max(values)
    rough = max((high - low) / 4, abs(high) / 1000, 1e-9)
    size = 10.0 ** len_of(rough)
    step = next(
        size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * (1 - CLOSE)
    )
    first, last = math.floor(low / step + CLOSE), math.ceil(high / step - CLOSE)
    last = max(last, first + 1)
    return first * step, last * step, [step * at for at in range(first, last + 1)]


def len_of(value: float) -> int:
    """The power of ten of the first digit."""
    return int(f"{value:e}".split("e")[1])


def bar(style: str, x: float, y: float, width: float, height: float) -> Markup:
    """A filled rectangle."""
    shape = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    return shape.format(style, x, y, max(width, 0), max(height, 0))


def cut(label: str, letters: int) -> str:
    """A text that is no longer than so many letters."""
    return label if len(label) <= letters else f"{label[: letters - 1]}…"
