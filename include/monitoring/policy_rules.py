"""What a policy of retraining is told: its rules, what was watched, and what was trained before."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from include.monitoring.gates import Limit

STRICT = ConfigDict(extra="forbid", frozen=True)
Kind = Literal["moved", "hurts", "service", "data"]


class Bound(Limit):
    """What a signal may be."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    instead: str | None = Field(
        default=None, description="the signal that counts where this one was not measured"
    )

    @model_validator(mode="after")
    def can_hold(self) -> "Bound":
        low, high = self.minimum, self.maximum
        if low is not None and high is not None and low > high:
            raise ValueError(f"no number is {self}")
        return self


class CoolDown(BaseModel):
    """How long nothing is asked for after a training."""

    model_config = STRICT

    days: int = Field(ge=0, description="fewest days from a training to the next")
    windows: int = Field(ge=0, description="fewest windows that ended since a training")


class AtLatest(BaseModel):
    """When a training is due whatever the signals say; null: never."""

    model_config = STRICT

    days: int | None = Field(ge=1, description="days from a training to when the next is due")
    windows: int | None = Field(ge=1, description="windows from a training to when the next is due")
    growth: float | None = Field(
        default=None,
        gt=0,
        description="labels since a training, as a share of those it knew, with which one is due",
    )


class Budget(BaseModel):
    """What trainings of a calendar month may come to; null for no limit."""

    model_config = STRICT

    retrainings: int | None = Field(ge=0, description="most trainings of a month, with the new one")
    cost: float | None = Field(
        ge=0, description="most cost of a month's trainings, the new one as dear as the last"
    )


class Policy(BaseModel):
    """Section retraining of params.yaml: when a new model is asked for."""

    model_config = STRICT

    windows: int = Field(ge=1, description="how many of the last windows must be bad")
    of: int = Field(ge=1, le=1000, description="last windows that are looked at")
    signals: dict[str, Bound] = Field(
        description="limits by name of a signal; a window beyond one of them is bad"
    )
    kinds: tuple[Kind, ...] = Field(description="alarms of these kinds make a window bad as well")
    missing: Literal["unknown", "bad"] = Field(
        description="what a window is if a signal of it was not measured; it is never good"
    )
    held_by: tuple[Kind, ...] = Field(
        description="alarms of these kinds in the newest window hold a training back"
    )
    at_latest: AtLatest = Field(description="when a training is due whatever the signals say")
    cool_down: CoolDown = Field(description="how long nothing is asked for after a training")
    new_labels: int = Field(ge=0, description="fewest labels that came since the last training")
    budget: Budget = Field(description="what the trainings of a calendar month may come to")

    @field_validator("of")
    @classmethod
    def has_enough(cls, of: int, others: ValidationInfo) -> int:
        if of < others.data.get("windows", 0):
            raise ValueError(f"{others.data['windows']} of {of} windows can never be bad")
        return of

    @field_validator("cool_down")
    @classmethod
    def ends_in_time(cls, rule: CoolDown, others: ValidationInfo) -> CoolDown:
        latest = others.data.get("at_latest")
        for unit, wait in rule:
            due = getattr(latest, unit, None)
            if due is not None and wait > due:
                said = f"a training is due after {due} {unit}, and {wait} {unit} are to pass"
                raise ValueError(said)
        return rule

    @model_validator(mode="after")
    def can_be_met(self) -> "Policy":
        if not self.signals and not self.kinds:
            raise ValueError("name a signal or a kind of alarm, or no window can be bad")
        return self


def plain(day: object) -> object:
    """A day as a text: a number would be taken for seconds since 1970."""
    if isinstance(day, str | date):
        return day
    raise ValueError("a day is a text such as 2013-07-01")


Day = Annotated[date, BeforeValidator(plain)]


class Training(BaseModel):
    """One training, as the history has it."""

    model_config = STRICT

    run: str = Field(description="the experiment that it became")
    until: Day = Field(description="first day that it did not see")
    cost: float | None = Field(default=None, ge=0, description="of the run; null if not known")
    labels: float | None = Field(
        default=None, ge=0, description="that it knew, by the run's metrics; null if not known"
    )
    live: bool | None = Field(
        default=None, description="whether the live model has seen just its days; null: not known"
    )


class Retrained(BaseModel):
    """Section retrained of params.yaml: what was trained before."""

    model_config = STRICT

    trainings: tuple[Training, ...] = Field(
        description="each with run, until (first day that it did not see), cost, labels and live"
    )


class Alarm(BaseModel):
    """A check of a window, as far as a policy looks at it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    value: float | None = None
    passed: bool
    reason: str = ""
    kind: str = ""


class Window(BaseModel):
    """A window that was watched, as far as a policy looks at it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start: Day
    end: Day  # the first day after it
    model: str | None = None
    labelled: int = Field(default=0, ge=0)
    signals: dict[str, float | None]
    checks: tuple[Alarm, ...] = ()

    @model_validator(mode="after")
    def has_days(self) -> "Window":
        if self.end <= self.start:
            raise ValueError(f"it ends on {self.end}, and begins on {self.start}")
        return self

    def __str__(self) -> str:
        """The window, as sentences name it."""
        return f"{self.start} to {self.end}"


def names_of(windows: Sequence[Window]) -> set[str]:
    """The signals that some window has, measured or not."""
    return {name for window in windows for name in window.signals}
