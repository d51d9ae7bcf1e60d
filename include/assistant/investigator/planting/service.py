"""The service of a world: a small log of predictions, and what include.monitoring makes of it."""

import numpy as np
import polars as pl

from include.assistant.investigator.planting.faults import Serving
from include.assistant.investigator.planting.world import World
from include.monitoring import service as monitored
from include.monitoring.service import NOTHING, Replies, Service

LOGGED = 300  # rows of a window that were asked for
OLDEST_S = {"history": 3600.0}


def measured(
    world: World, place: int, rows: pl.DataFrame, serving: Serving
) -> tuple[Service, Replies | None]:
    """What the log of a window says of the service."""
    if serving.silent:
        return NOTHING, None
    draw = np.random.default_rng([world.seed, 4, place])
    asked = rows.head(LOGGED)
    old = draw.random(len(asked)) < serving.stale
    features = {f"feature.{name}": asked[name] for name in world.plan.levels}
    log = asked.select("probability", "model").with_columns(
        role=pl.lit("champion"),
        kind=pl.lit("entities"),
        **{"age_s.history": pl.Series(np.where(old, 90_000.0, 60.0))},
        **features,
    )
    known = world.names.known or {}
    requests = pl.DataFrame(
        {
            "status": np.where(draw.random(LOGGED) < serving.errors, 503, 200),
            "ms": draw.gamma(4, 5, LOGGED) * serving.slow,
        }
    )
    return monitored.service(log.lazy(), OLDEST_S, known), monitored.replies(requests.lazy())
