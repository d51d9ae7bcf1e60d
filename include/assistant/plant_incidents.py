"""Stage plant_incidents: incidents of which is known what went wrong, in worlds of many seeds."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.investigator import evidence
from include.assistant.investigator.planting.incidents import drawn
from include.monitoring.watch import Sampling
from include.monitoring.watch_limits import WatchLimits
from include.step import Out


class Params(BaseModel):
    """Section plant_incidents of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules_seeds: tuple[int, ...] = Field(
        min_length=1, description="worlds in whose sight the playbook was written"
    )
    held_out_seeds: tuple[int, ...] = Field(
        min_length=1, description="worlds that nobody looked at"
    )
    sample_rows: int = Field(ge=100, description="rows of a window in a test of drift")
    limits: WatchLimits


def plant_incidents(incidents: Out, params: Params) -> None:
    """Write one folder of evidence per incident, and what is true of all of them."""
    truths = []
    for seed in (*params.rules_seeds, *params.held_out_seeds):
        for one in drawn(seed, params.limits, Sampling(params.sample_rows, seed)):
            fold = "rules" if seed in params.rules_seeds else "held_out"
            evidence.write(incidents / one.id, one.about, one.reports, one.logs)
            truths.append({**one.truth, "fold": fold})
    Path(incidents / "incidents.json").write_text(json.dumps(truths, indent=1) + "\n")
    print(f"incidents planted: {len(truths)}", flush=True)


if __name__ == "__main__":
    raise SystemExit(step.run(plant_incidents))
