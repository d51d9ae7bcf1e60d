"""The numbers of GET /metrics, over all workers of a server."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from include.serving.served import Served

ROLES = ("champion", "challenger")
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Counts:
    """What one service counts: made once, by the worker, for BentoML adds up those of all.

    Args:
        outcome: what a row is called from a probability on.
    """

    def __init__(self, outcome: str) -> None:
        self.predicted = Counter("leeway_predictions", "Rows predicted", [outcome])
        self.unknown = Counter("leeway_unknown_values", "Values training never saw", ["feature"])
        self.swapped = Counter("leeway_swaps", "Models taken while serving", ["role"])
        self.refused = Counter("leeway_swaps_refused", "Models not taken", ["role"])
        self.shadow_answered = Counter("leeway_shadow_answered", "Requests the challenger answered")
        self.shadow_dropped = Counter("leeway_shadow_dropped", "Requests it had no time for")
        self.shadow_failed = Counter("leeway_shadow_failed", "Requests it could not answer")
        self.info = Gauge(
            "leeway_model_info",
            "1 for a model that answers now, 0 for one that did",
            ["version", "registered", "role"],
            multiprocess_mode="mostrecent",
        )
        self.seconds = Histogram(
            "leeway_request_seconds", "How long a request took", ["path", "status"], buckets=BUCKETS
        )
        self.age = Gauge(
            "leeway_feature_age_seconds",
            "The oldest row of a view that the last request was answered with",
            ["view"],
            multiprocess_mode="mostrecent",
        )
        self.stale = Counter("leeway_stale_features", "Rows of a view that were too old", ["view"])
        self.missing = Counter("leeway_missing_features", "Rows that a view did not have", ["view"])
        self.reached, self.others = (self.predicted.labels(word) for word in ("true", "false"))
        self.paths: dict[tuple[str, int], Histogram] = {}
        for role in ROLES:  # a number that is not there cannot be watched
            self.swapped.labels(role)
            self.refused.labels(role)

    def rows(self, reached: int, rows: int, unknown: Mapping[str, Mapping[str, int]]) -> None:
        """Count an answer."""
        for counter, number in ((self.reached, reached), (self.others, rows - reached)):
            if number:  # to count is to write into a file, and most requests have one row
                counter.inc(number)
        for name, values in unknown.items():
            self.unknown.labels(name).inc(sum(values.values()))

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request, whatever became of it."""
        key = path, status
        if key not in self.paths:
            self.paths[key] = self.seconds.labels(path, str(status))
        self.paths[key].observe(seconds)

    def ages(
        self,
        ages: Mapping[str, Sequence[int | None]],
        stale: Iterable[Iterable[str]],
        missing: Iterable[Iterable[str]],
    ) -> None:
        """Count how fresh the features of some rows are."""
        for view, held in ages.items():
            known = [age for age in held if age is not None]
            if known:
                self.age.labels(view).set(max(known))
        for counter, rows in ((self.stale, stale), (self.missing, missing)):
            for views in rows:
                for view in views:
                    counter.labels(view).inc()

    def model(self, role: str, before: Served | None, now: Served | None) -> None:
        """Say which model has a role, and which has it no more."""
        for served, value in ((before, 0), (now, 1)):
            if served is not None:
                self.info.labels(served.version, served.registered, role).set(value)


def reserve_room() -> None:
    """Take the room on the disk that the numbers of this worker need.

    Their files are maps of memory with holes: to count into a hole of a disk that is full ends the
    process (SIGBUS), where a request would have been refused.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for path in Path(folder).glob(f"*_{os.getpid()}.db") if folder else ():
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
