"""What watching tells: one file for programs, the numbers of the newest window, and a sentence."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.monitoring.watch_checks import failed
from include.monitoring.watch_verdict import Judged

TRENDS = 10  # groups whose gaps are told for every window


def write(judged: Sequence[Judged], nothing: str, log: str, report: Path, metrics: Path) -> None:
    """Write report and metrics, and print the sentence of the newest window.

    Args:
        judged: windows, the earliest first; none if no model was watched.
        nothing: what to say then.
        log: hash of what was read of the log of predictions, or none.
    """
    told = {**content(judged, nothing), "log_md5": log}
    report.write_text(json.dumps(told, indent=1) + "\n")
    metrics.write_text(json.dumps(numbers(judged), indent=2) + "\n")
    print(f"{told['verdict']['sentence']} {told['verdict']['to_do']}".strip(), flush=True)


def content(judged: Sequence[Judged], nothing: str) -> dict[str, Any]:
    """The report: the verdict of the newest window, all windows, and the trends of groups."""
    if not judged:
        verdict: dict[str, Any] = {"state": None, "sentence": nothing, "to_do": "", "alarms": []}
        return {"verdict": verdict, "windows": [], "group_trends": {}}
    newest = judged[-1]
    alarms = [check.reason for check in failed(newest.checks)]
    verdict = {
        "state": newest.verdict.state,
        "sentence": f"{newest.facts.start:%Y-%m-%d}: {newest.verdict.sentence}",
        "to_do": newest.verdict.to_do,
        "alarms": alarms,
    }
    windows = [one.as_json() for one in judged]
    return {"verdict": verdict, "windows": windows, "group_trends": trends(judged)}


def trends(judged: Sequence[Judged]) -> dict[str, list[float | None]]:
    """The groups with the largest gaps now, each with its gap in every window."""
    gaps = [{group.name: group.gap for group in one.scored.groups} for one in judged]
    worst = [group.name for group in judged[-1].scored.groups[:TRENDS]]
    return {name: [held.get(name) for held in gaps] for name in worst}


def numbers(judged: Sequence[Judged]) -> dict[str, float | None]:
    """Flat numbers of the newest window: hurts, moved and blind are 1 or 0."""
    if not judged:
        return {"windows": 0}
    newest = judged[-1]
    states = {state: int(newest.verdict.state == state) for state in ("hurts", "moved", "blind")}
    counts = {"rows": newest.scored.rows, "labelled": newest.scored.performance.labelled}
    alarms = {"windows": len(judged), "alarms": len(failed(newest.checks))}
    return {**alarms, **states, **counts, **newest.signals}
