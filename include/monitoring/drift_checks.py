"""Each number of a drift report against its limit, and the sentence that says so."""

from collections.abc import Mapping
from math import fsum

from include.monitoring.drift_limits import Check, Column, Limits, Words, rounded
from include.monitoring.outcomes import Outcomes


def checks_of(
    columns: Mapping[str, Column],
    unknown: Mapping[str, float],
    psi: float,
    outcomes: Mapping[str, Outcomes],
    limits: Limits,
    words: Words,
) -> list[Check]:
    """Hold every number of the current period against its limit.

    Args:
        unknown: category to the share of the current rows whose value the model does not know.
        psi: of the predictions.
        outcomes: of the current period, of the reference, and of rows that are unseen by the
            model, if there are any.
    """
    current, reference, unseen = outcomes["current"], outcomes["reference"], outcomes.get("unseen")
    return [
        check_weight(columns, limits.drift_weighted_max),
        check_unknown(unknown, limits.unknown_share_max, words),
        check_prediction(psi, limits.prediction_psi_max),
        check_outcome(current, reference, limits.outcome_share_change_max, words),
        check_auc(current, limits.auc_min, words),
        *([check_fall(current, unseen, limits.auc_drop_max, words)] if unseen else []),
        *([check_saved(current, unseen, limits.log_loss_saved_drop_max)] if unseen else []),
        check_calibration(current, limits.calibration_gap_max, words),
    ]


def check_weight(columns: Mapping[str, Column], limit: float) -> Check:
    """Not too much of what the model uses drifted."""
    drifted = {name: column for name, column in columns.items() if column.drifted}
    share = rounded(fsum(column.weight for column in drifted.values()))
    worst = sorted(drifted, key=lambda name: (-drifted[name].weight, name))[:3]
    named = f", most of all {', '.join(worst)}" if worst else ""
    reason = (
        f"{len(drifted)} of {len(columns)} columns drifted{named}; they are {share:.1%} of what "
        f"the model uses, and at most {limit:.1%} may be."
    )
    return Check("drift_weighted", share, limit, share <= limit, reason, "moved")


def check_unknown(unknown: Mapping[str, float], limit: float, words: Words) -> Check:
    """Few rows have a category that the model does not know."""
    name = max(unknown, key=lambda name: unknown[name], default="")
    share = rounded(unknown.get(name, 0.0))
    where = f" of {name}" if share else ""
    reason = (
        f"{share:.1%} of the {words.rows} have a value{where} that the model does not know; "
        f"at most {limit:.1%} may."
    )
    return Check("unknown_share", share, limit, share <= limit, reason, "moved")


def check_prediction(psi: float, limit: float) -> Check:
    """The predictions are spread as they were."""
    reason = f"The predictions moved by a PSI of {psi:.3f}; at most {limit:.3f} is allowed."
    return Check("prediction_psi", psi, limit, psi <= limit, reason, "moved")


def check_outcome(current: Outcomes, reference: Outcomes, limit: float, words: Words) -> Check:
    """The outcome is about as frequent as in the reference."""
    change = rounded(current.share - reference.share)
    reason = (
        f"{current.share:.1%} of the {words.rows} were {words.outcome}, {reference.share:.1%} in "
        f"the reference; a change of at most {limit:.1%} is allowed."
    )
    name = f"{words.outcome}_share_change"
    return Check(name, change, limit, abs(change) <= limit, reason, "moved")


def check_auc(current: Outcomes, limit: float, words: Words) -> Check:
    """The model still ranks rows with the outcome above those without."""
    area = current.auc
    if area is None:
        return Check("auc", None, limit, False, unmeasured(current, words), "hurts")
    rows = f"{current.rows:,} {words.rows}"
    reason = f"The AUC is {area:.3f} on {rows}; at least {limit:.3f} is asked for."
    return Check("auc", area, limit, area >= limit, reason, "hurts")


def check_fall(current: Outcomes, unseen: Outcomes, limit: float, words: Words) -> Check:
    """The model ranks about as well as on rows that it never saw."""
    if current.auc is None or unseen.auc is None:
        reason = unmeasured(current if current.auc is None else unseen, words)
        return Check("auc_change", None, -limit, current.auc is not None, reason, "hurts")
    change = rounded(current.auc - unseen.auc)
    reason = (
        f"The AUC is {current.auc:.3f}, and was {unseen.auc:.3f} on {unseen.rows:,} "
        f"{words.rows} that the model never saw; a fall of at most {limit:.3f} is allowed."
    )
    return Check("auc_change", change, -limit, change >= -limit, reason, "hurts")


def check_saved(current: Outcomes, unseen: Outcomes, limit: float) -> Check:
    """The probabilities are worth about as much as on rows that the model never saw."""
    now, before = current.log_loss_saved, unseen.log_loss_saved
    if now is None or before is None:
        reason = "What the model saves of the log loss cannot be measured: all ended alike."
        return Check("log_loss_saved_change", None, -limit, now is not None, reason, "hurts")
    change = rounded(now - before)
    reason = (
        f"The model saves {now:.1%} of the log loss of always saying the mean, and saved "
        f"{before:.1%} before; a fall of at most {limit:.1%} is allowed."
    )
    return Check("log_loss_saved_change", change, -limit, change >= -limit, reason, "hurts")


def check_calibration(current: Outcomes, limit: float, words: Words) -> Check:
    """The outcome is as frequent as the model says."""
    gap = current.calibration_gap
    reason = (
        f"The model expected {current.mean_probability:.1%} of the {words.rows} to be "
        f"{words.outcome} and {current.share:.1%} were; a gap of at most {limit:.1%} is allowed."
    )
    return Check("calibration_gap", gap, limit, abs(gap) <= limit, reason, "hurts")


def unmeasured(alike: Outcomes, words: Words) -> str:
    """Why there is no AUC."""
    kind = words.outcome if alike.share else words.otherwise
    return f"The AUC cannot be measured: all {alike.rows:,} {words.rows} were {kind}."
