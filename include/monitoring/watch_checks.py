"""Every alarm of a window: one number against its limit, and a sentence that says what it means.

Each looks for one kind of fault; docs/watching.md has the table of which tells what.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from include.errors import at_most_ten
from include.monitoring.drift_limits import Check, Sort, rounded
from include.monitoring.plain_columns import Kind
from include.monitoring.watch import Facts, Looks
from include.monitoring.watch_limits import Looking, WatchLimits


@dataclass(frozen=True)
class Seen:
    """A window, those before it, and what its columns are.

    Args:
        before: the windows before it, the earliest first.
        weights: column to its share of what the model uses; they sum to 1.
    """

    facts: Facts
    before: Sequence[Facts]
    kinds: Mapping[str, Kind]
    weights: Mapping[str, float]


# Movements before a window from which the largest says what is usual. Of real months, of which
# nothing befell any, a wind moved 24 times as far as in the single month before.
LEAST = 3


def look_checks(seen: Seen, limits: Looking) -> list[Check]:
    """Whether the rows look like those of other data."""
    last = seen.before[-1].looks if seen.before else None
    gone, emptied, disagree = (
        find(last, seen.facts.looks, limits) if last else {}
        for find in (gone_values, emptied_columns, broken_pairs)
    )
    return [
        named("columns_jumped", jumped(seen, limits), JUMPED, "data"),
        named("values_gone", gone, "Values that are gone: {}.", "data"),
        named("columns_emptied", emptied, "Columns that lost their values: {}.", "data"),
        named("columns_disagree", disagree, DISAGREE, "data"),
    ]


JUMPED = "Columns that moved as no other window did, as if their unit were another: {}."
DISAGREE = "Columns that no longer know of each other, as if joined by a wrong key: {}."


def named(name: str, found: Mapping[str, str], sentence: str, kind: Sort) -> Check:
    """A check that nothing of a sort was found."""
    said = [f"{what} ({how})" for what, how in found.items()]
    reason = sentence.format(at_most_ten(said) if said else "none")
    return Check(name, float(len(found)), 0.0, not found, reason, kind)


def jumped(seen: Seen, limits: Looking) -> dict[str, str]:
    """The columns that moved much further than they did from window to window before."""
    found = {}
    for name, moved in seen.facts.looks.statistics.items():
        held = [facts.looks.statistics.get(name) for facts in seen.before]
        known = [value for value in held if value is not None]
        usual = max([limits.usual_least, *known])
        told = len(known) >= LEAST
        far = told and moved is not None and moved >= limits.jump_times * usual
        number = seen.kinds[name] == "number"
        if moved is not None and (far or (number and moved >= limits.jump_psi)):
            found[name] = f"by {moved:.2f}, where {usual:.2f} is the most before"
    return found


def gone_values(before: Looks, now: Looks, limits: Looking) -> dict[str, str]:
    """The values of categories that no row has any more."""
    return {
        f"{name} {value}": f"{share:.1%} of the rows before"
        for name, values in before.values.items()
        for value, share in values.items()
        if share >= limits.category_share and value not in now.values.get(name, {})
    }


def emptied_columns(before: Looks, now: Looks, limits: Looking) -> dict[str, str]:
    """The columns that have fewer values than before."""
    return {
        name: f"{now.empty[name]:.1%} are empty, {share:.1%} before"
        for name, share in before.empty.items()
        if rounded(now.empty.get(name, 1.0) - share) >= limits.empty_share_change
    }


def broken_pairs(before: Looks, now: Looks, limits: Looking) -> dict[str, str]:
    """The numbers of which a category explained much, and now next to nothing."""
    return {
        pair: f"{now.explained.get(pair, 0.0):.0%} explained, {share:.0%} before"
        for pair, share in before.explained.items()
        if share >= limits.explained_least
        and now.explained.get(pair, 0.0) < limits.explained_kept * share
    }


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
        at_most("unknown_share", signals, limits.unknown_share_max, "data", UNKNOWN),
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
    """A check that a number is not too large, in either direction; it needs no value."""
    value = signals[name]
    if value is None:
        return Check(name, None, limit, True, f"{name} was not measured.", kind)
    reason = f"{sentence.format(value)}; at most {limit:g} is allowed."
    return Check(name, value, limit, abs(value) <= limit, reason, kind)


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
