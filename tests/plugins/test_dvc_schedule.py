"""The dates of a pipeline begin and end its schedule, as Airflow would, and cut no task off."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk import (
    DAG,
    Asset,
    AssetOrTimeSchedule,
    BaseOperator,
    CronDataIntervalTimetable,
    CronPartitionTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    MultipleCronTriggerTimetable,
)
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables import events, trigger
from airflow.timetables.base import DagRunInfo, TimeRestriction
from dateutil.relativedelta import relativedelta
from dvc_dag import pipeline_dag
from pendulum import datetime as moment

# Five days of the week in which the clocks of Berlin went forward.
START, END = moment(2026, 3, 27, tz="Europe/Berlin"), moment(2026, 4, 1, tz="Europe/Berlin")
DAYS = [START.add(days=number) for number in range(-3, 20)]
ASSET = Asset("dvc://other/out.txt")
SCHEDULES = {
    "a cron string": "0 6 * * *",
    "a preset": "@daily",
    "each hour": "@hourly",
    "once": "@once",
    "a timedelta": timedelta(hours=7),
    "a month": relativedelta(months=1),
    "intervals by cron": CronDataIntervalTimetable("0 0 * * *", timezone="America/New_York"),
    "intervals by time": DeltaDataIntervalTimetable(timedelta(days=1)),
    "moments by cron": CronTriggerTimetable("0 0 * * *", timezone="Asia/Tokyo"),
    "moments with an interval": CronTriggerTimetable(
        "0 0 * * *", timezone="UTC", interval=timedelta(days=1)
    ),
    "moments by time": DeltaTriggerTimetable(timedelta(hours=30)),
    "several crons": MultipleCronTriggerTimetable("0 0 * * *", "0 7 * * *", timezone="UTC"),
    "partitions": CronPartitionTimetable("0 0 * * *", timezone="UTC"),
    "one of Airflow's server": trigger.CronTriggerTimetable("0 0 * * *", timezone="UTC"),
    "listed moments": events.EventsTimetable(DAYS),
    "time or assets": AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 0 * * *", timezone="UTC"), assets=[ASSET]
    ),
}
UNSCHEDULED = {
    "nothing": None,
    "an asset": ASSET,
    "assets": [ASSET, Asset("dvc://other/two.txt")],
    "one of two assets": ASSET | Asset("dvc://other/two.txt"),
}


def drawn(repo, schedule, **arguments) -> DAG:
    return pipeline_dag("drawn", repo=repo, schedule=schedule, **arguments)


def plain(schedule, **arguments) -> DAG:
    """A DAG of Airflow's own, for comparison."""
    with DAG("plain", schedule=schedule, **arguments) as dag:
        BaseOperator(task_id="any")
    return dag


def served(dag: DAG):
    """The DAG as Airflow's server has it: by way of JSON."""
    return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))


def runs(dag: DAG) -> list[DagRunInfo]:
    """What Airflow would start by itself, up to the two hundredth run."""
    held, found = served(dag), list[DagRunInfo]()
    while len(found) < 200:
        last = found[-1] if found else None
        following = held.next_dagrun_info(last_automated_run_info=last)
        if following is None:
            break
        found.append(following)
    return found


@pytest.mark.parametrize("catchup", [True, False], ids=["all", "the newest"])
@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_a_pipeline_is_scheduled_as_any_dag_with_its_dates(made, schedule, catchup):
    dates = {"start_date": START, "end_date": END, "catchup": catchup}
    found = runs(drawn(made, schedule, **dates))
    assert found == runs(plain(schedule, **dates))
    assert len(found) in (range(1, 200) if catchup else range(2))


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_a_pipeline_that_has_no_end_goes_on(made, schedule):
    dates = {"start_date": START, "catchup": True}
    assert runs(drawn(made, schedule, **dates)) == runs(plain(schedule, **dates))


@pytest.mark.parametrize(
    "schedule", (SCHEDULES | UNSCHEDULED).values(), ids=SCHEDULES | UNSCHEDULED
)
@pytest.mark.parametrize("place", ["the DAG", "default_args", "both"])
def test_no_date_reaches_a_task(made, schedule, place):
    dates = {"start_date": START, "end_date": END}
    arguments = {} if place == "default_args" else dict(dates)
    arguments |= {} if place == "the DAG" else {"default_args": {"retries": 1, **dates}}
    dag = served(drawn(made, schedule, **arguments))
    held = {(one.start_date, one.end_date) for one in (dag, *dag.tasks)}
    assert held == {(None, None)}
    assert arguments.get("default_args", dates).items() >= dates.items()


def test_runs_one_after_the_other_end_too(made):
    endless = {"schedule": "@continuous", "start_date": START, "max_active_runs": 1}
    assert runs(drawn(made, **endless, end_date=END)) == []
    following = served(drawn(made, **endless, end_date=moment(2200, 1, 1))).next_dagrun_info(
        last_automated_run_info=None
    )
    assert following.logical_date == START


def test_dates_of_default_args_begin_and_end_the_schedule_too(made):
    dates = {"start_date": "2026-03-27", "end_date": "2026-03-29"}
    found = runs(drawn(made, "@daily", default_args=dates, catchup=True))
    assert [run.logical_date.day for run in found] == [27, 28, 29]


def test_of_two_starts_the_later_counts_and_of_two_ends_the_earlier(made):
    dag = drawn(
        made,
        "@daily",
        start_date=datetime(2026, 3, 1, tzinfo=UTC),
        end_date=datetime(2026, 3, 30, tzinfo=UTC),
        default_args={"start_date": "2026-03-28", "end_date": "2026-04-30"},
        catchup=True,
    )
    assert [run.logical_date.day for run in runs(dag)] == [28, 29, 30]


def test_a_timetable_that_knows_no_end_has_one(made):
    class Endless(events.EventsTimetable):
        """Somebody's own, which does not look at the restriction."""

        def next_dagrun_info(self, *, last_automated_data_interval, restriction):
            open_end = restriction._replace(latest=None)
            return super().next_dagrun_info(
                last_automated_data_interval=last_automated_data_interval, restriction=open_end
            )

    dag = drawn(made, Endless(DAYS), start_date=START, end_date=END, catchup=True)
    none, found, last = TimeRestriction(None, None, catchup=True), [], None
    while last := dag.timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=none):
        found.append(last.logical_date)
    assert found == DAYS[3:9]


def test_a_backfill_takes_all_days_that_it_names(made):
    dag = served(drawn(made, "@daily", start_date=START, end_date=END))
    first, last = moment(2026, 3, 25), moment(2026, 4, 3)
    days = [run.logical_date.day for run in dag.iter_dagrun_infos_between(first, last)]
    assert days == [25, 26, 27, 28, 29, 30, 31, 1, 2]


def test_a_task_that_somebody_adds_moves_no_date(made):
    dag = drawn(made, "@daily", start_date=START, end_date=END, catchup=True)
    before = runs(dag)
    BaseOperator(task_id="after", dag=dag, start_date=moment(2026, 3, 1))
    assert runs(dag) == before


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_all_else_of_a_schedule_is_as_it_was(made, schedule):
    dag, other = drawn(made, schedule, start_date=START), plain(schedule, start_date=START)
    ours, theirs = served(dag).timetable, served(other).timetable
    same = ("summary", "type_name", "periodic", "can_be_scheduled", "run_ordering", "partitioned")
    assert [getattr(ours, name) for name in same] == [getattr(theirs, name) for name in same]
    day = moment(2010, 5, 5, 12)
    assert ours.infer_manual_data_interval(run_after=day) == theirs.infer_manual_data_interval(
        run_after=day
    )
    assert served(dag).timezone == served(other).timezone
    assert ours.asset_condition.as_expression() == theirs.asset_condition.as_expression()


def test_the_ui_says_from_when_until_when(made):
    told = served(drawn(made, "@daily", start_date=START, end_date=END)).timetable.description
    assert told == "At 00:00, from 2026-03-26 23:00 UTC, until 2026-03-31 22:00 UTC"
    told = served(drawn(made, timedelta(days=1), start_date=START)).timetable.description
    assert told == "from 2026-03-26 23:00 UTC"


def test_a_dag_without_dates_keeps_its_own_timetable(made):
    assert isinstance(drawn(made, "@daily").timetable, CronTriggerTimetable)
