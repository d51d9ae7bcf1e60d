"""Facts of reports, as include.monitoring writes them: windows, or checks and columns."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from include.assistant.investigator.facts import (
    CheckFact,
    ColumnFact,
    SignalFact,
    SliceFact,
    WindowFact,
)

Held = Mapping[str, Any]
# How a check names what it is about: "... meter: distance (by 1.2, where ...), seats (...)."
NAMED = re.compile(r"(?:: |\), )([^():]{1,80}?) \(")
GROUP = re.compile(r"In the group ([^():]{1,80}?) it is ")
AWAY = (0.8, 1.25)  # multiples of what is usual beyond which a number is off
COUNTS = ("rows", "labelled")  # of a window, that count as signals


def is_window(held: object) -> bool:
    """Whether it is a window as include.monitoring writes them."""
    return (
        isinstance(held, dict)
        and isinstance(held.get("signals"), dict)
        and isinstance(held.get("checks"), list)
        and isinstance(held.get("start"), str)
    )


def number(value: object) -> float | None:
    """A number; None of anything else, also of one that is not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None


def shown(value: float | None) -> str:
    """A number as people read it: six digits at most."""
    return "not measured" if value is None else f"{value:.6g}"


def window_fact(held: Held, tag: str) -> WindowFact:
    """What a window came to, in the words of its report."""
    start, end, model = (str(held.get(name, ""))[:80] for name in ("start", "end", "model"))
    state, rows = str(held.get("state", "")), number(held.get("rows")) or 0
    told = f"In the window from {start} to {end} the model {model} scored {rows:.0f} rows, and "
    told += f"its state is {state}: {held.get('sentence', '')} {held.get('to_do', '')}"
    return WindowFact(
        id=f"window:{tag}{start}",
        said=told.strip(),
        start=start,
        end=end,
        model=model,
        state=state,
        rows=int(rows),
    )


def signals(windows: Sequence[Held], tag: str) -> Iterator[SignalFact]:
    """The numbers of the newest window, each beside those of the windows before."""
    newest = windows[-1]
    start = newest["start"][:10]
    for name in [*COUNTS, *newest["signals"]]:
        value, *past = (number(signal(one, name)) for one in reversed(windows))
        known = [each for each in past if each is not None]
        usual = median(known) if known else None
        ratio = value / usual if value is not None and usual else None
        began = away_since(windows, name, usual) if usual else ""
        told = f"{name} is {shown(value)} in the window from {start}"
        if usual is not None:
            told += f"; before, it was {shown(min(known))} to {shown(max(known))}, "
            told += f"{shown(usual)} in the median of {len(known)} windows"
            told += f"; it has been a quarter off or more since {began}" if began else ""
        yield SignalFact(
            id=f"signal:{tag}{name}",
            said=f"{told}.",
            name=name,
            window=start,
            value=value,
            usual=usual,
            ratio=ratio,
            since=began,
            measured=value is not None,
        )


def away_since(windows: Sequence[Held], name: str, usual: float) -> str:
    """The start of the first window from which on a number has been a quarter off or more."""
    began = ""
    for window in reversed(windows):
        value = number(signal(window, name))
        if value is None or AWAY[0] < value / usual < AWAY[1]:
            break
        began = window["start"][:10]
    return began


def signal(window: Held, name: str) -> object:
    """A number of a window; its counts lie beside the signals."""
    return window.get(name) if name in COUNTS else window["signals"].get(name)


def checks(windows: Sequence[Held], tag: str) -> Iterator[CheckFact]:
    """The checks of the newest window, those that failed first."""
    yield from failed_first(
        check(held, windows[-1]["start"][:10], tag, since(held.get("name"), windows))
        for held in windows[-1]["checks"]
        if isinstance(held, dict)
    )


def failed_first(checks: Iterable[CheckFact]) -> list[CheckFact]:
    """Checks in the order to read them."""
    return sorted(checks, key=lambda fact: (fact.state != "failed", fact.state == "passed"))


def check(held: Held, window: str, tag: str, began: str) -> CheckFact:
    """One check as a fact."""
    name, value, limit = str(held.get("name")), number(held.get("value")), number(held.get("limit"))
    reason, passed = str(held.get("reason", "")), held.get("passed") is True
    state = "passed" if passed else "failed" if value is not None else "not measured"
    excess = abs(value) / limit if value is not None and limit else None
    verb = {"passed": "passed", "failed": "failed", "not measured": "was not measured"}[state]
    lasting = f" It has failed since the window from {began}." if began else ""
    where = f" in the window from {window}" if window else ""
    return CheckFact(
        id=f"check:{tag}{name}",
        said=f"The check {name} {verb}{where}: {reason}{lasting}",
        name=name,
        window=window,
        sort=str(held.get("kind", "")),
        state=state,
        value=value,
        limit=limit,
        excess=excess,
        since=began if state == "failed" else "",
        subjects=tuple(subjects(reason)) if state == "failed" else (),
    )


def subjects(reason: str) -> list[str]:
    """The columns, values or groups that the sentence of a check names."""
    return GROUP.findall(reason) or NAMED.findall(reason)


def since(name: object, windows: Sequence[Held]) -> str:
    """The start of the first window from which on a check has failed without a break."""
    began = ""
    for window in reversed(windows):
        some = [one for one in window["checks"] if isinstance(one, dict)]
        held: Held = next((one for one in some if one.get("name") == name), {})
        if held.get("passed") is not False or number(held.get("value")) is None:
            break
        began = window["start"][:10]
    return began


def slices(windows: Sequence[Held], tag: str) -> Iterator[SliceFact]:
    """The groups of the newest window of which the model is most wrong."""
    newest = windows[-1]
    past = {group_name(one): number(one.get("gap")) for one in groups(windows[-2:-1])}
    for held in groups([newest]):
        gap, rows = number(held.get("gap")), number(held.get("rows"))
        if gap is None or rows is None:
            continue
        name, before = group_name(held), past.get(group_name(held))
        told = f"In the group {name} ({rows:.0f} rows) the gap of the model is {gap:+.6g}"
        told += f", {before:+.6g} in the window before" if before is not None else ""
        yield SliceFact(
            id=f"slice:{tag}{name}",
            said=f"{told}; above 0 the outcome is overstated more than elsewhere.",
            name=name,
            rows=int(rows),
            gap=gap,
            before=before,
        )


def groups(windows: Sequence[Held]) -> Iterator[Held]:
    """The groups of some windows."""
    for window in windows:
        held = window.get("groups")
        yield from (one for one in held if isinstance(one, dict)) if isinstance(held, list) else ()


def group_name(held: Held) -> str:
    """A group in words."""
    return f"{held.get('column')} {held.get('value')}"


def columns(reports: Sequence[tuple[str, Held]], tag: str) -> Iterator[ColumnFact]:
    """The columns of a drift report, those that moved furthest first."""
    for _, report in reports:
        held = report.get("columns")
        found = [
            column(name, one, tag)
            for name, one in (held.items() if isinstance(held, dict) else ())
            if isinstance(one, dict) and isinstance(one.get("drifted"), bool)
        ]
        yield from sorted(found, key=lambda fact: (-fact.severity, fact.name))


def column(name: str, held: Held, tag: str) -> ColumnFact:
    """One column as a fact; it has drifted from one threshold on."""
    emptied = abs(
        (number(held.get("empty_share_current")) or 0)
        - (number(held.get("empty_share_reference")) or 0)
    )
    severity = max(
        (number(held.get("statistic")) or 0) / (number(held.get("threshold")) or 1),
        emptied / (number(held.get("empty_share_threshold")) or 1),
    )
    weight, began = number(held.get("weight")) or 0.0, str(held.get("since") or "")
    told = f"The column {name} moved by {severity:.3g} thresholds from the reference"
    told += f", since {began}" if began else ""
    return ColumnFact(
        id=f"column:{tag}{name}",
        said=f"{told}; the model uses it for {weight:.3g} of all.",
        name=name,
        drifted=held["drifted"],
        severity=round(severity, 6),
        weight=weight,
        since=began,
    )
