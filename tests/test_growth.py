"""The benchmark of growth: years that are copies, and what it says of two runs."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks import growth
from benchmarks.growth import Cost

STAGES = {
    "make": {"deps": [], "outs": ["rows", {"kept": {"persist": True}}]},
    "train": {"deps": ["kept"], "outs": ["model"], "metrics": ["score.json"]},
    "other": {"deps": ["rows"]},
    "judge": {"deps": ["score.json", "code.py"]},
}


def test_a_year_later_the_clocks_of_the_airports_show_the_same() -> None:
    # 07:00 in New York, in winter and in summer.
    hours = [datetime(2013, 11, 5, 12, tzinfo=UTC), datetime(2013, 7, 1, 11, tzinfo=UTC)]
    table = pl.DataFrame({"year": [2013, 2013], "time_hour": hours, "carrier": ["UA", "AA"]})
    table = table.cast({"year": pl.Int32})
    moved = growth.later(table, 2)
    assert moved.schema == table.schema
    assert moved["year"].to_list() == [2015, 2015]
    assert moved["time_hour"].to_list() == [hour.replace(year=2015) for hour in hours]
    assert growth.later(table, 0).equals(table)


def test_an_hour_that_clocks_showed_twice_stands_once_in_another_year() -> None:
    twice = [datetime(2013, 11, 3, hour, tzinfo=UTC) for hour in (5, 6)]
    table = pl.DataFrame({"year": [2013, 2013], "time_hour": twice, "origin": ["EWR", "EWR"]})
    moved = growth.later(table, 1)
    assert moved["time_hour"].to_list() == [datetime(2014, 11, 3, 6, tzinfo=UTC)]


def test_what_a_stage_depends_on_is_run_before_it_and_no_other() -> None:
    assert growth.with_upstream(["judge"], STAGES) == ["make", "train", "judge"]


def test_twice_the_history_at_twice_the_cost_is_an_exponent_of_one() -> None:
    costs = [Cost(9, 1, 100), Cost(9, 10, 100), Cost(9, 20, 400)]
    assert growth.exponents(costs, [1, 2, 4]).split() == ["1.00", "2.00"]
    assert growth.exponents(costs[:1], [1]) == ""


MEASURE = """
from pathlib import Path
from benchmarks import growth
peaks = [growth.run(Path({folder!r}), f"python -c 'b = bytearray({{n}})'").peak_mb
         for n in (1, 300_000_000)]
assert peaks[0] < 286 < peaks[1], peaks  # 300 million bytes are 286 MB
"""


def test_the_memory_of_a_command_is_its_own(tmp_path: Path) -> None:
    # From a small process: a child counts what its parent held when it was started.
    code = MEASURE.format(folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", code], cwd=growth.ROOT, check=True)


def test_a_command_that_fails_ends_the_benchmark_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ZeroDivisionError"):
        growth.run(tmp_path, "python -c '1 / 0'")
