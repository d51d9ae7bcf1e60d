"""The windows that a report looked at, as `windows` of its JSON holds them, and their signals."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from include.pages.runs.content import Verdict, Window
from include.pages.runs.trend import Trend
from include.pipeline.closing.card import LARGEST, verdict_in

MOST = 200  # newest windows
SIGNALS = 24  # that are drawn


def windows_of(folder: Path, paths: Sequence[str]) -> tuple[list[Window], list[Trend]]:
    """The windows of the first report that has any, the newest first, and their signals."""
    for path in paths:
        held = [one for one in read(folder / path) if isinstance(one.get("signals"), dict)]
        if path.endswith(".json") and held:
            return [window(one) for one in reversed(held)], signals(held)
    return [], []


def read(path: Path) -> list[dict[str, Any]]:
    """The windows in a file, the earliest first; none if there are none."""
    try:
        small = path.suffix == ".json" and path.stat().st_size <= LARGEST
        held = json.loads(path.read_text()) if small else None
    except (OSError, ValueError, RecursionError):
        return []
    found = held.get("windows") if isinstance(held, dict) else None
    windows = found[-MOST:] if isinstance(found, list) else []
    return [one for one in windows if isinstance(one, dict)]


def window(held: Mapping[str, Any]) -> Window:
    """One window, with what it came to."""
    found = verdict_in(held, "")
    verdict = Verdict(found.state, found.sentence, found.to_do) if found else Verdict("no verdict")
    return Window(f"{held.get('start', '')} to {held.get('end', '')}", verdict)


def signals(held: Sequence[Mapping[str, Any]]) -> list[Trend]:
    """Each signal of the newest window over all of them."""
    days = [str(one.get("start", ""))[:10] for one in held]
    drawn = (
        Trend(str(name), days, [number(one["signals"].get(name)) for one in held], of="windows")
        for name in list(held[-1]["signals"])[:SIGNALS]
    )
    return [trend for trend in drawn if trend.drawn]


def number(value: object) -> float | None:
    """A number that can be drawn; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None
