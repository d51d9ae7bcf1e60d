"""What tasks of a run refuse before they do anything. Airflow's server is a stand-in."""

from types import SimpleNamespace

import dvc_operator
import pytest

from include.errors import PipelineError


def context(*scheduled: str) -> dict[str, object]:
    states = {"one": dict.fromkeys(scheduled)}
    ti = SimpleNamespace(get_task_states=lambda dag_id, run_ids: states)
    return {"run_id": "one", "ti": ti, "dag": SimpleNamespace(dag_id="flights")}


def test_a_run_that_holds_all_tasks_of_the_graph_goes_on():
    dvc_operator.see_that_scheduled(context("open_run", "train", "close_run"), ["train"])


def test_a_run_from_an_older_reading_of_the_graph_names_what_it_lacks():
    with pytest.raises(PipelineError) as error:
        dvc_operator.see_that_scheduled(context("open_run", "close_run"), ["train"])
    assert str(error.value) == (
        "The graph has changed since this run was made: it lacks train.\n  Next: trigger a new run."
    )
