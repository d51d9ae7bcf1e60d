"""A repository and a home as Leeway leaves them behind, with runs that are made up."""

import json
import subprocess
from pathlib import Path

from include.assistant.investigator.evidence import Evidence
from include.assistant.investigator.gathering.gather import Places, gather
from include.pipeline.closing.card import write_card
from include.pipeline.names import run_name
from include.pipeline.past.record import Record, as_line
from include.pipeline.workspace import reports_of

DAG, GOOD, BAD = (
    "rows_watch",
    "scheduled__2025-02-01T00:00:00+00:00",
    "scheduled__2025-03-01T00:00:00+00:00",
)
LOCK = """\
schema: '2.0'
stages:
  build:
    cmd: python -m build
    deps: [{path: src/build.py, md5: CODE}]
    params: {params.yaml: {build: {lead_h: 2}}}
    outs: [{path: data/features, md5: f-CODE.dir}]
  watch:
    cmd: python -m watch
    deps: [{path: data/features, md5: f-CODE.dir}]
    outs: [{path: reports/watch.json, md5: w-CODE}]
"""


class Site:
    """A repository with experiments, and a home with the reports of their runs."""

    def __init__(self, folder: Path) -> None:
        self.repo, self.home, self.logs = folder / "repo", folder / "home", folder / "logs"
        self.repo.mkdir()
        self.home.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit("old", "the first")
        self.base = self.git("rev-parse", "HEAD")

    def git(self, *words: str, given: str = "") -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@localhost")
        done = subprocess.run(
            ["git", "-C", str(self.repo), *who, *words],
            input=given,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, code: str, message: str) -> str:
        """Commit a lockfile that says which code was used."""
        (self.repo / "dvc.lock").write_text(LOCK.replace("CODE", code))
        self.git("add", "dvc.lock")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD^{tree}")

    def close(self, run_id: str, code: str, *windows: dict, opened: float = 0.0) -> None:
        """Leave behind what a closed run does: an experiment, reports and their card."""
        tree = self.commit(code, run_id)
        self.git("reset", "-q", "--hard", self.base)
        alarms = sum(not one["passed"] for one in windows[-1]["checks"])
        metrics = {
            "metrics/watch.json:alarms": float(alarms),
            "metrics/watch.json:auc": windows[-1]["signals"]["auc"],
        }
        line = as_line(Record(DAG, run_id, opened, {}, metrics, {}))
        made = self.git(
            "commit-tree", tree, "-p", self.base, given=f"dvc: commit experiment\n\n{line}"
        )
        name = run_name(DAG, run_id)
        self.git("update-ref", f"refs/exps/{self.base[:2]}/{self.base[2:]}/{name}", made)
        report = reports_of(self.home, DAG, run_id) / "reports/watch.json"
        report.parent.mkdir(parents=True)
        verdict = {"state": windows[-1]["state"], "sentence": "So it is.", "to_do": ""}
        report.write_text(json.dumps({"verdict": verdict, "windows": windows}))
        write_card(self.home, (DAG, run_id), repo=str(self.repo), experiment=name)

    def log(self, run_id: str, task: str, *events: dict[str, object]) -> None:
        """Leave the log of the second try of a task, as Airflow writes it."""
        folder = self.logs / f"dag_id={DAG}" / f"run_id={run_id}" / f"task_id={task}"
        folder.mkdir(parents=True)
        (folder / "attempt=1.log").write_text('{"event": "the first try"}\n')
        (folder / "attempt=2.log").write_text("".join(f"{json.dumps(one)}\n" for one in events))

    def gathered(self, run: str, folder: Path) -> Evidence:
        gather(Places(self.repo, self.home, self.logs), run, folder)
        return Evidence(folder)

    def words(self, run: str, *more: str) -> list[str]:
        places = ("--repository", self.repo, "--home", self.home, "--logs", self.logs)
        return [*map(str, places), "--run", run, *more]
