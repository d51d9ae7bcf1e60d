"""What a set of checks comes to: one state, one sentence, and one thing to do.

Inputs that look different are no harm by themselves: seasons move them every year. Harm is a model
that does worse than it should. Where that cannot be measured, nobody knows, and the verdict says so
rather than nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from include.monitoring.drift_limits import Check, Sort

# blind: what would tell whether the model is hurt cannot be measured.
State = Literal["steady", "moved", "hurts", "blind"]

SENTENCES: dict[State, str] = {
    "steady": "The model does as it should, and what it uses is within its limits",
    "moved": "What the model sees has moved{moved}, and it does not hurt",
    "hurts": "The model does worse than it should{hurts}",
    "blind": "Whether the model is hurt cannot be told{blind}",
}
ORDERS: dict[State, str] = {
    "steady": "Nothing to mend.",
    "moved": "That alone hurts no model: see what moved, and look again at the next period.",
    "hurts": "See that the outcomes are right, then retrain on newer rows.",
    "blind": "Find out why the outcomes are missing, and decide nothing until they are there.",
}

# A value that the model does not know is mended by a training: no fault to wait for.
UNKNOWN, MAP = "unknown_share", "Map the values that the model does not know, or retrain with them."


@dataclass(frozen=True)
class Verdict:
    """The state of a model in a period."""

    state: State
    sentence: str  # with the names of the checks that failed
    to_do: str  # an order, in one sentence
    headline: str  # the sentence without names, for those who read the reasons below it


def verdict(checks: Iterable[Check]) -> Verdict:
    """Weigh the checks of one period.

    What hurts comes before what cannot be told, and that before what moved. Faults of the data
    count as moved. Faults of the service leave the state as it is, since no other model would
    mend them, and are named.
    """
    held = tuple(checks)
    failed = {kind: named(held, kind) for kind in get_args(Sort)}
    state = state_of(held)
    names: dict[str, str] = {kind: listed(failed[kind]) for kind in failed}
    names["blind"] = listed(c.name for c in held if c.kind == "hurts" and c.value is None)
    plain = dict.fromkeys(names, "")
    return Verdict(
        state, say(state, failed, names), order(state, failed), say(state, failed, plain)
    )


def say(state: State, failed: Mapping[Sort, list[str]], names: Mapping[str, str]) -> str:
    """The state in a sentence, and what else failed."""
    sentence = SENTENCES[state].format(**names)
    if failed["moved"] and state in ("hurts", "blind"):
        sentence += f", and what it sees has moved{names['moved']}"
    if failed["data"]:
        sentence += f"; the data have faults{names['data']}"
    if failed["service"]:
        sentence += f"; the service has faults{names['service']}"
    return f"{sentence}."


def state_of(checks: Iterable[Check]) -> State:
    """The worst of what the checks say."""
    telling = [check for check in checks if check.kind == "hurts"]
    if any(not check.passed and check.value is not None for check in telling):
        return "hurts"
    if all(check.value is None for check in telling) or not all(c.passed for c in telling):
        return "blind"
    moved = any(not check.passed and check.kind in ("moved", "data") for check in checks)
    return "moved" if moved else "steady"


def order(state: State, failed: Mapping[Sort, list[str]]) -> str:
    """What to do first: a fault of the data or the service explains the rest.

    It speaks of the model in this period; when to train is for a policy to say.
    """
    if failed["data"] and state != "blind":
        return "Repair the data where they come from before you retrain."
    if failed["service"] and state in ("steady", "moved"):
        return "See the log and the metrics of the service; another model would not mend it."
    if UNKNOWN in failed["moved"] and state == "moved":
        return MAP
    return ORDERS[state]


def named(checks: Iterable[Check], kind: Sort) -> list[str]:
    """The measured checks of a kind that failed."""
    return [
        check.name
        for check in checks
        if check.kind == kind and not check.passed and (kind != "hurts" or check.value is not None)
    ]


def listed(names: Iterable[str]) -> str:
    """Names in brackets, in words; nothing for none."""
    words = [name.replace("_", " ") for name in names]
    return f" ({', '.join(words)})" if words else ""
