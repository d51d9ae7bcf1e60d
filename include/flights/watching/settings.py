"""What params.yaml says of watching."""

from pydantic import Field, field_validator

from include.errors import did_you_mean
from include.flights import columns
from include.monitoring.watch_limits import WatchLimits
from include.monitoring.watch_log import Log


class Params(WatchLimits):
    """Section watch_flights of params.yaml."""

    months: int = Field(ge=2, le=120, description="last months of the window that are looked at")
    labels_after_days: float = Field(
        ge=0, le=366, description="days from an arrival to when its delay is in hand"
    )
    sample_rows: int = Field(ge=100, description="flights of a month in a test of drift")
    seed: int = Field(ge=0, description="seed of the draws")
    groups: tuple[str, ...] = Field(description="features whose values part the flights")
    log: Log = Field(description="the log of predictions, as Parquet")

    @field_validator("groups")
    @classmethod
    def are_categories(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        known = columns.names("category")
        for name in groups:
            if name not in known:
                raise ValueError(f"{name!r} is no category.{did_you_mean(name, known)}")
        return groups
