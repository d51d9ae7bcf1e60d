"""A log of questions of two weeks, watched as the stage does, for tests."""

import json
from datetime import date, timedelta
from pathlib import Path

from assistant_log import ask, small_index, week

from include.assistant.watch_assistant import watch_assistant
from include.assistant.watching.settings import Drift, Limits, Params
from include.monitoring.watch_log import Log

LIMITS = Limits(
    refused_share_max=0.3,
    citations_failed_share_max=0.05,
    useful_share_min=0.6,
    question_drift_auc_max=0.75,
    failed_share_max=0.02,
    error_rate_max=0.01,
    latency_p99_ms_max=1000,
    cost_max=1.0,
    quarantined_max=0,
    stale_sources_max=0,
)
DRIFT = Drift(before=2, least=30, most=200, alike=0.999, folds=3, resamples=50, seed=7)
CURRENT = {"celery": {"package": "celery", "version": "5.6.3"}}


def params(log: str = "none", md5: str = "none", **more) -> Params:
    held = {"end": date(2026, 6, 15), "window": "week", "windows": 2, "time_zone": "UTC"}
    held |= {"confidence": 0.95, "listed": 20, "drift": DRIFT, "limits": LIMITS}
    return Params(**{**held, "log": Log(location=log, md5=md5), **more})


def watched(folder: Path, settings: Params, sources: dict = CURRENT) -> dict:
    """The report of the stage; its other files are beside it."""
    (folder / "lock.txt").write_text("celery==5.6.3\n")
    outs = [folder / name for name in ("report.json", "page.html", "metrics.json")]
    (folder / "sources.json").write_text(json.dumps(sources))
    ins = (folder / "sources.json", folder / "lock.txt")
    watch_assistant(small_index(folder / "index"), *ins, *outs, params=settings)
    return json.loads(outs[0].read_text())


def asks(start: int, number: int = 40, kind=ask, **said) -> list[dict]:
    """Questions of a week, an hour apart; the week is the first or the second."""
    at = week(start)
    return [kind(100 * start + n, at + timedelta(hours=n), **said) for n in range(number)]


def alarms(report: dict) -> set[str]:
    """The checks of the newest window that failed."""
    return {check["name"] for check in report["windows"][-1]["checks"] if not check["passed"]}
