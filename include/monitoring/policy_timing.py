"""What makes a training due, and what holds one back, whatever the windows say of the model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import mean

from include.errors import at_most_ten
from include.monitoring.policy_rules import Alarm, Policy, Training, Window


@dataclass(frozen=True)
class Now:
    """Where things stand at the end of the newest window."""

    newest: Window
    fresh: Sequence[Window]  # that began after the last training ended, the earliest first
    past: Sequence[Training]  # the earliest first

    @property
    def today(self) -> date:
        """The first day that nobody has seen."""
        return self.newest.end

    @property
    def days(self) -> int | None:
        """Days since the last training; None if nobody knows of one."""
        return (self.today - self.past[-1].until).days if self.past else None

    @property
    def windows(self) -> int:
        """Windows that ended since the last training.

        What was watched may not reach back to it: then the days before are counted as windows of
        the usual length.
        """
        if not self.past or not self.fresh:
            return len(self.fresh)
        before = (self.fresh[0].start - self.past[-1].until).days
        usual = mean((window.end - window.start).days for window in self.fresh)
        return len(self.fresh) + int(before / usual + 0.1)  # months differ by a tenth

    @property
    def this_month(self) -> list[Training]:
        """The trainings of the month of today."""
        month = (self.today.year, self.today.month)
        return [one for one in self.past if (one.until.year, one.until.month) == month]

    @property
    def labels(self) -> int:
        """The labels since the last training; of days that were not watched, as many as of others.

        Else a rule about them could never be met where fewer windows are watched than it takes.
        """
        watched = sum(window.labelled for window in self.fresh)
        return round(watched * self.windows / len(self.fresh)) if self.fresh else 0

    @property
    def growth(self) -> float | None:
        """The labels since the last training, as a share of those it knew; None if not known."""
        known = self.past[-1].labels if self.past else None
        return self.labels / known if known else None

    def passed(self) -> str:
        """How many windows ended since the last training, in words."""
        words = "1 window has" if self.windows == 1 else f"{self.windows} windows have"
        return f"{words} ended since the last training ({self.past[-1].run})"


def overdue(now: Now, policy: Policy) -> Iterator[str]:
    """Why a training is due whatever the signals say; never, where nobody knows of the last."""
    rule = policy.at_latest
    if now.days is None:
        return
    if rule.windows is not None and now.windows >= rule.windows:
        yield f"{now.passed()}; one is due with {rule.windows}."
    if rule.days is not None and now.days >= rule.days:
        aged = f"The last training ({now.past[-1].run}) is {now.days} days old"
        yield f"{aged}; one is due after {rule.days}."
    grown = now.growth
    if rule.growth is not None and grown is not None and grown >= rule.growth:
        knew = f"{grown:.0%} of those that the last training ({now.past[-1].run}) knew"
        yield f"The labels that came since are {knew}; one is due with {rule.growth:.0%}."


def held_back(now: Now, policy: Policy) -> Iterator[str]:
    """What speaks against a training today, each in a sentence."""
    for alarm in alarms(now.newest, policy.held_by):
        yield f"An alarm of the newest window holds it back: {alarm.name}: {alarm.reason}"
    wait = policy.cool_down
    if now.labels < policy.new_labels:
        yield f"{now.labels:,} labels are new; at least {policy.new_labels:,} are asked for."
    if now.days is not None and now.days < wait.days:
        aged = f"The last training ({now.past[-1].run}) is {now.days} days old"
        yield f"{aged}; {wait.days} are to pass."
    if now.past and now.windows < wait.windows:
        yield f"{now.passed()}; at least {wait.windows} are asked for."
    yield from over_budget(now, policy)


def over_budget(now: Now, policy: Policy) -> Iterator[str]:
    """What of the month's budget one more training would break."""
    most, budget = policy.budget.retrainings, policy.budget.cost
    month, past = now.this_month, now.past
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


def alarms(window: Window, kinds: Sequence[str]) -> list[Alarm]:
    """The failed checks of a window that are of some kinds."""
    return [check for check in window.checks if not check.passed and check.kind in kinds]
