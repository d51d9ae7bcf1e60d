"""What time it is for a service."""

from datetime import UTC, datetime, timedelta

import pytest

from include.errors import ParamsError
from include.serving.clock import start_clock


def test_the_clock_goes_on_from_the_time_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEEWAY_SERVE_CLOCK", "2013-12-31T12:00-05:00")
    passed = start_clock()() - datetime(2013, 12, 31, 17, tzinfo=UTC)
    assert timedelta(0) <= passed < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["noon", "2013-12-31T12:00", "0001-01-01T00:00+05:00"])
def test_what_is_no_time_with_a_zone_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEEWAY_SERVE_CLOCK", text)
    with pytest.raises(ParamsError, match="is no time with a zone"):
        start_clock()
