"""Facts of all reports of a run: the windows, checks, columns and gates that they tell of.

Of several that look at windows, the one in the worst state comes first; each fact names its report.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from include.assistant.investigator import watched
from include.assistant.investigator.evidence import rank
from include.assistant.investigator.facts import AnyFact, CheckFact, WindowFact

Held = Mapping[str, Any]
Reports = Sequence[tuple[str, Held]]
GATE = "gate"  # the sort of a check that is one, and how its name begins


def windows_of(reports: Reports) -> list[tuple[str, list[Held]]]:
    """The windows of each report that looked at some, the worst report first."""
    found = []
    for path, report in reports:
        held = report.get("windows")
        windows = [one for one in held if watched.is_window(one)] if isinstance(held, list) else []
        if windows:
            found.append((path, windows))
    return sorted(found, key=lambda one: (rank(str(one[1][-1].get("state"))), one[0]))


def seen(reports: Reports, tag: str) -> list[AnyFact]:
    """What reports tell of: windows, then what is out of its bounds, then all else."""
    found: list[AnyFact] = []
    several = windows_of(reports)
    for path, windows in several:
        own = tag if len(several) == 1 else f"{tag}{path}:"
        told: list[AnyFact] = [watched.window_fact(windows[-1], own)]
        told += [*watched.checks(windows, own), *watched.signals(windows, own)]
        found += [named(fact, path, len(several) > 1) for fact in told]
    beside = [(path, held) for path, held in reports if path not in dict(several)]
    found += [*reported(beside, tag), *gates(reports, tag), *columns(reports, tag)]
    return sorted(found, key=urgency)


def groups(reports: Reports, tag: str) -> list[AnyFact]:
    """The groups of rows about which models are most wrong, those of the worst report first."""
    several = windows_of(reports)
    return [
        named(fact, path, len(several) > 1)
        for path, windows in several
        for fact in watched.slices(windows, tag if len(several) == 1 else f"{tag}{path}:")
    ]


def named(fact: AnyFact, path: str, several: bool) -> AnyFact:
    """A fact with the report that it stands in, also in words if there are several."""
    said = f"By {path}: {fact.said}" if several else fact.said
    return fact.model_copy(update={"report": path, "said": said})


def urgency(fact: AnyFact) -> int:
    """What is read first, and never left out."""
    if isinstance(fact, WindowFact):
        return 0
    return 1 if isinstance(fact, CheckFact) and fact.state == "failed" else 2


def reported(reports: Reports, tag: str) -> Iterator[AnyFact]:
    """The checks of reports that looked at no windows, as one on drift since the training."""
    for path, report in reports:
        own = [one for one in listed(report, "checks") if "passed" in one]
        checks = [watched.check(one, "", f"{tag}{path}:", "") for one in own]
        yield from (named(fact, path, False) for fact in watched.failed_first(checks))


def columns(reports: Reports, tag: str) -> Iterator[AnyFact]:
    """The columns that drifted, of each report that looked at some."""
    some = [path for path, held in reports if isinstance(held.get("columns"), dict)]
    for path, report in reports:
        own = tag if len(some) == 1 else f"{tag}{path}:"
        found = watched.columns([(path, report)], own)
        yield from (named(fact, path, len(some) > 1) for fact in found)


def gates(reports: Reports, tag: str) -> Iterator[CheckFact]:
    """The gates of a verdict on what is to go live; a number that is not there has failed."""
    for path, report in reports:
        some = [one for one in listed(report, "gates") if "passed" in one]
        names = [one.get("name") for one in some]
        # Numbers of several files may be called the same: none hides another.
        places = [names[:place].count(name) + 1 for place, name in enumerate(names)]
        yield from watched.failed_first(
            gate(one, path, tag, place) for one, place in zip(some, places, strict=True)
        )


def gate(held: Held, path: str, tag: str, place: int) -> CheckFact:
    """One gate as a fact; its limit is in words.

    Args:
        place: which it is of those of its name, from 1.
    """
    name, passed = str(held.get("name")), held.get("passed") is True
    state = "passed" if passed else "failed"
    return CheckFact(
        id=f"check:{tag}{path}:{GATE} {name}" + (f" {place}" if place > 1 else ""),
        said=f"The gate {name} of {path} {state}: {held.get('reason', '')}".strip(),
        report=path,
        name=f"{GATE} {name}",
        window="",
        sort=GATE,
        state="passed" if passed else "failed",
        value=watched.number(held.get("value")),
        limit=None,
        excess=None,
        since="",
        subjects=() if passed else (name,),
    )


def listed(report: Held, name: str) -> list[Held]:
    """The objects of a list of a report."""
    held = report.get(name)
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
