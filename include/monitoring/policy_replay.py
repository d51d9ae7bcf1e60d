"""What a policy would have decided on windows that were recorded, and what that comes to.

A model that was never made cannot be watched: the windows stay as they were recorded. So what a
training would have gained is estimated, by how models of different ages did, or it is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean

from include.monitoring.policy_decision import Decision, decide, measured
from include.monitoring.policy_rules import Policy, Training, Window


@dataclass(frozen=True)
class Gain:
    """What trainings would have gained of a signal."""

    value: float | None  # mean over the windows of which it is known; None if it is of none
    windows: int  # of which it is known
    said: str


@dataclass(frozen=True)
class Replay:
    """What a policy would have done."""

    decisions: tuple[Decision, ...]  # one at the end of each window
    trainings: tuple[Training, ...]
    gain: Gain
    cost: float | None  # of all trainings; None if nobody knows it
    blind: bool = False  # whether a rule is about labels that nobody knows

    @property
    def held(self) -> int:
        """How often a training that was needed was held back."""
        return sum(decision.answer == "held back" for decision in self.decisions)


def replay(
    windows: Sequence[Window],
    policy: Policy,
    cost: float | None,
    signal: str = "auc",
    before: Sequence[Training] = (),
) -> Replay:
    """Decide at the end of each window, as if each training that was asked for had been made.

    Args:
        cost: of a training; None if it is not known.
        signal: by which a gain is estimated; more of it is better.
        before: the trainings before the first window; a simulated one knows the labels of the last
            of them, and those of the windows since.
    """
    windows = sorted(windows, key=lambda window: (window.end, window.start))
    decisions, made = list[Decision](), list[Training]()
    for number in range(len(windows)):
        decision = decide(windows[: number + 1], policy, [*before, *made])
        decisions.append(decision)
        if decision.retrain:
            about = {"run": f"simulated-{len(made) + 1}", "until": decision.until, "cost": cost}
            knew = labels_of(windows[: number + 1], before)
            made.append(Training.model_validate({**about, "labels": knew}))
    spent = None if cost is None else cost * len(made)
    gain = gained(windows, made, signal)
    blind = policy.at_latest.growth is not None and labels_of([], before) is None
    return Replay(tuple(decisions), tuple(made), gain, spent, blind)


def labels_of(windows: Sequence[Window], before: Sequence[Training]) -> float | None:
    """The labels that a training at the end of windows knows; None if not of the one before."""
    last = max(before, key=lambda one: one.until, default=None)
    if last is None or last.labels is None:
        return None
    return last.labels + sum(one.labelled for one in windows if one.start >= last.until)


def gained(windows: Sequence[Window], made: Sequence[Training], signal: str) -> Gain:
    """What the trainings would have gained, by the ages that the models of windows would have had.

    Only windows whose age was recorded of some model, before and after, are counted.
    """
    if not made:
        return Gain(None, 0, "nothing was trained")
    known = by_age(windows, signal)
    models = {window.model for _, window in aged(windows)}
    if len(models) < 2:
        what = f"only {len(models)} model was watched" if models else "no model is named"
        return Gain(None, 0, f"unknown: {what}, so nobody knows what age costs")
    gains = []
    for age, window in aged(windows):
        fresh = since(windows, window, made)
        one, other = known.get(age), known.get(age if fresh is None else fresh)
        if one is not None and other is not None and fresh is not None:
            gains.append(other - one)
    if not gains:
        return Gain(None, 0, "unknown: no window has a model of the ages that it would have had")
    said = f"estimated by {len(models)} models of different ages, on {len(gains)} windows"
    return Gain(round(mean(gains), 6), len(gains), f"{said}; seasons are in it")


def aged(windows: Sequence[Window]) -> Iterator[tuple[int, Window]]:
    """The windows whose model is known, each with the windows since it was first watched."""
    for model, held in groupby(windows, key=lambda window: window.model):
        yield from enumerate(held) if model is not None else ()


def by_age(windows: Sequence[Window], signal: str) -> dict[int, float]:
    """The mean of a signal over the windows of each age."""
    found: dict[int, list[float]] = {}
    for age, window in aged(windows):
        _, value = measured(window, signal, None)
        if value is not None:
            found.setdefault(age, []).append(value)
    return {age: mean(values) for age, values in found.items()}


def since(windows: Sequence[Window], window: Window, made: Sequence[Training]) -> int | None:
    """How many windows old the model of a window would have been; None if it is as it was."""
    past = [training.until for training in made if training.until <= window.start]
    if not past:
        return None
    return sum(past[-1] <= one.start < window.start for one in windows)
