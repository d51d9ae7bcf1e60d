"""How the cost of each stage grows with history: the real year copied N times, with later dates.

Run: `python -m benchmarks.growth --years 1 2 3 --stages build_features materialize_features`.
It runs the commands of dvc.yaml in a scratch copy of this checkout as it is, without DVC: first up
to the last month but one (all at once), then with the last month (one more month). Each number is
of the stage's own process. Stages that those asked for depend on are run too, and not shown.
"""

import argparse
import multiprocessing
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FIRST_YEAR = 2013
PASSES = "all at once", "one more month"
FLIGHTS_A_YEAR = 336_776


@dataclass(frozen=True)
class Cost:
    """What one run of a stage took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Run the stages for each number of years, and print the table as far as it is known."""
    stages: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--stages", nargs="+", choices=stages, default=list(stages))
    parser.add_argument("--monthly", action="store_true", help="a source file a month, not one")
    parser.add_argument("--folder", type=Path, help="of the copies, to keep what was made")
    words = parser.parse_args()
    costs: dict[tuple[str, int, str], Cost] = {}
    with scratch(words.folder) as folder:
        for years in sorted(words.years):
            copy = prepare(folder / f"{years}-years", years, words.monthly)
            asked = {name: stages[name] for name in words.stages}
            needed = with_upstream(list(asked), stages)
            for stage in asked.values():
                remove_outs(copy, stage)
            for name, end in zip(PASSES, (f"{FIRST_YEAR + years - 1}-12-01", None), strict=True):
                set_window(copy, end or f"{FIRST_YEAR + years}-01-01")
                for stage in needed:
                    cost = run(copy, stages[stage]["cmd"])
                    if stage in asked:
                        costs[stage, years, name] = cost
            show(costs, words.stages)


@contextmanager
def scratch(folder: Path | None) -> Iterator[Path]:
    """The folder that was named, or one that goes at the end."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.absolute()
    else:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)


def prepare(copy: Path, years: int, monthly: bool) -> Path:
    """A copy of this checkout, whose source is the real year so many times."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    source = copy / "data/source"
    # In a process of its own: a child is never said to take less memory than its parent held.
    maker = multiprocessing.get_context("spawn").Process(
        target=write_source, args=(source, years, monthly)
    )
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit(maker.exitcode)
    params = yaml.safe_load((copy / "params.yaml").read_text())
    ending = "-{month}.parquet" if monthly else ".parquet"
    tables = {name: f"{name}.parquet" for name in params["ingest_flights"]["tables"]}
    tables |= {name: f"{name}{ending}" for name in ("flights", "weather")}
    params["ingest_flights"] |= {"location": "data/source", "tables": tables}
    (copy / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    return copy


def write_source(folder: Path, years: int, monthly: bool) -> None:
    """The tables of the real source as Parquet files, flights and weather once for each year."""
    import polars as pl

    from include.flights import columns, ingest_flights
    from include.flights.ingestion import sources

    section = yaml.safe_load((ROOT / "params.yaml").read_text())["ingest_flights"]
    params = ingest_flights.Params.model_validate(section)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, schema in columns.SOURCE_REFERENCE.items():
        table = sources.typed(ingest_flights.read_table(params, name), schema, name)
        table.write_parquet(folder / f"{name}.parquet")
    for name, schema in (("flights", columns.SOURCE_FLIGHTS), ("weather", columns.SOURCE_WEATHER)):
        table = sources.typed(ingest_flights.read_table(params, name), schema, name)
        whole = pl.concat([later(table, shift) for shift in range(years)])
        if not monthly:
            whole.write_parquet(folder / f"{name}.parquet")
            continue
        for (year, month), rows in whole.group_by("year", "month"):
            rows.write_parquet(folder / f"{name}-{year}-{month:02}.parquet")


def later(table: Any, years: int) -> Any:
    """The rows so many years later, at the same hours by the clocks of the airports."""
    import polars as pl

    from include.flights.columns import TIME_ZONE

    if not years:
        return table
    local = pl.col("time_hour").dt.convert_time_zone(TIME_ZONE).dt.replace_time_zone(None)
    moved = local.dt.offset_by(f"{years}y").dt.replace_time_zone(
        TIME_ZONE, ambiguous="earliest", non_existent="null"
    )
    shifted = table.with_columns(
        time_hour=moved.dt.convert_time_zone("UTC"),
        year=(pl.col("year") + years).cast(table.schema["year"]),
    ).drop_nulls("time_hour")
    # The hour that the clocks of one autumn showed twice, they show once on that day of another.
    return (
        shifted
        if "carrier" in table.columns
        else shifted.unique(["origin", "time_hour"], keep="first", maintain_order=True)
    )


def with_upstream(names: list[str], stages: dict[str, Any]) -> list[str]:
    """These stages and all that they depend on, in the order of dvc.yaml."""
    makers = {out: name for name, stage in stages.items() for out in outs(stage)}
    found = set(names)
    for name in reversed(stages):
        if name in found:
            found |= {makers[dep] for dep in stages[name]["deps"] if dep in makers}
    return [name for name in stages if name in found]


def outs(stage: dict[str, Any]) -> list[str]:
    """The paths that a stage makes."""
    listed = [*stage.get("outs", []), *stage.get("metrics", [])]
    return [next(iter(out)) if isinstance(out, dict) else out for out in listed]


def remove_outs(copy: Path, stage: dict[str, Any]) -> None:
    """Let a stage start from nothing, without what an interrupted training left."""
    shutil.rmtree(copy / ".checkpoints", ignore_errors=True)
    for out in outs(stage):
        path = copy / out
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def set_window(copy: Path, end: str) -> None:
    """Let the pipeline see all days from the first year on, up to one."""
    params = yaml.safe_load((copy / "params.yaml").read_text())
    params["window"] = {"start": f"{FIRST_YEAR}-01-01", "end": end}
    (copy / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))


def run(copy: Path, command: str) -> Cost:
    """Run a stage's command to its end."""
    words = [sys.executable, *shlex.split(command)[1:]]
    with (copy / "log").open("a+") as out:
        began = time.monotonic()
        child = subprocess.Popen(words, cwd=copy, stdout=out, stderr=out)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        spent = time.monotonic() - began
    print(f"{copy.name}: {words[2]} {spent:.1f} s, {used.ru_maxrss / 1024:,.0f} MB", flush=True)
    if child.returncode:
        raise SystemExit((copy / "log").read_text()[-3000:])
    return Cost(spent, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def show(costs: dict[tuple[str, int, str], Cost], stages: list[str]) -> None:
    """Print the table. An exponent of 1 means that twice the history costs twice as much."""
    years = sorted({year for _, year, _ in costs})
    print(f"\nN years of {FLIGHTS_A_YEAR:,} flights: seconds (of CPU), peak MB; the exponents of")
    print("growth in CPU and in memory, from the number before the last to the last")
    head = "".join(f"{f'N = {year}':>24}" for year in years)
    print(f"{'stage':21}{'':15}{head}{'exponents':>14}")
    for stage in stages:
        for name in PASSES:
            row = [costs[stage, year, name] for year in years]
            cells = (f"{c.wall_s:8.1f} ({c.cpu_s:6.1f}){c.peak_mb:6,.0f} " for c in row)
            print(f"{stage:21}{name:15}{''.join(cells)}{exponents(row, years)}", flush=True)


def exponents(row: list[Cost], years: list[int]) -> str:
    """How steeply CPU and memory grow."""
    if len(row) < 2:
        return ""
    (one, other), times = row[-2:], log(years[-1] / years[-2])
    cpu, memory = (log(b / a) / times for a, b in zip(*map(measures, (one, other)), strict=True))
    return f"{cpu:7.2f}{memory:7.2f}"


def measures(cost: Cost) -> tuple[float, float]:
    """CPU and memory."""
    return cost.cpu_s, cost.peak_mb


if __name__ == "__main__":
    main()
