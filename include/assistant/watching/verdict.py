"""What the checks of a window come to: one state, one sentence, and one thing to do.

States and kinds are those of include.monitoring.verdict, so that alerts, pages and policies read
an assistant as they read a model. But who gets no answer is hurt, whosever fault it is: an outage
stays a fault of the service, which no training mends, and yet it hurts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from include.monitoring.drift_limits import Check, Sort
from include.monitoring.verdict import State, Verdict, listed, named, state_of

SENTENCES: dict[State, str] = {
    "steady": "The assistant answers as it should",
    "moved": "The assistant answers as it should",
    "hurts": "The assistant answers worse than it should{hurts}",
    "blind": "How the assistant answers cannot be told: the log has no question",
}
MOVED, DATA, SERVICE = (
    ", and what it is asked has moved{moved}",
    "; its documents or its log have faults{data}",
    "; its service has faults{service}",
)
# What to do first, by the check that failed.
ORDERS = {
    "quarantined": "See _quarantine beside the log: service and reader are of two versions.",
    "stale_sources": "Raise the versions in sources.yaml, and run the pipeline.",
    "failed_share": "See the provider and the budget: the questions wait for them.",
    "cost": "See which questions cost most, and lower the budget of answering.",
    "citations_failed_share": "See the answers whose citations failed: the model or its prompt "
    "changed.",
    "refused_share": "See the pages below that unanswered questions came nearest to, and add "
    "what they lack.",
    "useful_share": "Read the answers that were of no use.",
    "question_drift_auc": "That alone hurts nobody: see what is asked, and whether documents "
    "say it.",
    "questions": "See LEEWAY_SERVE_LOG, and whether anybody asks.",
}
OUTAGES = ("failed_share", "error_rate")  # checks of the service that say who got no answer
OF_SERVICE = "See the log and the metrics of the service."
NOTHING = "Nothing to mend."


def verdict(checks: Sequence[Check]) -> Verdict:
    """Weigh the checks of a window."""
    failed = {kind: named(checks, kind) for kind in get_args(Sort)}
    out = any(check.name in OUTAGES and not check.passed for check in checks)
    state: State = "hurts" if out else state_of(checks)
    names: dict[str, str] = {kind: listed(held) for kind, held in failed.items()}
    plain = dict.fromkeys(names, "")
    return Verdict(state, say(state, failed, names), order(checks), say(state, failed, plain))


def say(state: State, failed: Mapping[Sort, list[str]], names: Mapping[str, str]) -> str:
    """The state in a sentence, and what else failed."""
    parts = [SENTENCES[state]]
    parts += [MOVED] if failed["moved"] else []
    parts += [DATA] if failed["data"] else []
    parts += [SERVICE] if failed["service"] else []
    return f"{''.join(parts)}.".format(**names)


def order(checks: Iterable[Check]) -> str:
    """What to do first: what explains the rest comes before the rest."""
    failed = {check.name for check in checks if not check.passed and check.value is not None}
    if not failed:
        return NOTHING
    return next((text for name, text in ORDERS.items() if name in failed), OF_SERVICE)
