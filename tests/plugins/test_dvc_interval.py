"""A scheduled run takes its dates in the time zone of its schedule, as params.yaml writes them."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.sdk import (
    Asset,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    MultipleCronTriggerTimetable,
)
from airflow.timetables import trigger
from dvc_dag import pipeline_dag
from dvc_interval import like

from include.errors import PipelineError

BERLIN = "Europe/Berlin"
FIRST_OF_JULY = datetime(2013, 6, 30, 22, tzinfo=UTC)  # in Berlin


def taken(repo, date: str, moment: datetime | None, run_type: str = "scheduled", **arguments):
    """What a run writes into params.yaml: shout.mark, which holds "!", and shout.times."""
    dag = pipeline_dag(
        "any", repo=repo, form={"shout.times": {}}, interval={"shout.mark": date}, **arguments
    )
    context = {
        "params": dict(dag.params),
        "dag_run": SimpleNamespace(run_type=run_type, conf=None),
        "run_id": "scheduled__one",
        date: moment and pendulum.instance(moment),
    }
    return dag.get_task("open_run").values(context)


def day(repo, moment: datetime, schedule, start: datetime) -> str:
    """The day that a scheduled run takes."""
    dates = {"schedule": schedule, "start_date": start}
    return taken(repo, "data_interval_end", moment, **dates)["shout.mark"]


@pytest.mark.parametrize("date", ["data_interval_start", "data_interval_end", "logical_date"])
def test_a_day_is_that_of_the_time_zone_of_the_dag(made, date):
    start = datetime(2013, 6, 1, tzinfo=ZoneInfo(BERLIN))
    found = taken(made, date, FIRST_OF_JULY, schedule="@monthly", start_date=start)
    assert found == {"shout.times": 2, "shout.mark": "2013-07-01"}


ZONES = {
    "winter": (BERLIN, datetime(2013, 1, 31, 23, tzinfo=UTC), "2013-02-01"),
    "the night in which summer begins": (
        BERLIN,
        datetime(2013, 3, 31, 22, tzinfo=UTC),
        "2013-04-01",
    ),
    "an hour before it": (BERLIN, datetime(2013, 3, 31, 21, 59, tzinfo=UTC), "2013-03-31"),
    "west": ("America/New_York", datetime(2013, 7, 1, 3, 59, tzinfo=UTC), "2013-06-30"),
    "midnight in the west": ("America/New_York", datetime(2013, 7, 1, 4, tzinfo=UTC), "2013-07-01"),
    "far east": ("Pacific/Kiritimati", datetime(2013, 6, 30, 10, tzinfo=UTC), "2013-07-01"),
    "UTC": ("UTC", FIRST_OF_JULY, "2013-06-30"),
}


@pytest.mark.parametrize(("zone", "moment", "expected"), ZONES.values(), ids=ZONES)
@pytest.mark.parametrize("of", [ZoneInfo, pendulum.timezone], ids=["zoneinfo", "pendulum"])
def test_a_day_changes_at_midnight_of_its_zone(made, of, zone, moment, expected):
    assert day(made, moment, "@daily", datetime(2013, 1, 1, tzinfo=of(zone))) == expected


@pytest.mark.parametrize(("hours", "expected"), [(5.5, "2013-07-01"), (-8, "2013-06-30")])
def test_a_fixed_offset_is_a_time_zone_too(made, hours, expected):
    start = datetime(2013, 1, 1, tzinfo=timezone(timedelta(hours=hours)))
    moment = datetime(2013, 6, 30, 18, 30, tzinfo=UTC)
    assert day(made, moment, timedelta(days=1), start) == expected


NIGHT = CronTriggerTimetable("0 0 1 * *", timezone=BERLIN)
OWN = {
    "intervals": CronDataIntervalTimetable("0 0 1 * *", timezone=BERLIN),
    "moments": NIGHT,
    "a zone that is no text": CronTriggerTimetable("0 0 1 * *", timezone=pendulum.timezone(BERLIN)),
    "several crons": MultipleCronTriggerTimetable("0 0 1 * *", "0 0 2 * *", timezone=BERLIN),
    "time or assets": AssetOrTimeSchedule(timetable=NIGHT, assets=[Asset("dvc://other/out")]),
    "one of Airflow's server": trigger.CronTriggerTimetable("0 0 1 * *", timezone=BERLIN),
    "several of Airflow's server": trigger.MultipleCronTriggerTimetable(
        "0 0 1 * *", "0 0 2 * *", timezone=BERLIN
    ),
}


@pytest.mark.parametrize("schedule", OWN.values(), ids=OWN)
@pytest.mark.parametrize("dates", [{"start_date": datetime(2013, 1, 1, tzinfo=UTC)}, {}])
def test_the_time_zone_of_a_timetable_goes_before_that_of_the_dag(made, schedule, dates):
    found = taken(made, "data_interval_end", FIRST_OF_JULY, schedule=schedule, **dates)
    assert found["shout.mark"] == "2013-07-01"


def test_a_backfill_takes_its_dates_from_its_interval_too(made):
    start = datetime(2013, 6, 1, tzinfo=ZoneInfo(BERLIN))
    found = taken(made, "data_interval_end", FIRST_OF_JULY, "backfill", start_date=start)
    assert found["shout.mark"] == "2013-07-01"


@pytest.mark.parametrize("run_type", ["manual", "asset_triggered"])
def test_a_run_without_an_interval_of_its_own_takes_the_form(made, run_type):
    assert taken(made, "data_interval_end", FIRST_OF_JULY, run_type)["shout.mark"] == "!"


def test_a_run_that_has_no_such_date_says_so(made):
    with pytest.raises(PipelineError) as error:
        taken(made, "data_interval_end", None)
    assert str(error.value) == (
        "The run scheduled__one has no data_interval_end.\n"
        "  Next: name another date in interval of the DAG."
    )


MOMENT = datetime(2013, 7, 1, 6, 30, 15, 250000, tzinfo=ZoneInfo(BERLIN))
FORMS = {
    "2012-12-31": "2013-07-01",
    "2012-12": "2013-07",
    "20121231": "20130701",
    "2012-12-31T00:00:00": "2013-07-01T06:30:15",
    "2012-12-31 00:00:00": "2013-07-01 06:30:15",
    "2012-12-31T00:00": "2013-07-01T06:30",
    "2012-12-31T00:00:00.000": "2013-07-01T06:30:15.250",
    "2012-12-31T00:00:00.000000000": "2013-07-01T06:30:15.250000000",
    "20121231T000000": "20130701T063015",
    "2012-12-31T00:00:00Z": "2013-07-01T04:30:15Z",
    "2012-12-31T00:00Z": "2013-07-01T04:30Z",
    "2012-12-31T00:00:00+00:00": "2013-07-01T06:30:15+02:00",
    "2012-12-31 00:00:00 -0500": "2013-07-01 06:30:15 +0200",
    "2012-12-31T00:00+01": "2013-07-01T06:30+02",
    "": "2013-07-01",
    "latest": "2013-07-01",
    "2012-13-31": "2013-07-01",
}


@pytest.mark.parametrize(("held", "expected"), FORMS.items(), ids=FORMS)
def test_a_date_has_the_form_of_the_value_that_it_replaces(held, expected):
    assert like(MOMENT, held) == expected


@pytest.mark.parametrize(("held", "expected"), [(20121231, 20130701), (201212, 201307)])
def test_a_date_that_is_a_number_stays_one(held, expected):
    assert like(MOMENT, held) == expected


def test_an_offset_with_minutes_is_written_whole():
    moment = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert like(moment, "2012-12-31T00:00+01") == "2013-07-01T10:00+0530"


def test_a_date_that_airflow_does_not_have_names_the_nearest(made):
    with pytest.raises(PipelineError) as error:
        pipeline_dag("any", repo=made, interval={"shout.mark": "data_interval_ned"})
    assert str(error.value) == (
        "Airflow has no date 'data_interval_ned' of a run. Did you mean 'data_interval_end'?\n"
        "  Next: name one of data_interval_end, data_interval_start, logical_date, partition_date, "
        "prev_data_interval_start_success, prev_data_interval_end_success, "
        "prev_start_date_success, prev_end_date_success in interval."
    )
