"""The months that are watched: what each is measured from, and its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from include import partitions
from include.errors import DataError, at_most_ten
from include.flights import columns
from include.flights.members.chosen import read_chosen
from include.flights.members.records import MEMBERS
from include.flights.serving.predictor import read_encoder
from include.flights.splits import Label, Window, add_months
from include.flights.watching import labels
from include.flights.watching.labels import Labels
from include.flights.watching.settings import Params
from include.monitoring import watch, windows
from include.monitoring.watch import Facts, Sampling, Scored
from include.monitoring.watch_log import Taken
from include.monitoring.windows import Names
from include.serving.code import code_of

ZONE = ZoneInfo(columns.TIME_ZONE)
KINDS = {feature.name: feature.kind for feature in columns.FEATURES}
OLDEST_S = {name: view.ttl.total_seconds() for name, view in columns.VIEWS.items()}
# What the facts depend on. How they are judged is no part of it.
CODE = ("include.monitoring.watch", "include.monitoring.watch_log", labels.__name__, __name__)


@dataclass(frozen=True)
class Months:
    """The last months of the window, and the tables that they are measured from.

    Args:
        scores: what the model said, one file a month; months without are not judged.
        flights: how they ended.
    """

    champion: Path
    scores: Path
    features: Path
    flights: Path
    window: Window
    label: Label
    params: Params

    def check(self) -> None:
        """Raise DataError if scores are of months to come, or of none of these months."""
        held = [partitions.month_of(file) for file in partitions.files(self.scores)]
        last = [*self.days][-1]
        future = [month for month in held if month > last]
        if future:
            what = f"{self.scores} holds scores of {at_most_ten(future)}, and the window ends "
            fix = "run `dvc repro score_flights`, or move window.end."
            raise DataError(f"{what}{self.window.end}.", fix)
        if not self.days.keys() & set(held):
            what = f"{self.scores} holds scores of {at_most_ten(held)}, and of none of the "
            fix = "raise watch_flights.months, or run `dvc repro score_flights`."
            raise DataError(f"{what}{len(self.days)} months up to {last}.", fix)

    @cached_property
    def days(self) -> dict[str, date]:
        """Each month to its first day."""
        months = self.window.months()[-self.params.months :]
        return {f"{month:%Y-%m}": month for month in months}

    @cached_property
    def labels(self) -> Labels:
        """What counts as late, and is known at the end of the window."""
        now = datetime.combine(self.window.end, time(), ZONE).astimezone(UTC)
        return Labels(self.label.late_after_min, self.params.labels_after_days, now)

    @cached_property
    def levels(self) -> dict[str, frozenset[str]]:
        """The values of each category that every member of the champion knows."""
        known: dict[str, frozenset[str]] = {}
        for name in read_chosen(self.champion / "chosen.json").members:
            encoder = read_encoder(MEMBERS[name], self.champion / name)
            for column, values in encoder.levels.items():
                known[column] = known.get(column, frozenset(values)) & frozenset(values)
        return known

    @cached_property
    def log(self) -> Taken:
        """The log of predictions of all these months."""
        return Taken(self.params.log, min(self.days.values()), self.window.end, ZONE)

    @cached_property
    def code(self) -> str:
        """A hash of the code that measures."""
        return partitions.content_key(*code_of(*CODE))

    def key(self, month: str) -> str:
        """A hash of all that the facts of a month are made from."""
        needed = [self.features / f"{month}.parquet", self.flights / f"{month}.parquet"]
        for file in needed:
            if not file.exists():
                raise DataError(f"{file} does not exist.", "run `dvc repro`, which writes it.")
        beside = [self.scores / f"{month}.parquet"]
        if before := self.before(month):
            beside += [folder / f"{before}.parquet" for folder in (self.features, self.scores)]
        waiting = not self.labels.all_in_hand(pl.scan_parquet(needed[1]))
        end = self.end(month)
        params = self.params.model_dump(include={"sample_rows", "seed", "groups"})
        params |= {"group_rows": self.params.hurting.group_rows}
        known = {name: sorted(values) for name, values in sorted(self.levels.items())}
        return partitions.content_key(
            self.code,
            *needed,
            *(file if file.exists() else "none" for file in beside),
            self.labels if waiting else self.label,
            [params, known, end, self.log.digest(self.days[month], end)],
        )

    def build(self, month: str, folder: Path) -> None:
        """Measure a month, and write its facts."""
        start, end, before = self.days[month], self.end(month), self.before(month)
        then = pl.scan_parquet(self.features / f"{before}.parquet") if before else None
        now = pl.scan_parquet(self.features / f"{month}.parquet")
        found = Facts(
            start=start,
            end=end,
            looks=watch.looks(then, now, KINDS, self.sampling),
            scored=self.scored(month),
            service=self.log.service(start, end, OLDEST_S, self.levels),
            replies=self.log.replies(start, end),
        )
        (folder / f"{month}.json").write_text(found.model_dump_json(indent=1) + "\n")

    @property
    def sampling(self) -> Sampling:
        """How many flights a test of drift takes."""
        return Sampling(self.params.sample_rows, self.params.seed)

    def scored(self, month: str) -> Scored | None:
        """What the model said of a month's flights; None if it was not asked."""
        if not (self.scores / f"{month}.parquet").exists():
            return None
        before = self.scores / f"{self.before(month)}.parquet"
        table, strange = self.table(month)
        return watch.scored(
            table,
            pl.scan_parquet(before) if before.exists() else None,
            windows.Window(self.days[month], self.end(month)),
            names(self.params.groups, self.levels),
            self.sampling,
            self.params.hurting.group_rows,
            strange,
        )

    def table(self, month: str) -> tuple[pl.LazyFrame, int]:
        """The scored flights with their features and outcomes; outcomes of others are counted.

        Raises:
            DataError: flights were scored that have no features.
        """
        scores = pl.scan_parquet(self.scores / f"{month}.parquet")
        windows.require(scores, ["flight_id", "late"], f"The scores of {month}")
        scores = scores.drop("late")
        features = pl.scan_parquet(self.features / f"{month}.parquet")
        lost = scores.join(features, on="flight_id", how="anti").select("flight_id").collect()
        if len(lost):
            ids = at_most_ten(lost["flight_id"])
            what = f"{len(lost):,} scores of {month} are of flights that have no features: {ids}."
            raise DataError(what, "run `dvc repro score_flights`, which scores them anew.")
        ended = self.labels.of(pl.scan_parquet(self.flights / f"{month}.parquet"))
        strange = ended.join(scores, on="flight_id", how="anti").select(pl.len()).collect().item()
        wanted = dict.fromkeys(["flight_id", "date", *self.params.groups, *self.levels])
        table = scores
        for other in (features.select(*wanted), ended):  # in the order of the scores, for the draws
            table = table.join(other, on="flight_id", how="left", maintain_order="left")
        return table, strange

    def before(self, month: str) -> str | None:
        """The month before; None if it has no features."""
        name = f"{add_months(self.days[month], -1):%Y-%m}"
        return name if (self.features / f"{name}.parquet").exists() else None

    def end(self, month: str) -> date:
        """The first day after a month's flights."""
        return min(add_months(self.days[month], 1), self.window.end)


def names(groups: tuple[str, ...], known: Mapping[str, frozenset[str]]) -> Names:
    """What the columns of a month are called."""
    return Names(
        rows="flights",
        id="flight_id",
        day="date",
        score="probability",
        outcome="ended_late",
        model="version",
        groups=groups,
        known=known,
    )
