"""Read what was watched from reports/watch.json, and write what was decided."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from include.errors import DataError, at_most_ten
from include.monitoring.policy_decision import Answer, Decision, measured
from include.monitoring.policy_rules import Policy, Training, Window

TO_DO: dict[Answer, str] = {
    "retrain": "Train again, on what is known by then.",
    "held back": "Wait, or train by hand.",
    "not needed": "Nothing to do.",
    "unknown": "Find out what is missing, a signal or a model gone live: nothing is asked for.",
}


def read_windows(path: Path) -> list[Window]:
    """The windows that were watched.

    Raises:
        DataError: the file has none, or one of them is none.
    """
    fix = "run the stage that watches: it writes the windows, each with start, end and signals."
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return [window_of(path, number, one) for number, one in enumerate(held["windows"])]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} holds no windows: {error!r}.", fix) from None


def window_of(path: Path, number: int, held: object) -> Window:
    """One window.

    Raises:
        DataError: it is none.
    """
    try:
        return Window.model_validate(held)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, ("windows", number, *first["loc"])))
        what = f"{path} has {first['input']!r} at {place}: {first['msg']}."
        raise DataError(what, "let the stage that watches write it anew.") from None


def described(decision: Decision, policy: Policy, trainings: Sequence[Training]) -> dict[str, Any]:
    """The decision, for people and for who carries it out."""
    return {
        "verdict": {
            "state": decision.answer,
            "sentence": decision.sentence,
            "to_do": TO_DO[decision.answer],
        },
        "until": str(decision.until) if decision.until else None,
        "reasons": list(decision.reasons),
        "held_back_by": list(decision.held),
        "limits": {name: str(bound) for name, bound in policy.signals.items()},
        "windows": [
            {
                "start": str(one.window.start),
                "end": str(one.window.end),
                "model": one.window.model,
                "signals": {name: measured(one.window, name, None)[1] for name in policy.signals},
                "state": one.state,
                "reasons": list(one.reasons),
            }
            for one in decision.judged
        ],
        "trainings": [one.model_dump(mode="json") for one in trainings],
    }


def flat(decision: Decision) -> dict[str, float]:
    """The decision in numbers."""
    numbers: Mapping[str, float] = decision.numbers
    return {"retrain": int(decision.retrain), "held_back_by": len(decision.held), **numbers}


def in_lines(decision: Decision) -> str:
    """The decision, as a log shows it."""
    reasons = [f"  because {at_most_ten(decision.reasons)}"] if decision.reasons else []
    held = [f"  held back: {one}" for one in decision.held]
    return "\n".join([decision.sentence, *reasons, *held])
