"""What Airflow costs over `dvc repro`: ten trivial stages in a row, from the trigger to the end.

Run: `python -m benchmarks.airflow_run`. It makes a repository in a temporary folder and starts an
embedded Airflow of its own there. About two minutes on two cores.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site

STEP = "python3 -c \"open('out-{n}','w').write(open('{source}').read())\""
DAG = '''"""A chain of trivial stages, as an Airflow DAG."""
from datetime import UTC, datetime
from dvc_dag import pipeline_dag
chain = pipeline_dag("chain", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))
'''


def main() -> None:
    """Time both runners, from nothing and with nothing to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3, help="runs with nothing to do")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = (repository(Path(folder) / name, words.stages) for name in ("a", "b"))
        dvc_cold, dvc_unchanged = (timed(plain) for _ in range(2))
        site = Site.of(ours)
        rest = processes.start(site)
        try:
            while rest.dag("chain") is None:
                time.sleep(0.2)
            time.sleep(5)  # the start is not what is measured
            report("cold", rest, dvc_cold)
            for _ in range(words.runs):
                report("unchanged", rest, dvc_unchanged)
        finally:
            processes.stop(site)


def repository(folder: Path, stages: int) -> Path:
    """A committed DVC repository in which each stage copies what the one before it made."""
    (folder / "dags").mkdir(parents=True)
    lines = ["stages:"]
    for n in range(1, stages + 1):
        source = f"out-{n - 1}" if n > 1 else "source"
        lines.append(f"  copy_{n:02}:")
        lines.append(f"    cmd: {STEP.format(n=n, source=source)}")
        lines.append(f"    deps: [{source}]\n    outs: [out-{n}]")
    (folder / "dvc.yaml").write_text("\n".join(lines) + "\n")
    (folder / "source").write_text("small\n")
    (folder / "dags/chain.py").write_text(DAG)
    (folder / ".gitignore").write_text("/.airflow/\n/out-*\n__pycache__/\n")
    (folder / ".dvcignore").write_text(".airflow\n")
    author = ["-c", "user.name=Leeway", "-c", "user.email=leeway@localhost"]
    for command in (
        ["git", "init", "--quiet"],
        [sys.executable, "-m", "dvc", "init", "--quiet"],
        ["git", "add", "--all"],
        ["git", *author, "commit", "--quiet", "--message", "start"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder


def timed(folder: Path) -> float:
    """Seconds of `dvc repro`."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "dvc", "repro", "--quiet"], cwd=folder, check=True)
    return time.monotonic() - began


def report(name: str, rest: AirflowApi, anchor: float) -> None:
    """Trigger a run, wait for its end, and print where its time went."""
    began = time.monotonic()
    run_id = rest.trigger("chain", {})
    while rest.run("chain", run_id)["state"] not in ("success", "failed"):
        time.sleep(0.1)
    spent = time.monotonic() - began
    run, tasks = rest.run("chain", run_id), rest.tasks("chain", run_id)
    if run["state"] != "success":
        raise SystemExit(f"{run_id} ended as {run['state']}.")
    parts = {task["task_id"]: seconds(task) for task in tasks}
    edges = parts.pop("open_run"), parts.pop("close_run")
    print(
        f"{name:10} {spent:5.1f} s, x{spent / anchor:.1f} of dvc repro ({anchor:.1f} s); "
        f"open {edges[0]:.2f} s, close {edges[1]:.2f} s, "
        f"a stage {statistics.median(parts.values()):.2f} s, "
        f"between tasks {spent - sum(edges) - sum(parts.values()):.1f} s",
        flush=True,
    )


def seconds(task: dict[str, Any]) -> float:
    """How long a task took; 0 if it was not run."""
    if not task["start_date"] or not task["end_date"]:
        return 0.0
    ends = (datetime.fromisoformat(task[name]) for name in ("end_date", "start_date"))
    return float((next(ends) - next(ends)).total_seconds())


if __name__ == "__main__":
    main()
