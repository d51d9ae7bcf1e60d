"""What watching tells: one file for programs, a page for people, and the numbers of the newest."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from include.assistant.watching.checks import Facts, Signals
from include.assistant.watching.page import page as page_of
from include.assistant.watching.stale import Stale
from include.assistant.watching.unanswered import Gap
from include.assistant.watching.verdict import ORDERS
from include.monitoring.drift_limits import Check
from include.monitoring.verdict import Verdict
from include.monitoring.watch_checks import failed

NOBODY = "No question was watched: watch_assistant.log.location is none."


@dataclass(frozen=True)
class Judged:
    """One window with what it comes to."""

    facts: Facts
    signals: Signals
    checks: list[Check]
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """The window as alerts, pages and policies read it: those of models are of this form."""
        asked = self.facts.asked
        return {
            "start": self.facts.window.start.isoformat(),
            "end": self.facts.window.end.isoformat(),
            "model": ", ".join(asked.models) or None,
            "rows": asked.questions,
            "labelled": asked.rated,
            "state": self.verdict.state,
            "sentence": self.verdict.sentence,
            "to_do": self.verdict.to_do,
            "signals": self.signals,
            "checks": [asdict(check) for check in self.checks],
            "answered_by": asked.models,
            "refused_by": asked.causes,
        }


@dataclass(frozen=True)
class Watched:
    """All that is told.

    Args:
        judged: windows, the earliest first; none without a log.
        gaps: what the newest window lacked.
        log_md5: hash of what was read of the log, or none.
        always: checks that need no log.
    """

    judged: Sequence[Judged]
    gaps: Sequence[Gap]
    stale: Sequence[Stale]
    log_md5: str
    always: Sequence[Check]

    def content(self) -> dict[str, Any]:
        """The report: the verdict of the newest window, all windows, and what to mend."""
        return {
            "verdict": self.verdict(),
            "windows": [one.as_json() for one in self.judged],
            "unanswered": [asdict(one) for one in self.gaps],
            "stale": [asdict(one) for one in self.stale],
            "log_md5": self.log_md5,
        }

    def verdict(self) -> dict[str, Any]:
        """The verdict of the newest window; without a log, that there is none."""
        if not self.judged:
            stale = f" {len(self.stale)} sources have gone stale." if self.stale else ""
            to_do = ORDERS["stale_sources"] if self.stale else ""
            alarms = [check.reason for check in failed(self.always)]
            return {"state": None, "sentence": NOBODY + stale, "to_do": to_do, "alarms": alarms}
        newest = self.judged[-1]
        return {
            "state": newest.verdict.state,
            "sentence": f"{newest.facts.window.start}: {newest.verdict.sentence}",
            "to_do": newest.verdict.to_do,
            "alarms": [check.reason for check in failed(newest.checks)],
        }

    def numbers(self) -> dict[str, float | None]:
        """Flat numbers of the newest window: hurts, moved and blind are 1 or 0."""
        if not self.judged:
            alarms = {"windows": 0, "alarms": len(failed(self.always))}
            return {**alarms, "stale_sources": len(self.stale)}
        newest = self.judged[-1]
        states = {
            state: int(newest.verdict.state == state) for state in ("hurts", "moved", "blind")
        }
        alarms = {"windows": len(self.judged), "alarms": len(failed(newest.checks))}
        return {**alarms, **states, **newest.signals}


def write(watched: Watched, report: Path, page: Path, metrics: Path) -> None:
    """Write report, page and metrics, and print the sentence of the newest window."""
    held = watched.content()
    report.write_text(json.dumps(held, indent=1) + "\n")
    page.write_text(page_of(held), encoding="utf-8")
    metrics.write_text(json.dumps(watched.numbers(), indent=2) + "\n")
    print(f"{held['verdict']['sentence']} {held['verdict']['to_do']}".strip(), flush=True)
