"""The page of a watched assistant: verdict first, then what to mend, and how it went."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from include.monitoring.verdict import State
from include.pages import html, small_charts

WORDS: Mapping[State | None, str] = {
    "steady": "Steady",
    "moved": "Moved",
    "hurts": "It hurts",
    "blind": "Unknown",
    None: "Not watched",
}
TONES: Mapping[State | None, str] = {
    "steady": "good",
    "moved": "open",
    "hurts": "bad",
    "blind": "bad",
    None: "open",
}


def percent(value: float) -> str:
    """A share as a text."""
    return f"{value:.1%}"


def plain(value: float) -> str:
    """A number as a text, not longer than needed."""
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


# Signals that are drawn: title, how a value is written, and the check whose limit is drawn.
DRAWN: Mapping[str, tuple[str, Callable[[float], str], str]] = {
    "questions": ("Questions", plain, ""),
    "refused_share": ("Refused questions", percent, "refused_share"),
    "citations_failed_share": ("Without a cited answer", percent, "citations_failed_share"),
    "useful_share": ("Useful, of the rated", percent, "useful_share"),
    "question_drift_auc": ("Told from those before (AUC)", plain, "question_drift_auc"),
    "latency_p99_ms": ("99 of 100 answers (ms)", plain, "latency_p99_ms"),
    "cost": ("Cost", plain, "cost"),
    "error_rate": ("Failed requests", percent, "error_rate"),
}
FIGURES = {
    "questions": ("questions", plain),
    "refused_share": ("refused", percent),
    "useful_share": ("useful, of the rated", percent),
    "latency_p50_ms": ("ms that half of the answers took at most", plain),
}


@dataclass(frozen=True)
class Figure:
    """A number of the head of the page."""

    name: str
    value: str


@dataclass(frozen=True)
class Trend:
    """A signal over the windows, dashed: its limit."""

    name: str
    chart: Markup


def page(held: Mapping[str, Any]) -> str:
    """The report as HTML, with its charts inside.

    Args:
        held: the content of the report.
    """
    windows, state = held["windows"], held["verdict"]["state"]
    newest = windows[-1] if windows else None
    return html.render(
        "assistant/watching/page.html.j2",
        v=held,
        word=WORDS[state],
        tone=TONES[state],
        newest=newest,
        figures=figures(newest["signals"]) if newest else [],
        trends=trends(windows) if len(windows) > 1 else [],
        plain=plain,
    )


def figures(signals: Mapping[str, float | None]) -> list[Figure]:
    """The numbers to read first."""
    held = ((about, write, signals[name]) for name, (about, write) in FIGURES.items())
    return [Figure(about, "–" if one is None else write(one)) for about, write, one in held]


def trends(windows: Sequence[Mapping[str, Any]]) -> list[Trend]:
    """The signals that were ever measured, each beside its limit."""
    days = [str(one["start"]) for one in windows]
    limits = {check["name"]: check["limit"] for check in windows[-1]["checks"]}
    found = []
    for name, (title, write, check) in DRAWN.items():
        values = [one["signals"][name] for one in windows]
        if any(value is not None for value in values):
            drawn = [("main", values)]
            drawn += [("limit", [limits[check]] * len(days))] if check else []
            found.append(Trend(title, small_charts.trend(title, days, drawn, write)))
    return found
