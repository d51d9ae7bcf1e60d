"""Stage plant_incidents: incidents of which is known what went wrong, in worlds of many seeds."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from include import step
from include.assistant.investigator import evidence
from include.assistant.investigator.planting.faults import FAULTS
from include.assistant.investigator.planting.incidents import drawn
from include.errors import did_you_mean
from include.monitoring.watch import Sampling
from include.monitoring.watch_limits import WatchLimits
from include.step import Out


class Params(BaseModel):
    """Section plant_incidents of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules_seeds: tuple[int, ...] = Field(
        min_length=1, description="worlds in whose sight the playbook was written"
    )
    held_out_seeds: tuple[int, ...] = Field(description="worlds that nobody looked at")
    kinds: tuple[str, ...] = Field(min_length=1, description="what goes wrong, once in each world")
    sample_rows: int = Field(ge=100, description="rows of a window in a test of drift")
    limits: WatchLimits = Field(description="of the windows, as those of watch_flights")

    @model_validator(mode="after")
    def are_known(self) -> "Params":
        """Refuse kinds that there are not, and a world that is both."""
        for kind in self.kinds:
            if kind not in FAULTS:
                raise ValueError(f"there is no kind {kind!r}.{did_you_mean(kind, FAULTS)}")
        if both := {*self.rules_seeds} & {*self.held_out_seeds}:
            raise ValueError(f"the world {min(both)} is in both folds")
        return self


def plant_incidents(incidents: Out, params: Params) -> None:
    """Write one folder of evidence per incident, and what is true of all of them."""
    truths = []
    for seed in (*params.rules_seeds, *params.held_out_seeds):
        for one in drawn(seed, params.kinds, params.limits, Sampling(params.sample_rows, seed)):
            fold = "rules" if seed in params.rules_seeds else "held_out"
            evidence.write(incidents / one.id, one.about, one.reports, one.logs)
            truths.append({**one.truth, "fold": fold})
    Path(incidents / "incidents.json").write_text(json.dumps(truths, indent=1) + "\n")
    print(f"incidents planted: {len(truths)}", flush=True)


if __name__ == "__main__":
    raise SystemExit(step.run(plant_incidents))
