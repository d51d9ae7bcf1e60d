"""Which runs are looked into when they are closed: those whose reports tell of trouble."""

import json
from pathlib import Path

from dvc_proposals_plans import card_of

# States of reports that are looked into: those that the investigator takes for no good run.
ALARMS = ("hurts", "failed", "blind", "unknown", "refused")
LARGEST_REPORT = 4_000_000  # bytes of a report in which alarms are counted


def in_trouble(run: str, home: Path) -> bool:
    """Whether a report of a closed run tells of trouble, or counts alarms whatever its state."""
    from include.pipeline.workspace import reports_of

    card = card_of(run, home)
    if card is None:
        return False
    folder = reports_of(home, card.dag_id, card.run_id)
    counted = (alarms_in(folder / name) for name in card.reports if name.endswith(".json"))
    return any(found.state in ALARMS for found in card.findings) or any(counted)


def alarms_in(file: Path) -> bool:
    """Whether a report counts alarms, as a number of its own or as reasons of its verdict."""
    try:
        held = json.loads(file.read_text()) if file.stat().st_size <= LARGEST_REPORT else None
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(held, dict):
        return False
    said = held.get("verdict")
    return bool(held.get("alarms") or (said.get("alarms") if isinstance(said, dict) else None))
