"""A DAG that asks about proposals, its Airflow as a stand-in, and what its tasks tell each other."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from dvc_proposals import proposals_dag
from stand_in_api import Api

from include.pipeline.names import run_name

NOW = datetime(2026, 7, 1, tzinfo=UTC)
RUN = "scheduled__2026-06-01T00:00:00+00:00"
BY = SimpleNamespace(triggering_user_name="eve")  # who triggers the runs of these tests
MAY = {"retrain": "train", "roll_back": "back", "artifact": "model"}
NOTE = {"run": run_name("watch", RUN), "headline": "A task failed.", "written_by": "playbook"}


def quiet() -> dict:
    """What the stand-in holds at first: a run that failed, and nothing that was told."""
    return {"state": "failed", "told": [], "notes": []}


class Answers(Api):
    """What Airflow has of a run, and what it was told to do."""

    def do_GET(self) -> None:
        if self.server.state in ("404", "503"):
            return self.send_error(int(self.server.state))
        self.answer({"state": self.server.state, "end_date": "2026-06-02", "note": ""})

    def do_POST(self) -> None:
        held = self.asked()
        if "/auth/token" not in self.path:
            self.server.told.append((self.path, held))
        self.answer({"access_token": "t", "total_entries": 3, "dag_run_id": "manual__1"})

    def do_PATCH(self) -> None:
        held = self.asked()
        if "note" in held:
            self.server.notes.append(held["note"])
        self.answer({"update": {"errors": []}})


def drawn(repo: Path, home: Path, *command: str, **about: dict):
    """The DAG that asks, with its reports in a folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__HOME", str(home))
        about = about or {"watch": MAY, "train": {"roll_back": "back"}}
        return proposals_dag(
            "ask", about=about, investigate=command, repo=repo, start_date=NOW, default_args={}
        )


class Exchanged:
    """What tasks of a run tell each other."""

    def __init__(self, **held: object) -> None:
        self.held = {(name, "return_value"): value for name, value in held.items()}
        self.task, self.map_index = "", -1

    def xcom_pull(self, task_ids: str, key: str = "return_value") -> object:
        return self.held.get((task_ids, key))

    def xcom_push(self, key: str, value: object) -> None:
        self.held[self.task, key] = value

    def get_dr_count(self, dag_id: str, run_ids: list[str]) -> int:
        return len(run_ids)


def context(dag, task_id: str, ti: Exchanged | None = None, note=None, run: str = "", **more):
    task, ti = dag.get_task(task_id), ti or Exchanged()
    ti.task = task_id
    held = {"dag": dag, "task": task, "ti": ti, "run_id": "r", "params": {"note": note, "run": run}}
    return task, {**held, "triggering_asset_events": {}, "dag_run": BY, **more}


def proposing(*proposals: object) -> dict:
    return {**NOTE, "proposals": [*proposals]}


def proposal(action: str, target: str, **more) -> dict:
    return {"action": action, "target": target, "why": {"text": "It is time."}, **more}


def read(dag, *proposals: object) -> dict:
    task, held = context(dag, "read_note", note=proposing(*proposals))
    return task.execute(held)


def asked(dag, action: str, *proposals: object, by: dict | None = None, word: str = "Approve"):
    """What comes of the answer to a question, and what tasks tell each other then."""
    ti = Exchanged(read_note=read(dag, *proposals))
    task, held = context(dag, f"approve_{action}", ti)
    task.show(held)
    event = {"chosen_options": [word], "params_input": {}, "responded_at": NOW}
    who = task.execute_complete(held, {**event, "responded_by_user": by})
    ti.held[f"approve_{action}", "return_value"] = who
    return ti


ANN = {"id": "1", "name": "ann"}
