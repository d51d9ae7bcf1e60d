"""Runs as the reports see them, made by hand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from dvc_reports_runs import Seen

from include.pipeline.closing.card import Card, Finding
from include.pipeline.history import PastRun

NOON = datetime(2013, 6, 1, 12, tzinfo=UTC)
HOME = Path("/nowhere")
MAKERS = {"reports/drift.html": "report_drift", "metrics/drift.json": "report_drift"}
MAKERS |= {"reports/docs": "check", "metrics/fit.json": "fit"}


def seen(
    number: int = 1,
    *,
    dag_id: str = "train",
    state: str = "",
    carded: bool = True,
    window: str = "",
    reports: tuple[str, ...] = (),
    failed: bool = False,
    word: str = "success",
    **past: object,
) -> Seen:
    """A run so many days after the first."""
    findings = (Finding("reports/drift.json", state),) if state else ()
    ids = (dag_id, f"run-{number}")
    card = Card(*ids, "", "", window, 1.0, MAKERS, reports, findings) if carded else None
    known = PastRun(f"run-{number}", "", **past) if past else None  # type: ignore[arg-type]
    word = "failed" if failed else word
    return Seen(*ids, NOON + timedelta(days=number), word, None, None, card, known)
