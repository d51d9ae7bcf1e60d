"""The sentence of a verdict, from the file that its stage made or had made before."""

import json
from pathlib import Path

import pytest
from small_git import commit

from include.pipeline.closing.close_run import close_run
from include.pipeline.closing.verdicts import LONGEST, sentence, verdict, verdicts
from include.pipeline.opening.open_run import open_run
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run


@pytest.mark.parametrize(
    ("held", "reason", "said"),
    [
        ({"sentence": "All is well.", "to_do": "Nothing."}, None, "All is well. Nothing."),
        ({"sentence": "All is well.", "to_do": None}, None, "All is well."),
        ("refused", "auc is too low.", "refused: auc is too low."),
        ("go", None, "go"),
        ({"sentence": "one\n  two\r\nthree"}, None, "one two three"),
        ({"sentence": "x" * 500}, None, "x" * (LONGEST - 1) + "…"),
    ],
    ids=["with an order", "without", "a word and its reason", "a word", "lines", "too long"],
)
def test_a_verdict_is_one_line(held, reason, said):
    assert sentence(held, reason) == said


@pytest.fixture
def run(repo: Path, tmp_path: Path) -> Run:
    """A run of one stage that makes a verdict."""
    said = json.dumps({"verdict": {"sentence": "It moved.", "to_do": "Look."}})
    (repo / "said.json").write_text(said)
    stage = "cmd: cp said.json verdict.json, deps: [said.json], outs: [verdict.json]"
    (repo / "dvc.yaml").write_text(f"stages: {{judge: {{{stage}}}}}")
    commit(repo)
    return open_run(repo, "one", params={}, targets=["judge"], plan_key=None, home=tmp_path / "h")


def test_a_verdict_is_told_by_the_run_that_made_it_and_by_one_that_had_nothing_to_do(run, tmp_path):
    reproduce(run, "judge", log=lambda line: None)
    assert verdict(run, "verdict.json") == "It moved. Look."
    close_run(run, tmp_path / "h")
    again = open_run(
        run.repo, "two", params={}, targets=["judge"], plan_key=None, home=tmp_path / "h"
    )
    assert again.unchanged == ("judge",)
    assert not (again.folder / "verdict.json").exists()
    assert verdicts(again, {"judge": "verdict.json"}) == {"judge": "It moved. Look."}


@pytest.mark.parametrize(
    "held", ["", "[]", "{}", '{"verdict": {}}', "\xff", '{"verdict": {"sentence": '], ids=str
)
def test_what_is_no_verdict_is_not_told(run, held):
    (run.folder / "verdict.json").write_text(held, encoding="latin-1")
    assert verdict(run, "verdict.json") == ""


def test_a_link_out_of_the_run_is_not_told(run, tmp_path):
    (tmp_path / "secret.json").write_text('{"verdict": {"sentence": "a secret"}}')
    (run.folder / "verdict.json").symlink_to(tmp_path / "secret.json")
    assert verdict(run, "verdict.json") == ""
    assert verdict(run, "../../secret.json") == ""
