"""What a DAG file of a repository of 300 stages costs to read, beyond `import airflow`.

Run: `python -m benchmarks.dag_import`. It makes the repository in a temporary folder. Each number
is the best of several new Python processes; CPU is with that of git and DVC, which they start.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.airflow_run import repository

ROOT = Path(__file__).parents[1]
BAR_S = 0.15
READ = """
import os, sys, time
def now(): return time.perf_counter(), sum(os.times()[:4])
moments = [now()]
import airflow
from airflow.sdk import DAG
moments.append(now())
from datetime import UTC, datetime
from dvc_dag import pipeline_dag
dag = pipeline_dag("chain", repo=sys.argv[1], schedule=None,
                   start_date=datetime(2026, 1, 1, tzinfo=UTC))
moments.append(now())
assert len(dag.tasks) == int(sys.argv[2]) + 2
print(*(after - before for a, b in zip(moments, moments[1:]) for before, after in zip(a, b)))
"""


def main() -> None:
    """Time the file without a plan and with one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=300)
    parser.add_argument("--reads", type=int, default=5, help="Python processes for each number")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = repository(Path(folder) / "repository", words.stages)
        home = Path(folder) / "airflow"
        read(made, home, words.stages)  # compiles bytecode
        again = best([read(made, home, words.stages) for _ in range(words.reads)])
        fresh = best([read(made, home, words.stages, anew=True) for _ in range(words.reads)])
    print(f"import airflow           {again[0]:5.2f} s, {again[1]:.2f} s of CPU")
    for name, (anchor, _, spent, cpu) in (("kept", again), ("made by DVC", fresh)):
        print(f"{words.stages} stages, plan {name:11} {spent:5.2f} s, {cpu:.2f} s of CPU", end="")
        print(f"   x{spent / anchor:.2f} of import airflow")
    print(f"the bar, plan kept       {BAR_S:5.2f} s")


def read(made: Path, home: Path, stages: int, anew: bool = False) -> list[float]:
    """Wall and CPU seconds of `import airflow`, then of the DAG file, in a new Python."""
    if anew:
        shutil.rmtree(made / ".dvc/tmp/leeway", ignore_errors=True)
    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    done = subprocess.run(
        [sys.executable, "-c", READ, str(made), str(stages)],
        env={**os.environ, "PYTHONPATH": path, "AIRFLOW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.split()[-4:]]


def best(reads: list[list[float]]) -> list[float]:
    """The least of each number."""
    return [min(column) for column in zip(*reads, strict=True)]


if __name__ == "__main__":
    main()
