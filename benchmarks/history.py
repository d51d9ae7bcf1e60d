"""What it takes to read the history of 1,000 runs, cold: by a new process, from git alone.

Run: `python -m benchmarks.history`. It makes a repository of its own in a temporary folder: half of
the runs are those of a pipeline with 15 stages, 120 values and 60 metrics; `--by-hand` makes all of
them experiments of `dvc exp run` without a record. Some seconds.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from include.pipeline.cost import Cost
from include.pipeline.git.command import git
from include.pipeline.past.record import Record, as_line

RUNS = 1_000
STAGES = [f"stage_{n}" for n in range(15)]
PARAMS = {f"train.setting_{n}": n / 7 for n in range(120)}
LOCK = "schema: '2.0'\nstages:\n  fit:\n    cmd: x\n    params:\n      params.yaml:\n{}"
GRAPH = "stages: {fit: {cmd: x, metrics: [m.json: {cache: false}]}}\n"


def main() -> None:
    """Make the runs, and time what people ask."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--by-hand", action="store_true", help="experiments without a record")
    by_hand = told.parse_args().by_hand
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        git(repo, "init", "--quiet")
        (repo / ".dvc").mkdir()
        fill(repo, by_hand)
        words = [sys.executable, "-m", "include.command", "history", "--repo", folder]
        words += ["--metric", "m.json:m0"]
        for packed in (False, True):
            if packed:
                git(repo, "gc", "--quiet")
            note = f"{RUNS:,} runs, {'after' if packed else 'before'} `git gc`"
            wall_s, cpu_s = timed(lambda: subprocess.run(words, check=True, capture_output=True))
            print(f"leeway history  {wall_s:5.2f} s, {cpu_s:5.2f} s of CPU   {note}")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """The seconds that a command took, and those of processors: other work leaves these alone."""
    found = []
    for _ in range(3):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        work()
        now, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        cpu_s = now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime
        found.append((ended - began, cpu_s))
    return min(found)


def fill(repo: Path, by_hand: bool) -> None:
    """Write the experiments, and one commit that they are of, by one process of git."""
    lines = []
    for n in range(RUNS):
        name = f"lama-{n}" if by_hand else f"train.scheduled__{n}"
        message = "dvc: commit experiment 0123" if by_hand else recorded(n)
        values = "".join(f"        {key}: {value + n}\n" for key, value in PARAMS.items())
        files = {"dvc.yaml": GRAPH, "dvc.lock": LOCK.format(values), "m.json": f'{{"m0": {n}}}'}
        lines.append(f"commit refs/exps/{'ab'}/{'ab' * 19}/{name}\n")
        lines.append(f"committer A <a@localhost> {n * 60} +0000\n{data(message)}deleteall\n")
        for path, text in (files if by_hand else {"m.json": files["m.json"]}).items():
            lines.append(f"M 100644 inline {path}\n{data(text)}")
    command = ["git", "-C", str(repo), "fast-import", "--quiet"]
    subprocess.run(command, input="".join(lines), text=True, check=True)


def data(text: str) -> str:
    """A text in the words of `git fast-import`."""
    return f"data {len(text.encode())}\n{text}\n"


def recorded(n: int) -> str:
    """The message of a run of ours."""
    metrics = {f"m.json:m{i}": i + n / 7 for i in range(60)}
    params = {**PARAMS, "window.end": f"2013-{n % 12 + 1:02}-01"}
    cost = {stage: Cost(1.234567, 2.345678 + n, 0, 0.4, 1000, 2000, ran=True) for stage in STAGES}
    record = Record("train", f"scheduled__{n}", n * 60.0 + 1, params, metrics, cost)
    return f"dvc: commit experiment 0123\n\n{as_line(record)}"


if __name__ == "__main__":
    main()
