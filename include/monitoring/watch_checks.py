"""Every alarm of a window: one number against its limit, and a sentence that says what it means.

Each looks for one kind of fault; docs/watching.md has the table of which tells what.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from include.monitoring.drift_limits import Check, Sort, rounded
from include.monitoring.plain_columns import Kind
from include.monitoring.watch import Facts
from include.monitoring.watch_limits import Looking, WatchLimits


@dataclass(frozen=True)
class Seen:
    """A window, and what its columns are.

    Args:
        weights: column to its share of what the model uses; they sum to 1.
    """

    facts: Facts
    kinds: Mapping[str, Kind]
    weights: Mapping[str, float]


def drift_weighted(seen: Seen, limits: Looking) -> float | None:
    """The share, by the model's use, of the columns that drifted since the window before."""
    statistics = seen.facts.looks.statistics
    if not statistics:
        return None
    return rounded(
        sum(
            seen.weights.get(name, 0.0)
            for name, moved in statistics.items()
            if moved is not None and moved >= threshold(seen.kinds[name], limits)
        )
    )


def threshold(kind: Kind, limits: Looking) -> float:
    """The statistic from which a column counts as drifted."""
    return limits.drifted_psi if kind == "number" else limits.drifted_distance


def move_checks(signals: Mapping[str, float | None], limits: Looking) -> list[Check]:
    """Whether inputs and predictions look different."""
    return [
        at_most("drift_weighted", signals, limits.drift_weighted_max, "moved", DRIFTED),
        at_most("prediction_psi", signals, limits.prediction_psi_max, "moved", PREDICTED),
        at_most("unknown_share", signals, limits.unknown_share_max, "moved", UNKNOWN),
    ]


DRIFTED = "Columns with {:.1%} of what the model uses drifted since the window before"
PREDICTED = "The predictions moved by a PSI of {:.3f} since the window before"
UNKNOWN = "{:.2%} of the rows have a value that the model does not know"


def service_checks(signals: Mapping[str, float | None], limits: WatchLimits) -> list[Check]:
    """Whether the service answers quickly, without errors, and from fresh features."""
    most = limits.serving
    return [
        at_least("logged_rows", signals, 1, "service", LOGGED),
        at_most("stale_share", signals, most.stale_share_max, "service", STALE),
        at_most("lacking_share", signals, most.lacking_share_max, "service", LACKING),
        at_most("error_rate", signals, most.error_rate_max, "service", FAILED),
        at_most("latency_p99_ms", signals, most.latency_p99_ms_max, "service", SLOW),
    ]


LOGGED = "The log of predictions has {:,.0f} rows of the window"
STALE = "{:.2%} of the rows were answered with a feature that was too old"
LACKING = "For {:.2%} of the rows the online store had nothing in some view"
FAILED = "{:.2%} of the requests failed by the service's fault"
SLOW = "99 of 100 replies took at most {:.1f} ms"


def at_most(
    name: str, signals: Mapping[str, float | None], limit: float, kind: Sort, sentence: str
) -> Check:
    """A check that a number is not too large; it needs no value."""
    value = signals[name]
    if value is None:
        return Check(name, None, limit, True, f"{name} was not measured.", kind)
    reason = f"{sentence.format(value)}; at most {limit:g} is allowed."
    return Check(name, value, limit, value <= limit, reason, kind)


def within(
    name: str, signals: Mapping[str, float | None], limit: float, kind: Sort, sentence: str
) -> Check:
    """A check that a number is not too far from zero, in either direction; it needs no value."""
    check, value = at_most(name, signals, limit, kind, sentence), signals[name]
    return replace(check, passed=value is None or abs(value) <= limit)


def at_least(
    name: str, signals: Mapping[str, float | None], limit: float, kind: Sort, sentence: str
) -> Check:
    """A check that a number is not too small; it needs no value."""
    value = signals[name]
    if value is None:
        return Check(name, None, limit, True, f"{name} was not measured.", kind)
    reason = f"{sentence.format(value)}; at least {limit:g} is asked for."
    return Check(name, value, limit, value >= limit, reason, kind)


def failed(checks: Iterable[Check]) -> list[Check]:
    """The alarms: what was measured and is beyond its limit."""
    return [check for check in checks if not check.passed and check.value is not None]
