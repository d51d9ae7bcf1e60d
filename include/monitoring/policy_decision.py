"""Whether to train again: signals of windows in, a decision and its reasons out.

"Today" is the end of the newest window, as for the whole pipeline, and a month is that of today: a
year that is replayed decides as it would have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from include.errors import DataError, ParamsError, at_most_ten, did_you_mean
from include.monitoring.policy_rules import Policy, Training, Window, names_of
from include.monitoring.policy_timing import Now, held_back, overdue

Answer = Literal["retrain", "held back", "not needed", "unknown"]


@dataclass(frozen=True)
class Judged:
    """What a window says of the model, and why."""

    window: Window
    state: Literal["bad", "unknown", "good"]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """Whether to train again, in words and numbers."""

    answer: Answer
    sentence: str
    until: date | None  # today: the first day that a training would not see
    reasons: tuple[str, ...]  # what is bad, or is not known
    held: tuple[str, ...]  # what holds a training back that is needed
    judged: tuple[Judged, ...]  # the windows that count, oldest first
    numbers: dict[str, float]

    @property
    def retrain(self) -> bool:
        """Whether a training is asked for."""
        return self.answer == "retrain"


def decide(
    windows: Sequence[Window], policy: Policy, trainings: Sequence[Training] = ()
) -> Decision:
    """Decide on training again, today.

    Windows that began before the training of the live model ended say nothing of it, for it has
    seen them, and do not count. Where nobody knows which that was, it is taken to be the last one.

    Raises:
        ParamsError: a rule is about a signal that no window has.
        DataError: a window is there twice.
    """
    windows = sorted(windows, key=lambda window: (window.end, window.start))
    see_that_sound(windows, policy)
    if not windows:
        return Decision("unknown", "No window was watched yet.", None, (), (), (), {})
    today = windows[-1].end
    # What is said to be trained on days to come is of another time: a replay of the past.
    past = sorted((one for one in trainings if one.until <= today), key=lambda one: one.until)
    live = [one for one in past if one.live]
    judged = tuple(judge(one, policy) for one in unseen(windows, live or past)[-policy.of :])
    bad, unknown = (sum(one.state == state for one in judged) for state in ("bad", "unknown"))
    now = Now(windows[-1], unseen(windows, past), past)
    held, due = tuple(held_back(now, policy)), tuple(overdue(now, policy))
    seen = () if judged else (judge(windows[-1], policy),)
    in_doubt = tuple(one for one in seen if one.state == "bad")  # seen by the last, if it is live
    answer: Answer = "not needed"
    if bad >= policy.windows or due:
        answer = "held back" if held else "retrain"
    elif in_doubt or bad + unknown >= policy.windows:
        answer = "unknown"
    reasons = due + tuple(
        f"{one.window}: {why}" for one in judged + in_doubt for why in one.reasons
    )
    counts, numbers = (bad, unknown, len(judged)), numbers_of(now, bad, unknown)
    sentence = f"{in_words(answer, counts, policy, held, due, past)}{not_live(past, in_doubt)}"
    return Decision(answer, sentence, today, reasons, held, judged, numbers)


def unseen(windows: Sequence[Window], trainings: Sequence[Training]) -> list[Window]:
    """The windows that began when the last of some trainings had ended."""
    return [one for one in windows if not trainings or one.start >= trainings[-1].until]


def see_that_sound(windows: Sequence[Window], policy: Policy) -> None:
    """Raise an error if a rule is about nothing, or a window would count twice."""
    known = names_of(windows)
    named = [name for rule, bound in policy.signals.items() for name in (rule, bound.instead)]
    for name in named:
        if windows and name is not None and name not in known:
            hint = did_you_mean(name, known)
            what = f"retraining.signals names {name!r}, which no window has.{hint}"
            raise ParamsError(what, f"name signals that are watched: {at_most_ten(sorted(known))}.")
    days = [(window.start, window.end) for window in windows]
    if twice := [str(window) for window in windows if days.count((window.start, window.end)) > 1]:
        what = f"The window {twice[0]} was watched {len(twice)} times."
        raise DataError(what, "let each window stand once in what was watched.")


def judge(window: Window, policy: Policy) -> Judged:
    """Hold a window against the rules."""
    beyond, missing = list[str](), list[str]()
    for name, bound in policy.signals.items():
        used, value = measured(window, name, bound.instead)
        if value is None:
            missing.append(f"{name} was not measured.")
        elif not bound.holds(value):
            stands_for = f" (for {name}, which was not measured)" if used != name else ""
            beyond.append(f"{used}{stands_for} is {value:.4g}; {bound} is asked for.")
    for check in (one for one in window.checks if one.kind in policy.kinds):
        said = f"{check.name}: {check.reason}"
        if check.value is None:
            missing.append(said)
        elif not check.passed:
            beyond.append(said)
    if beyond or (missing and policy.missing == "bad"):
        return Judged(window, "bad", (*beyond, *missing))
    return Judged(window, "unknown" if missing else "good", tuple(missing))


def measured(window: Window, name: str, instead: str | None) -> tuple[str, float | None]:
    """A signal of a window, or the one that counts where it was not measured."""
    for one in (name, instead):
        value = window.signals.get(one) if one else None
        if one and value is not None and math.isfinite(value):
            return one, value
    return name, None


def numbers_of(now: Now, bad: int, unknown: int) -> dict[str, float]:
    """What was counted; no age where nothing was trained before."""
    found: dict[str, float] = {
        "bad_windows": bad,
        "unknown_windows": unknown,
        "windows_since_training": now.windows,
        "new_labels": now.labels,
        "trainings_this_month": len(now.this_month),
    }
    if now.growth is not None:
        found["labels_grown"] = round(now.growth, 6)
    return found if now.days is None else {**found, "days_since_training": now.days}


def in_words(
    answer: Answer,
    counts: tuple[int, int, int],
    policy: Policy,
    held: Sequence[str],
    due: Sequence[str],
    past: Sequence[Training],
) -> str:
    """The decision in one sentence.

    Args:
        counts: windows that are bad, not known, and looked at.
        past: the trainings before, the earliest first.
    """
    bad, unknown, looked = counts
    begin = {
        "retrain": "Retrain: ",
        "held back": f"Not yet, though a training is needed ({len(held)} of the rules hold it "
        "back): ",
        "not needed": "No training is needed: ",
        "unknown": "Whether a training is needed cannot be told: ",
    }[answer]
    if due and bad < policy.windows:
        return begin + due[0]
    if not looked:
        begin += "the newest window is bad, and " if answer == "unknown" else ""
        return f"{begin}no window has begun since the last one ended."
    verb = "is" if policy.windows == 1 else "are"
    of = f"the last {looked} windows" if looked != 1 else "the one window"
    said = f"{bad} of {of}{since(past)} "
    said += "is bad" if bad == 1 else "are bad"
    if unknown:
        said += f", and of {unknown} it is not known"
    return f"{begin}{said}; {policy.windows} of {policy.of} {verb} a reason to retrain."


def since(past: Sequence[Training]) -> str:
    """Since when windows count, in words."""
    if not past:
        return ""
    other = any(one.live for one in past) and not past[-1].live
    return f" since {'the live model was trained' if other else 'the last training'}"


def not_live(past: Sequence[Training], in_doubt: Sequence[Judged]) -> str:
    """That the last training changed nothing that is watched, or may have changed nothing."""
    if past and past[-1].live is False:
        return f" The last training ({past[-1].run}) has not gone live."
    if past and past[-1].live is None and in_doubt:
        return f" Whether the last training ({past[-1].run}) has gone live is not known."
    return ""
