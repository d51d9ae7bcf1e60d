"""Where notes get their verdicts from. Airflow's server is a stand-in that keeps one note."""

from types import SimpleNamespace

import dvc_notes
import pytest
from dvc_dag import pipeline_dag
from small_git import commit
from stand_in_api import Api, serving

from include.errors import PipelineError


def with_verdict(repo, path: str) -> None:
    outs = f"outs: [out.txt, said.json], meta: {{verdict: {path}}}"
    stage = f"{{cmd: touch out.txt said.json, {outs}}}"
    (repo / "dvc.yaml").write_text(f"stages: {{one: {stage}}}")
    commit(repo)


def test_a_stage_names_the_out_that_is_its_verdict(repo):
    with_verdict(repo, "said.json")
    assert pipeline_dag("one", repo=repo).get_task("one").verdict == "said.json"


def test_a_verdict_that_is_no_out_names_the_nearest(repo):
    with_verdict(repo, "sad.json")
    with pytest.raises(PipelineError) as error:
        pipeline_dag("one", repo=repo)
    assert str(error.value) == (
        "Stage 'one' in dvc.yaml sets meta.verdict to 'sad.json', which it does not make. "
        "Did you mean 'said.json'?\n"
        "  Next: name an out of the stage, as it stands in dvc.yaml."
    )


class Keeps(Api):
    """Keeps the note of a run."""

    def do_GET(self) -> None:
        self.answer({"note": self.server.note})

    def do_PATCH(self) -> None:
        self.server.note = self.asked()["note"]
        self.answer({})


def test_a_verdict_comes_first_in_the_note_of_the_run_and_once(monkeypatch):
    context = {"dag": SimpleNamespace(dag_id="one"), "run_id": "first"}
    with serving(Keeps, monkeypatch, note="From commit 1234.") as server:
        for _ in range(2):  # a task that is tried again
            dvc_notes.put_first(context, "watch: It hurts.")
        assert server.note == "watch: It hurts. From commit 1234."
        server.note = None
        dvc_notes.put_first(context, "x" * 2000)
        assert server.note == "x" * dvc_notes.LONGEST
