"""The log of a window: a slow service, an old store, and a log that is not the one asked for."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import small_windows as small
from small_windows import alarms, facts_of, judged, parcels

from include.errors import DataError, ParamsError
from include.monitoring.journal import convert
from include.monitoring.service import NOTHING, Replies, Service
from include.monitoring.watch_log import Log, Taken
from include.serving.journal import Journal, line, reply_line

NEW_YORK = ZoneInfo("America/New_York")
JUNE, JULY = date(2013, 6, 1), date(2013, 7, 1)
OLDEST_S = {"queue": 3600.0, "firm": 0.0}


def log(
    folder: Path,
    ms: float = 12.0,
    age_s: float = 60.0,
    status: int = 200,
    probability: float = 0.25,
    firm: str = "AA",
    start: datetime = datetime(2013, 6, 1, 12, tzinfo=UTC),
) -> Path:
    """Forty requests of ten days, as the service logs them, in tables."""
    journal = Journal(folder / "log")
    journal.declare("parcels:1", ["queue", "firm"])
    for number in range(40):
        at = start + timedelta(hours=6 * number)
        said = (at, "parcels:1", "entities", b"{}", [probability])
        ages = {"queue": [age_s + number], "firm": [1e9]}
        found = [[10.0, "AA" if number else firm]]
        journal.append(line(f"{number}", *said, features=found, ages=ages))
        journal.append(reply_line(at, "/predict", 200, ms / 1000 + number / 1e6))
    journal.append(reply_line(at, "/predict", status, ms / 1000))
    journal.append(reply_line(at, "/predict", 400, 0.001))
    journal.close()
    convert(folder / "log", folder / "parquet")
    return folder / "parquet"


def taken(parquet: Path, md5: str = "none") -> Taken:
    return Taken(Log(location=str(parquet), md5=md5), JUNE, JULY, NEW_YORK)


def facts(parquet: Path) -> tuple[Service | None, Replies | None]:
    held = taken(parquet)
    service = held.service(JUNE, JULY, OLDEST_S, small.KNOWN)
    return service, held.replies(JUNE, JULY)


def test_a_log_tells_who_answered_how_fresh_and_how_quickly(tmp_path):
    assert facts(log(tmp_path, status=503, firm="unheard of")) == (
        Service(
            rows=40,
            models={"parcels:1": 40},
            unknown_share=0.025,
            stale_share=0.0,
            lacking_share=0.0,
            views={"queue": 0.0},
        ),
        Replies(requests=42, error_rate=0.02381, latency_p99_ms=12.039, seconds=0.49378),
    )


def test_rows_that_bring_their_features_say_nothing_of_the_store(tmp_path):
    parquet = log(tmp_path, age_s=90_000.0)
    journal = Journal(tmp_path / "log")
    at, brought = datetime(2013, 6, 2, tzinfo=UTC), b'[{"queue": 1.0, "firm": "AA"}]'
    for number in range(60):
        journal.append(line(f"own {number}", at, "parcels:1", "features", brought, [0.5]))
    journal.close()
    convert(tmp_path / "log", parquet)
    service, _ = facts(parquet)
    assert service is not None and service.rows == 100
    assert (service.stale_share, service.lacking_share) == (1.0, 0.0)
    assert service.views == {"queue": 1.0}


@pytest.fixture(scope="module")
def before() -> list[small.Facts]:
    """Five months of parcels that nothing befell."""
    return small.year(5)


@pytest.mark.parametrize(
    ("fault", "alarm", "said"),
    [
        ({}, None, ""),
        ({"ms": 900.0}, "latency_p99_ms", "99 of 100 replies took at most 900.0 ms; at most 250"),
        ({"age_s": 90_000.0}, "stale_share", "100.00% of the rows were answered with a feature"),
        ({"status": 503}, "error_rate", "2.38% of the requests failed by the service's fault"),
    ],
    ids=["nothing", "a slow model", "a stale store", "errors"],
)
def test_a_fault_of_the_service_is_told_by_its_own_alarm(tmp_path, before, fault, alarm, said):
    service, replies = facts(log(tmp_path, **fault))
    assert service is not None
    table = parcels(6)
    june = facts_of(6, table, parcels(5), service, replies)
    found = judged([*before, june])[-1]
    assert list(alarms(found)) == ([alarm] if alarm else [])
    assert said in alarms(found).get(alarm, "")
    assert found.verdict.state == "steady"  # another model would not mend it


def test_a_month_says_what_a_thousand_answers_cost(tmp_path, before):
    service, replies = facts(log(tmp_path))
    found = judged([*before, facts_of(6, parcels(6), parcels(5), service, replies)])
    assert found[-1].signals["seconds_per_1000"] == 12.3445  # 0.49378 s for 40 predictions
    assert found[-2].signals["seconds_per_1000"] is None


def test_days_that_are_not_of_the_window_change_nothing(tmp_path):
    parquet = log(tmp_path)
    first, hashed = facts(parquet), taken(parquet).md5
    later = datetime(2013, 7, 3, tzinfo=UTC)
    journal = Journal(tmp_path / "log")
    journal.append(line("late", later, "parcels:1", "features", b"[{}]", [0.5]))
    journal.close()
    convert(tmp_path / "log", parquet)
    assert (facts(parquet), taken(parquet).md5) == (first, hashed)


def test_rows_of_the_days_around_a_local_month_are_left_out(tmp_path):
    parquet = log(tmp_path, start=datetime(2013, 6, 1, 3, tzinfo=UTC))  # 23:00 the evening before
    service, replies = facts(parquet)
    assert service is not None and replies is not None
    assert (service.rows, replies.requests) == (39, 41)


def test_a_month_without_a_line_is_told(tmp_path, before):
    service, replies = facts(log(tmp_path, start=datetime(2013, 9, 1, tzinfo=UTC)))
    assert (service, replies) == (NOTHING, None)
    june = judged([*before, facts_of(6, parcels(6), parcels(5), service, replies)])[-1]
    assert alarms(june) == {
        "logged_rows": "The log of predictions has 0 rows of the window; at least 1 is asked for."
    }


def test_a_folder_that_depends_on_where_a_run_works_is_refused():
    with pytest.raises(ParamsError) as error:
        taken(Path("log"))
    assert str(error.value) == (
        "log.location is 'log', and a run may work in another folder.\n"
        "  Next: give the whole path, from / on."
    )


def test_the_log_that_was_asked_for_is_read_and_another_refused(tmp_path):
    parquet = log(tmp_path)
    md5 = taken(parquet).md5
    assert taken(parquet, md5).md5 == md5
    with pytest.raises(DataError) as error:
        taken(parquet, "0" * 32)
    assert str(error.value) == (
        f"The log in {parquet} from 2013-06-01 to 2013-07-01 has the md5 {md5}, and log.md5 asks "
        f"for {'0' * 32}.\n"
        "  Next: set log.md5 to what is to be read, or to none."
    )


def test_a_folder_that_is_not_there_says_what_makes_it(tmp_path):
    with pytest.raises(DataError, match=r"Next: run `python -m include.monitoring.journal LOGS"):
        taken(tmp_path / "absent")


def test_probabilities_in_the_log_that_are_none_are_refused(tmp_path):
    with pytest.raises(DataError) as error:
        facts(log(tmp_path, probability=1.5))
    assert str(error.value) == (
        "40 of 40 logged probabilities are none.\n"
        "  Next: see which model answered so, and take it out of service."
    )
