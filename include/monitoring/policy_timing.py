"""What makes a training due, and what holds one back, whatever the windows say of the model."""

from collections.abc import Iterator, Sequence
from datetime import date

from include.errors import at_most_ten
from include.monitoring.policy_rules import Alarm, Policy, Training, Window


def overdue(
    fresh: Sequence[Window], today: date, policy: Policy, past: Sequence[Training]
) -> Iterator[str]:
    """Why a training is due whatever the signals say; never, where nobody knows of the last."""
    if not past:
        return
    days, rule = (today - past[-1].until).days, policy.at_latest
    if rule.windows is not None and len(fresh) >= rule.windows:
        yield f"{watched(fresh, past[-1])}; one is due with {rule.windows}."
    if rule.days is not None and days >= rule.days:
        aged = f"The last training ({past[-1].run}) is {days} days old"
        yield f"{aged}; one is due after {rule.days}."
    grown = growth(fresh, past)
    if rule.growth is not None and grown is not None and grown >= rule.growth:
        knew = f"{grown:.0%} of those that the last training ({past[-1].run}) knew"
        yield f"The labels that came since are {knew}; one is due with {rule.growth:.0%}."


def growth(fresh: Sequence[Window], past: Sequence[Training]) -> float | None:
    """The labels since the last training, as a share of those it knew; None if not known."""
    known = past[-1].labels if past else None
    return sum(window.labelled for window in fresh) / known if known else None


def held_back(
    fresh: Sequence[Window], newest: Window, policy: Policy, past: Sequence[Training]
) -> Iterator[str]:
    """What speaks against a training today, each in a sentence."""
    for alarm in alarms(newest, policy.held_by):
        yield f"An alarm of the newest window holds it back: {alarm.name}: {alarm.reason}"
    labels = sum(window.labelled for window in fresh)
    if labels < policy.new_labels:
        yield f"{labels:,} labels are new; at least {policy.new_labels:,} are asked for."
    if past:
        days, wait = (newest.end - past[-1].until).days, policy.cool_down
        if days < wait.days:
            yield f"The last training ({past[-1].run}) is {days} days old; {wait.days} are to pass."
        if len(fresh) < wait.windows:
            yield f"{watched(fresh, past[-1])}; at least {wait.windows} are asked for."
    yield from over_budget(of_month(past, newest.end), policy, past)


def watched(fresh: Sequence[Window], last: Training) -> str:
    """How many windows were watched since a training."""
    words = "1 window was" if len(fresh) == 1 else f"{len(fresh)} windows were"
    return f"{words} watched since the last training ({last.run})"


def over_budget(
    month: Sequence[Training], policy: Policy, past: Sequence[Training]
) -> Iterator[str]:
    """What of the month's budget one more training would break."""
    most, budget = policy.budget.retrainings, policy.budget.cost
    if most is not None and len(month) + 1 > most:
        yield f"Trainings of this month: {len(month)}; the budget is {most}."
    if budget is None:
        return
    unknown = [one.run for one in month if one.cost is None]
    if unknown:
        yield f"The cost of {at_most_ten(unknown)} is not known, so what is left is not either."
        return
    spent = sum(one.cost or 0.0 for one in month)
    known = [one.cost for one in past if one.cost is not None]
    if past and not known:
        yield "The cost of no training is known, so what another one costs is not either."
        return
    dear = known[-1] if known else 0.0  # of the first of all, nobody can know
    if spent + dear > budget:
        yield (
            f"This month's trainings cost {spent:.2f}, and the last one {dear:.2f}: with another "
            f"such, the budget of {budget:.2f} is overdrawn."
        )


def of_month(past: Sequence[Training], today: date) -> list[Training]:
    """The trainings of the month of a day."""
    return [one for one in past if (one.until.year, one.until.month) == (today.year, today.month)]


def alarms(window: Window, kinds: Sequence[str]) -> list[Alarm]:
    """The failed checks of a window that are of some kinds."""
    return [check for check in window.checks if not check.passed and check.kind in kinds]
