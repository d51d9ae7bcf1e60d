"""A DAG whose start_date and end_date say when Airflow starts runs by itself, and nothing else.

Airflow makes no task on the wrong side of these dates: a run by hand, whose form holds the moment
at which it was opened, would end at once, without a task and as a success. So a pipeline gives its
dates to its schedule, and Airflow's server sees none that could cut tasks off.
"""

from copy import copy
from typing import Any

from airflow.plugins_manager import AirflowPlugin, get_timetables_plugins
from airflow.sdk import DAG
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from pendulum import DateTime, from_timestamp, instance

DATES = ("start_date", "end_date")


class Pipeline(DAG):
    """A DAG whose dates limit its schedule, and cut no task off."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()  # type: ignore[no-untyped-call]
        starts, ends = (dates(self, name) for name in DATES)
        self.timetable = within(self.timetable, max(starts, default=None), min(ends, default=None))

    @classmethod
    def get_serialized_fields(cls) -> frozenset[str]:
        """What Airflow's server gets to see: all but the dates."""
        # Airflow reads the plugins of one folder, and `dag.test()` may run with another than ours.
        get_timetables_plugins().setdefault(f"{__name__}.{Within.__name__}", Within)
        found: frozenset[str] = DAG.get_serialized_fields()  # type: ignore[no-untyped-call]
        return found - {*DATES}


def dates(dag: DAG, name: str) -> list[DateTime]:
    """A date of a DAG, and the one that it holds for its tasks, which are to have none."""
    found = (getattr(dag, name), dag.default_args.pop(name, None))
    return [instance(date) for date in found if date is not None]


def within(schedule: Any, earliest: DateTime | None, latest: DateTime | None) -> Any:
    """The schedule between two dates; what only assets or people start has no schedule."""
    if not schedule.can_be_scheduled or earliest is latest is None:
        return schedule
    if not schedule.asset_condition:
        return Within(schedule, earliest, latest)
    if not hasattr(schedule, "timetable"):
        return schedule
    found = copy(schedule)
    found.timetable = within(schedule.timetable, earliest, latest)
    return found


class Within(Timetable):
    """Another timetable, between two dates; that of a DAG file, or the server's copy of it."""

    # It is not between dates that assets start a run.
    asset_condition = Timetable.asset_condition

    def __init__(self, schedule: Any, earliest: DateTime | None, latest: DateTime | None) -> None:
        self.schedule, self.earliest, self.latest = schedule, earliest, latest

    def __getattribute__(self, name: str) -> Any:
        """What is not said here, the other timetable answers."""
        own = {"schedule", "earliest", "latest", *vars(Within)}
        if name in own or name.startswith("__"):
            return super().__getattribute__(name)
        held = self.schedule if hasattr(self.schedule, name) else self.full
        return getattr(held, name)

    @property
    def full(self) -> Timetable:
        """The other timetable as the server has it, which knows more than that of a DAG file."""
        from airflow.serialization.encoders import coerce_to_core_timetable

        found: Timetable = coerce_to_core_timetable(self.schedule)
        return found

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the UI says of the schedule."""
        ends = [("from", self.earliest), ("until", self.latest)]
        parts = [f"{word} {date:%Y-%m-%d %H:%M} UTC" for word, date in ends if date]
        return ", ".join(filter(None, [self.full.description, *parts]))

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next run, if there is one before the end."""
        limits = self.limits(restriction)
        ask = self.full.next_dagrun_info_v2
        return not_after(limits.latest, ask(last_dagrun_info=last_dagrun_info, restriction=limits))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The same, as schedules of time and assets ask for it."""
        limits = self.limits(restriction)
        ask = self.full.next_dagrun_info
        last = last_automated_data_interval
        found = ask(last_automated_data_interval=last, restriction=limits)
        return not_after(limits.latest, found)

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """The interval of a run by hand: of any date, before and after the two as well."""
        return self.full.infer_manual_data_interval(run_after=run_after)

    def limits(self, asked: TimeRestriction) -> TimeRestriction:
        """The dates, but for a backfill, which names two of its own."""
        if asked.earliest and asked.latest:
            return asked
        return TimeRestriction(self.earliest, self.latest, asked.catchup)

    def serialize(self) -> dict[str, Any]:
        """The other timetable and the dates, as JSON."""
        from airflow.serialization.encoders import encode_timetable

        ends = (self.earliest, self.latest)
        return {
            "schedule": encode_timetable(self.schedule),
            "dates": [None if date is None else date.timestamp() for date in ends],
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "Within":
        """What `serialize` wrote."""
        from airflow.serialization.decoders import decode_timetable

        earliest, latest = (
            None if date is None else from_timestamp(date) for date in data["dates"]
        )
        return cls(decode_timetable(data["schedule"]), earliest, latest)


def not_after(latest: DateTime | None, run: DagRunInfo | None) -> DagRunInfo | None:
    """The run, unless it is one that a timetable of somebody else's makes after the end."""
    date = run and (run.logical_date or run.run_after)
    return None if date and latest and date > latest else run


class DvcSchedule(AirflowPlugin):
    """Makes the timetable known to all parts of Airflow."""

    name = "dvc_schedule"
    timetables = [Within]  # noqa: RUF012
