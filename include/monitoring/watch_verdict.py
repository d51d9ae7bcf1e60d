"""Windows judged: signals, alarms, a state and a sentence for each, and the numbers of the newest.

Judging costs nothing: with other limits the facts stay, and all windows are judged again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from include.monitoring.drift_limits import Check, rounded
from include.monitoring.group_gaps import Group
from include.monitoring.plain_columns import Kind
from include.monitoring.service import Replies, Service
from include.monitoring.verdict import Verdict, verdict
from include.monitoring.watch import Facts, Scored
from include.monitoring.watch_checks import (
    Seen,
    at_least,
    at_most,
    drift_weighted,
    move_checks,
    service_checks,
    within,
)
from include.monitoring.watch_limits import WatchLimits
from include.monitoring.watch_looks import look_checks

WORST = 10  # groups of which the trend is told


@dataclass(frozen=True)
class Judged:
    """One window with what it comes to."""

    facts: Facts
    scored: Scored
    signals: dict[str, float | None]
    checks: list[Check]
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """The window as who decides on retraining, and who draws trends, read it."""
        return {
            "start": self.facts.start.isoformat(),
            "end": self.facts.end.isoformat(),
            "model": self.scored.model,
            "rows": self.scored.rows,
            "labelled": self.scored.performance.labelled,
            "state": self.verdict.state,
            "sentence": self.verdict.sentence,
            "to_do": self.verdict.to_do,
            "signals": self.signals,
            "checks": [asdict(check) for check in self.checks],
            "answered_by": self.facts.service.models if self.facts.service else {},
            "groups": [asdict(group) for group in self.scored.groups[:WORST]],
        }


def judge(
    facts: Sequence[Facts],
    kinds: Mapping[str, Kind],
    weights: Mapping[str, float],
    limits: WatchLimits,
    rows: str,
) -> list[Judged]:
    """Judge each window that was scored, the earliest first.

    Args:
        facts: windows in their order; those without scores show how much columns move.
        weights: column to its share of what the model uses.
        rows: what many rows are called.
    """
    found: list[Judged] = []
    looked = look_checks(facts, kinds, limits.looking)
    for place, one in enumerate(facts):
        if one.scored is None:
            continue
        seen = Seen(one, kinds, weights)
        before = facts[place - 1].scored if place else None
        signals = signals_of(seen, one.scored, before, limits)
        checks = [
            *performance_checks(one.scored, signals, limits, rows),
            *move_checks(signals, limits.looking),
            *looked[place],
            *service_checks(signals, limits),
        ]
        found.append(Judged(one, one.scored, signals, checks, verdict(checks)))
    return found


def signals_of(
    seen: Seen, scored: Scored, before: Scored | None, limits: WatchLimits
) -> dict[str, float | None]:
    """The numbers of a window; None where they were not measured.

    Performance counts once enough outcomes are known: those that come first are not like the rest.
    """
    held, service, replies = scored.performance, seen.facts.service, seen.facts.replies
    share = held.labelled / scored.rows
    told = share >= limits.hurting.labelled_share_min
    past = before.performance.outcome_share if before else None
    now = held.outcome_share if told else None
    auc = held.auc if told else None
    return {
        "auc": auc,
        "auc_estimated": held.auc_estimated,
        "auc_shortfall": difference(held.auc_estimated, auc),
        "log_loss": held.log_loss if told else None,
        "log_loss_estimated": held.log_loss_estimated,
        "calibration_gap": held.calibration_gap if told else None,
        "calibration_error": held.calibration_error if told else None,
        "group_gap": largest(scored.groups) if told else None,
        "labelled_share": rounded(share),
        "mean_probability": held.mean_score,
        "outcome_share": now,
        "outcome_share_change": difference(now, past),
        "prediction_psi": scored.prediction_psi,
        "drift_weighted": drift_weighted(seen, limits.looking),
        "unknown_share": highest(scored.unknown_share, service.unknown_share if service else None),
        "logged_rows": service.rows if service else None,
        "stale_share": service.stale_share if service else None,
        "lacking_share": service.lacking_share if service else None,
        "error_rate": replies.error_rate if replies else None,
        "latency_p99_ms": replies.latency_p99_ms if replies else None,
        "seconds_per_1000": per_thousand(service, replies),
    }


def per_thousand(service: Service | None, replies: Replies | None) -> float | None:
    """What a thousand answers cost, in seconds of the service; None if the log does not tell."""
    if replies is None or service is None or not service.rows:
        return None
    return rounded(1000 * replies.seconds / service.rows)


def largest(groups: Sequence[Group]) -> float | None:
    """The gap that is largest in either direction."""
    return groups[0].gap if groups else None


def difference(value: float | None, other: float | None) -> float | None:
    """One less the other, if both are known."""
    return None if value is None or other is None else rounded(value - other)


def highest(*values: float | None) -> float | None:
    """The largest of those that are known."""
    return max((value for value in values if value is not None), default=None)


def performance_checks(
    scored: Scored, signals: Mapping[str, float | None], limits: WatchLimits, rows: str
) -> list[Check]:
    """Whether the model does as it should: measured where outcomes are known, else estimated."""
    held, most = scored.performance, limits.hurting
    worst = braced(f" {scored.groups[0].name}") if scored.groups else ""
    said = f"Of {scored.rows:,} {rows} the outcomes of {held.labelled:,} are known"
    if scored.strange_labels:
        said += f", and {scored.strange_labels:,} came for {rows} that nobody scored"
    return [
        at_least("labelled_share", signals, most.labelled_share_min, "data", said),
        area_check(signals, most.auc_min, f"on {held.labelled:,} {rows}"),
        at_least("auc_estimated", signals, most.auc_min, "hurts", ESTIMATED),
        at_most("auc_shortfall", signals, most.auc_shortfall_max, "hurts", SHORT),
        within("calibration_gap", signals, most.calibration_gap_max, "hurts", GAP),
        within("group_gap", signals, most.group_gap_max, "hurts", f"In the group{worst} {GROUP}"),
    ]


def braced(text: str) -> str:
    """A text as a part of a template: the values of a column may hold braces."""
    return text.replace("{", "{{").replace("}", "}}")


ESTIMATED = "From the probabilities alone, the AUC should be {:.3f}"
SHORT = "The AUC that the probabilities promise is {:+.3f} off the one that was measured"
GAP = "The mean probability is {:+.1%} off the share of outcomes"
GROUP = "it is {:+.1%} further off than in all rows"


def area_check(signals: Mapping[str, float | None], limit: float, on: str) -> Check:
    """The model still ranks rows with the outcome above those without."""
    if signals["auc"] is None:
        reason = "The AUC cannot be measured: too few outcomes are known, or all are alike."
        return Check("auc", None, limit, False, f"{reason} The estimate stands in.", "hurts")
    return at_least("auc", signals, limit, "hurts", f"The AUC is {{:.3f}} {on}")
