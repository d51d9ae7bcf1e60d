"""The dates of a run, in the time zone of its schedule and as params.yaml writes them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

import pendulum
from airflow.sdk import DAG, Context

from include.errors import PipelineError, did_you_mean

KNOWN = [name for name, kind in Context.__annotations__.items() if "DateTime" in str(kind)]
# ISO 8601, from 2013-07 and 20130701 to 2013-07-01T00:00:00.000+02:00, by codes of strftime.
WRITTEN = re.compile(
    r"(?P<Y>\d{4})(-?)(?P<m>0[1-9]|1[0-2])(?:\2(?P<d>[0-3]\d)"
    r"(?:[Tt ](?P<H>[0-2]\d)(:?)(?P<M>[0-5]\d)(?:\6(?P<S>[0-5]\d)(?:[.,](?P<f>\d+))?)?"
    r" ?(?P<z>[Zz]|[+-]\d\d:?(?:\d\d)?)?)?)?"
)


# Kinds of runs to which nobody gave other values: what they made may go live, and ask, by itself.
AUTOMATIC = ("scheduled", "asset_triggered")
WITH_INTERVAL = ("scheduled", "backfill")  # kinds of runs


def has_interval(context: Context) -> bool:
    """Whether a run has an interval of its own: by hand, by REST or by an asset, it has none."""
    return run_type(context) in WITH_INTERVAL


def run_type(context: Context) -> str:
    """Who began a run, in Airflow's word: scheduled, manual, backfill or asset_triggered."""
    return word(context["dag_run"].run_type)


def began_by_itself(run_id: str) -> bool:
    """Whether nobody began a run by hand, by its id."""
    return run_id.partition("__")[0] in AUTOMATIC and "__" in run_id


def word(value: object) -> str:
    """A kind or a state of a run as Airflow writes it, which may be one of its enums."""
    return str(value or "").split(".")[-1].lower()


def see_that_known(dates: Iterable[str]) -> None:
    """Refuse a date that Airflow does not have.

    Raises:
        PipelineError: it names the nearest.
    """
    for date in dates:
        if date not in KNOWN:
            what = f"Airflow has no date {date!r} of a run.{did_you_mean(date, KNOWN)}"
            raise PipelineError(what, f"name one of {', '.join(KNOWN)} in interval.")


def date_of(context: Context, date: str, dag: DAG, held: object) -> object:
    """A date of the run, in the form of the value that it replaces.

    Raises:
        PipelineError: this run has no such date.
    """
    found: Any = context.get(date)
    if not found:
        what = f"The run {context['run_id']} has no {date}."
        raise PipelineError(what, "name another date in interval of the DAG.")
    return like(found.astimezone(zone_of(dag)), held)


def zone_of(dag: DAG) -> tzinfo:
    """The time zone of a DAG's timetable, if it has one of its own, else that of the DAG."""
    schedule: Any = dag.timetable
    while inner := next(filter(None, inside(schedule)), None):
        schedule = inner
    zone = getattr(schedule, "timezone", None) or getattr(schedule, "_timezone", None)
    return pendulum.timezone(zone) if isinstance(zone, str) else zone or dag.timezone


def inside(schedule: Any) -> Iterable[Any]:
    """The timetables that one is made of: all of them are of one time zone."""
    yield from (getattr(schedule, name, None) for name in ("schedule", "timetable"))
    for name in ("timetables", "_timetables"):
        yield from getattr(schedule, name, None) or ()


def like(date: datetime, held: object) -> object:
    """A date in the form of another; 2013-07-01 if that one is none, and a number if it is one."""
    form = WRITTEN.fullmatch(str(held))
    if form is None:
        return f"{date:%Y-%m-%d}"
    date = date.astimezone(UTC) if form["z"] in ("Z", "z") else date
    text = str(held)
    for code in reversed(form.groupdict()):
        first, last = form.span(code)
        if first >= 0:
            text = text[:first] + part(date, code, form[code]) + text[last:]
    return int(text) if isinstance(held, int) else text


def part(date: datetime, code: str, held: str) -> str:
    """One number of a date, or its offset, as wide as another."""
    if code == "f":
        return f"{date:%f}".ljust(len(held), "0")[: len(held)]
    if code != "z":
        return date.strftime(f"%{code}")
    if held in ("Z", "z"):
        return held
    offset = f"{date:%z}"
    hours, minutes = offset[:3], offset[3:5]
    return hours if len(held) == 3 and minutes == "00" else hours + held[3:-2] + minutes
