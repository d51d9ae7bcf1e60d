"""A model as a service: rows in, probabilities of one outcome out, and the numbers of /metrics."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import bentoml
import numpy as np
from bentoml._internal.utils.analytics import usage_stats
from numpy.typing import NDArray
from prometheus_client import Counter

from include.errors import PlatformError
from include.serving.batch import Batch
from include.serving.gate import read_token
from include.serving.manifest import check_packages, log, read_manifest
from include.serving.rows import Rows, unknown_values

# BentoML reports each start to its maker unless it is told not to, and has asked by now.
os.environ["BENTOML_DO_NOT_TRACK"] = "true"
usage_stats.do_not_track.cache_clear()

# From this many rows on, a prediction leaves the event loop, so that health checks are answered.
MANY_ROWS = 200
# Between two machines of one environment; the probe is rounded to six digits.
SMALL_DIFFERENCE = 1e-5
SAME_PACKAGES = "install the bento's env/python/requirements.txt exactly."


class Model(Protocol):
    """What can be served."""

    @property
    def levels(self) -> Mapping[str, frozenset[str]]:
        """The values of each category that the model knows."""

    def answer(self, batch: Batch) -> NDArray[np.float64]:
        """The probability of the outcome, one per row."""

    def probe(self) -> Batch:
        """Made-up rows, always the same, to see whether two machines answer alike."""


class Answers:
    """A packaged model that answers requests: the base of the class that BentoML runs.

    Args:
        manifest: what the bento says about itself.
        outcome: what a row is called from the probability on that the manifest holds as
            `OUTCOME_from_probability`.
    """

    def __init__(self, manifest: dict[str, Any], model: Model, outcome: str) -> None:
        self.manifest, self.model, self.outcome = manifest, model, outcome
        self.levels = model.levels
        kinds = {feature["name"]: feature["kind"] for feature in manifest["features"]}
        self.rows = Rows(kinds, manifest["max_rows"])
        self.version = f"{manifest['name']}:{manifest['version']}"
        self.fault = self.find_fault()
        self.predicted = Counter("leeway_predictions", "Rows predicted", [outcome])
        self.unknown = Counter("leeway_unknown_values", "Values training never saw", ["feature"])
        if self.fault:
            log.error("%s\n  Next: %s", self.fault, SAME_PACKAGES)
        else:
            log.info("%s is ready, with the members %s", self.version, manifest["members"])

    def find_fault(self) -> str:
        """What is wrong if this machine does not answer as the one that packaged the model."""
        answers = self.model.answer(self.model.probe())
        difference = float(np.abs(answers - np.array(self.manifest["probe"])).max())
        if difference <= SMALL_DIFFERENCE:
            return ""
        return f"Probabilities here differ by {difference:.1e} from those at packaging."

    def __is_ready__(self) -> bool:
        return not self.fault

    def schema(self) -> dict[str, object]:
        """What to send, and who answers."""
        limit = f"{self.outcome}_from_probability"
        shown = ("name", "version", "members", limit, "max_rows", "features")
        return {key: self.manifest[key] for key in shown}

    async def answer(self, body: bytes) -> dict[str, object]:
        """The answer to one request.

        Raises:
            DataError: the body is not a list of rows with every feature.
        """
        batch = self.rows.read(body)
        if batch.height >= MANY_ROWS:
            probabilities = await asyncio.to_thread(self.model.answer, batch)
        else:
            probabilities = self.model.answer(batch)
        reached = probabilities >= self.manifest[f"{self.outcome}_from_probability"]
        unknown = unknown_values(batch.categories, self.levels)
        self.count(int(reached.sum()), len(reached), unknown)
        pairs = zip(probabilities.tolist(), reached.tolist(), strict=True)
        return {
            "predictions": [{"probability": value, self.outcome: is_so} for value, is_so in pairs],
            "model": self.version,
            "unknown_values": unknown,
        }

    def count(self, reached: int, rows: int, unknown: dict[str, dict[str, int]]) -> None:
        """Add to the numbers that GET /metrics shows."""
        self.predicted.labels("true").inc(reached)
        self.predicted.labels("false").inc(rows - reached)
        for name, values in unknown.items():
            self.unknown.labels(name).inc(sum(values.values()))


def check_start(model: Path) -> None:
    """Stop before the first worker starts: a worker that fails is started again for ever."""
    try:
        read_token()
        check_packages(read_manifest(model))
    except PlatformError as error:
        raise bentoml.exceptions.BentoMLException(str(error)) from None
