"""Which months train, which choose, which judge: one rule for every stage."""

from datetime import date

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from include.errors import ParamsError


class Window(BaseModel):
    """Section window of params.yaml: the days that the run may see."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: date = Field(description="first local day of scheduled departure")
    end: date = Field(description="first local day that is not seen")

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> "Window":
        if self.end <= self.start:
            raise ValueError(f"window.end {self.end} must be after window.start {self.start}")
        return self

    def months(self) -> list[date]:
        """The first days of the months that the window touches, in order."""
        month, months = self.start.replace(day=1), []
        while month < self.end:
            months.append(month)
            month = add_months(month, 1)
        return months


class Label(BaseModel):
    """Section label of params.yaml: what late means, for the label and for the history."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    late_after_min: int = Field(ge=0, le=600, description="minutes of delay above which it is late")


class Splits(BaseModel):
    """Section splits of params.yaml: the end of the window judges, what comes before chooses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    validation_months: int = Field(ge=1, le=12, description="months that choose rounds and models")
    test_months: int = Field(ge=1, le=12, description="last months, seen by evaluate_models only")

    def boundaries(self, window: Window) -> tuple[date, date]:
        """The first local day of validation, and the first of test.

        Raises:
            ParamsError: the window leaves no month to train on.
        """
        first_unseen = window.end if window.end.day == 1 else add_months(window.end, 1)
        test = add_months(first_unseen.replace(day=1), -self.test_months)
        validation = add_months(test, -self.validation_months)
        if validation <= window.start:
            raise ParamsError(
                f"The window {window.start} to {window.end} has {len(window.months())} months; "
                f"{self.validation_months} validate and {self.test_months} test, so none train.",
                "move window.end later, or lower splits.validation_months or splits.test_months.",
            )
        return validation, test

    def expression(self, window: Window, day: str = "date") -> pl.Expr:
        """One of 'train', 'validation', 'test' for the local day in column `day`."""
        validation, test = self.boundaries(window)
        return (
            pl.when(pl.col(day) < validation)
            .then(pl.lit("train"))
            .when(pl.col(day) < test)
            .then(pl.lit("validation"))
            .otherwise(pl.lit("test"))
        )


def add_months(day: date, months: int) -> date:
    """The first of the month that lies `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
