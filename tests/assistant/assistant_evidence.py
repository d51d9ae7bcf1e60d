"""Evidence that is small enough to read; and planted incidents, made once for all tests."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from include.assistant.investigator import evidence
from include.assistant.investigator.evidence import About, Alert, Evidence, Run, Stage
from include.assistant.investigator.planting.incidents import Watched
from include.assistant.investigator.tools import Tools
from include.assistant.plant_incidents import Params
from include.monitoring.watch import Sampling

PROJECT = Path(__file__).parents[2] / "include/assistant"
NOW, GOOD = "rows.scheduled__2025-03-01T000000+0000", "rows.scheduled__2025-02-01T000000+0000"


def check(
    name: str, value: float | None, limit: float, passed: bool, **more: str
) -> dict[str, Any]:
    """A check as include.monitoring writes it."""
    held = {"reason": f"{name} is {value}; at most {limit:g} is allowed.", "kind": "hurts"}
    return {"name": name, "value": value, "limit": limit, "passed": passed, **held, **more}


def window(
    month: int, *checks: dict[str, Any], rows: int = 100, **signals: float
) -> dict[str, Any]:
    """A window as include.monitoring writes it."""
    return {
        "start": f"2025-{month:02}-01",
        "end": f"2025-{month + 1:02}-01",
        "model": "v0.0.3",
        "rows": rows,
        "labelled": rows,
        "state": "steady" if all(one["passed"] for one in checks) else "hurts",
        "sentence": "It is as it is.",
        "to_do": "",
        "signals": signals,
        "checks": [*checks],
        "groups": [
            {"column": "city", "value": "C05", "rows": 40, "gap": -0.25},
            {"column": "city", "value": "C01", "rows": 60, "gap": 0.01},
        ],
    }


LOW = check("auc", 0.55, 0.6, False)
FINE = check("auc", 0.75, 0.6, True)
WINDOWS = (window(1, FINE, auc=0.75), window(2, LOW, auc=0.56), window(3, LOW, auc=0.55))


def stage(out: str, made: str, **deps: str) -> Stage:
    """A stage by the hash of its out and those of its deps; a setting is written upper-case."""
    params = {name.lower(): held for name, held in deps.items() if name.isupper()}
    return Stage(
        command="run",
        deps={name: held for name, held in deps.items() if not name.isupper()},
        params=params,
        outs={out: made},
    )


def put(
    folder: Path,
    *windows: Mapping[str, Any],
    stages: tuple[dict[str, Stage], dict[str, Stage]] = ({}, {}),
    logs: Mapping[str, str] | None = None,
    state: evidence.State = "closed",
    alerts: tuple[Alert, ...] = (),
) -> Evidence:
    """Write evidence of a run in trouble, after a good one, and read it.

    Args:
        stages: those of the run, and of the good one.
    """
    common, verdict = {"dag_id": "rows"}, windows[-1]["state"] if windows else "hurts"
    now = Run(
        name=NOW,
        run_id="scheduled__2025-03-01T00:00:00+00:00",
        opened="2025-03-01T00:00:00+00:00",
        state=state,
        verdict=verdict if state == "closed" else "",
        metrics={"metrics/watch.json:auc": 0.55},
        stages=stages[0],
        **common,
    )
    good = Run(
        name=GOOD,
        state="closed",
        verdict="steady",
        metrics={"metrics/watch.json:auc": 0.75},
        stages=stages[1],
        **common,
    )
    reports = {NOW: {"reports/watch.json": {"windows": [*windows]}}} if windows else {}
    about = About(run=NOW, runs=(now, good), alerts=alerts)
    evidence.write(folder, about, reports, {NOW: {**(logs or {})}})
    return Evidence(folder)


def tools(folder: Path, *windows: Mapping[str, Any], **more: Any) -> Tools:
    """The tools over such evidence."""
    return Tools(put(folder, *windows, **more))


KINDS = (
    *("unit_changed", "params_changed", "labels_late", "concept_shift", "service_slow"),
    *("join_broken", "features_stale", "rows_duplicated", "nothing"),
)


def planted() -> Path:
    """Incidents of the world 1, as the stage plants them; made once for all processes of tests."""
    place = Path(os.environ["SHARED_BY_TESTS"]) / "incidents"
    if not place.exists():
        aside = place.with_name(f"incidents.{os.getpid()}")
        world = watched()
        for kind in KINDS:
            one = world.incident(kind)
            evidence.write(aside / one.id, one.about, one.reports, one.logs)
        try:
            aside.rename(place)
        except OSError:  # another process was quicker
            shutil.rmtree(aside)
    return place


def watched(seed: int = 1) -> Watched:
    """A world as params.yaml has it."""
    params = planting()
    return Watched(seed, params.limits, Sampling(params.sample_rows, seed))


def planting() -> Params:
    """The section plant_incidents of params.yaml."""
    held = yaml.safe_load((PROJECT / "params.yaml").read_text())
    return Params.model_validate(held["plant_incidents"])
