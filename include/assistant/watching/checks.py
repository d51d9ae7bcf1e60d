"""The numbers of a window, each alarm on one of them, and what all of them come to.

Shares are held to their limits as far as the interval is sure of them: of three questions, one that
was refused is no alarm. docs/assistant.md has the table of which alarm tells what.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.assistant.watching.facts import Asked
from include.assistant.watching.question_drift import Apart
from include.assistant.watching.settings import Limits
from include.assistant.watching.shares import Share, share
from include.assistant.watching.stale import Stale
from include.errors import at_most_ten
from include.monitoring.drift_limits import Check, rounded
from include.monitoring.service import Replies
from include.monitoring.watch_checks import at_least, at_most
from include.monitoring.windows import Window

Signals = dict[str, float | None]


@dataclass(frozen=True)
class Facts:
    """All that is known of a window.

    Args:
        apart: how well its questions are told from those before, or why nobody can say.
        stale: sources, as they are now; None of a window that is not the newest.
    """

    window: Window
    asked: Asked
    replies: Replies | None
    quarantined: int
    apart: Apart | str
    stale: Sequence[Stale] | None


@dataclass(frozen=True)
class Shares:
    """The shares of a window, with their intervals."""

    refused: Share
    citations_failed: Share
    failed: Share
    rated: Share
    useful: Share

    @classmethod
    def of(cls, asked: Asked, confidence: float) -> "Shares":
        """The shares of what was asked."""
        return cls(
            refused=share(asked.refused, asked.questions, confidence),
            citations_failed=share(asked.citations_failed, asked.questions, confidence),
            failed=share(asked.failed, asked.questions, confidence),
            rated=share(asked.rated, asked.questions, confidence),
            useful=share(asked.useful, asked.judged, confidence),
        )


def signals_of(facts: Facts, shares: Shares) -> Signals:
    """The numbers of a window; None where they were not measured."""
    asked = facts.asked
    area = facts.apart.area if isinstance(facts.apart, Apart) else None
    middle, slowest = asked.latency_ms or (None, None)
    return {
        "questions": asked.questions,
        "searches": asked.searches,
        "refused_share": shares.refused.value,
        "refused_share_low": shares.refused.low,
        "citations_failed_share": shares.citations_failed.value,
        "citations_failed_share_low": shares.citations_failed.low,
        "feedback_share": shares.rated.value,
        "useful_share": shares.useful.value,
        "useful_share_high": shares.useful.high,
        "question_drift_auc": area.value if area else None,
        "question_drift_auc_low": area.low if area else None,
        "question_drift_auc_high": area.high if area else None,
        "failed_share": shares.failed.value,
        "failed_share_low": shares.failed.low,
        "error_rate": facts.replies.error_rate if facts.replies else None,
        "latency_p50_ms": middle,
        "latency_p99_ms": slowest,
        "tokens_in": asked.tokens_in,
        "tokens_out": asked.tokens_out,
        "cost": asked.cost,
        "cached_share": rounded(asked.cached / asked.questions) if asked.questions else None,
        "quarantined": facts.quarantined,
        "stale_sources": None if facts.stale is None else len(facts.stale),
    }


# What is held to a limit in the place of a number: the end of its interval that excuses it.
SURE = {
    "refused_share": "refused_share_low",
    "citations_failed_share": "citations_failed_share_low",
    "failed_share": "failed_share_low",
    "useful_share": "useful_share_high",
    "question_drift_auc": "question_drift_auc_low",
}


def checks_of(facts: Facts, shares: Shares, signals: Signals, limits: Limits) -> list[Check]:
    """Each number against its limit, with a sentence."""
    held = {**signals, **{name: signals[end] for name, end in SURE.items()}}
    return [
        *answer_checks(facts, shares, held, limits),
        moved_check(facts, held, limits),
        *service_checks(shares, held, limits),
        *data_checks(facts, held, limits),
    ]


def answer_checks(facts: Facts, shares: Shares, signals: Signals, limits: Limits) -> list[Check]:
    """Whether questions are answered, by what is cited, and usefully."""
    refused = told(shares.refused, "questions", "were refused", "at least {:.1%}")
    failed = told(shares.citations_failed, "questions", "had no cited answer", "at least {:.1%}")
    useful = told(shares.useful, "answers that were rated", "were useful", "at most {:.1%}")
    if facts.asked.stray:
        useful += (
            f"; {facts.asked.stray:,} more ratings are of questions that the log does not have"
        )
    most = limits.citations_failed_share_max
    return [
        at_most("refused_share", signals, limits.refused_share_max, "hurts", refused),
        at_most("citations_failed_share", signals, most, "hurts", failed),
        at_least("useful_share", signals, limits.useful_share_min, "hurts", useful),
    ]


def told(part: Share, of: str, are: str, surely: str) -> str:
    """A share in words, as a part of a template for the bound that its interval gives."""
    if part.value is None:
        return ""
    return f"{part.some:,} of {part.of:,} {of} {are} ({part.value:.1%}, surely {surely})"


def moved_check(facts: Facts, signals: Signals, limits: Limits) -> Check:
    """Whether people ask other things than before."""
    name, most = "question_drift_auc", limits.question_drift_auc_max
    if isinstance(facts.apart, Apart):
        return at_most(name, signals, most, "moved", APART.format(facts.apart, "{:.3f}"))
    untold = at_most(name, signals, most, "moved", "")
    return replace(untold, reason=f"{name} was not measured: {facts.apart}.")


APART = (
    "The {0.now:,} different questions are told from {0.before:,} before with an AUC of "
    "{0.area.value:.3f}, surely at least {1}"
)


def service_checks(shares: Shares, signals: Signals, limits: Limits) -> list[Check]:
    """Whether the service is asked, answers quickly, without errors, and for its price."""
    failed = told(
        shares.failed, "questions", "got no answer from provider or budget", "at least {:.1%}"
    )
    return [
        at_least("questions", signals, 1, "service", ASKED),
        at_most("failed_share", signals, limits.failed_share_max, "service", failed),
        at_most("error_rate", signals, limits.error_rate_max, "service", ERRORS),
        at_most("latency_p99_ms", signals, limits.latency_p99_ms_max, "service", SLOW),
        at_most("cost", signals, limits.cost_max, "service", COST),
    ]


ASKED = "The log has {:,.0f} questions of the window"
ERRORS = "{:.2%} of the requests failed by the service's fault"
SLOW = "99 of 100 answers took at most {:.1f} ms"
COST = "The window cost {:.2f}"


def data_checks(facts: Facts, signals: Signals, limits: Limits) -> list[Check]:
    """Whether the log can be read, and the documents are of what is locked."""
    return [
        at_most("quarantined", signals, limits.quarantined_max, "data", UNREAD),
        stale_check(facts.stale, limits),
    ]


def stale_check(stale: Sequence[Stale] | None, limits: Limits) -> Check:
    """Whether the documents are of what is locked; this is known without a log."""
    names = (f"{one.source} ({one.version}, locked {one.locked})" for one in stale or ())
    sentence = f"Documents of another version than is locked: {at_most_ten(names) or 'none'}"
    held = {"stale_sources": None if stale is None else len(stale)}
    return at_most("stale_sources", held, limits.stale_sources_max, "data", sentence)


UNREAD = "{:,.0f} lines of the log cannot be read"
