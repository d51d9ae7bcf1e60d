"""A run that failed is looked into once, and anew if it fails anew. Airflow is a stand-in."""

from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from assistant_proposing import RUN
from dvc_proposals_failed import InvestigateFailed
from stand_in_api import Api, serving

from include.errors import PipelineError
from include.pipeline.names import run_name


class Runs(Api):
    """Airflow with a DAG of runs, which refuses to begin a run twice."""

    def do_GET(self) -> None:
        if "/dagRuns" in self.path:
            return self.answer({"dag_runs": self.server.runs})
        self.answer({"dags": [{"dag_id": "ask", "is_paused": self.server.paused}]})

    def do_POST(self) -> None:
        held = self.asked()
        if "/auth/token" in self.path:
            return self.answer({"access_token": "t"})
        if self.server.refuses or held["dag_run_id"] in self.server.begun:
            return self.send_error(self.server.refuses or 409)
        self.server.begun[held["dag_run_id"]] = (self.path, held["conf"])
        self.answer({})


def run(state: str, day: int) -> dict:
    at = f"2026-06-{day:02}T01:00:00Z"
    return {"dag_run_id": RUN, "state": state, "queued_at": at, "start_date": at, "end_date": at}


@pytest.fixture
def airflow(monkeypatch) -> Iterator[ThreadingHTTPServer]:
    held = {"runs": [run("failed", 2), run("success", 1)], "paused": False}
    with serving(Runs, monkeypatch, **held, begun={}, refuses=0) as server:
        yield server


TASK = InvestigateFailed(proposals="ask", dag_ids=["watch"])
NAME = run_name("watch", RUN)


def test_a_run_that_failed_is_looked_into_once_and_anew_if_it_fails_anew(airflow):
    assert TASK.execute({}) == [NAME]
    assert TASK.execute({}) == []
    assert airflow.begun == {
        f"failed__{NAME}-20260602T010000": ("/api/v2/dags/ask/dagRuns", {"run": NAME})
    }
    airflow.runs = [run("failed", 3)]
    assert TASK.execute({}) == [NAME] and len(airflow.begun) == 2


@pytest.mark.parametrize(
    ("runs", "paused"),
    [([], False), ([run("failed", 1), run("success", 2)], False), ([run("failed", 2)], True)],
    ids=["no run", "one was good since", "nobody wants to be asked"],
)
def test_what_needs_no_look_begins_nothing(airflow, runs, paused):
    airflow.runs, airflow.paused = runs, paused
    assert TASK.execute({}) == [] and airflow.begun == {}


def test_an_airflow_that_refuses_fails_the_task(airflow):
    airflow.refuses = 403
    with pytest.raises(PipelineError, match="with 403"):
        TASK.execute({})
