"""What is beyond a budget that is a gate does not go live, and says by how much."""

from pathlib import Path

import pytest
from past_experiments import add, recorded, start
from small_git import commit

from include.pipeline.cost import Cost
from include.pipeline.git.command import git
from include.pipeline.history import cost_in_words
from include.pipeline.registry.budget import see_that_within_budget
from include.pipeline.registry.verdicts import NotPromoted

GATE = "costs: {budget: {cpu_s: 60, gate: true}}\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return start(tmp_path, {"params.yaml": GATE})


def refusal(repo: Path, commit: str) -> str:
    with pytest.raises(NotPromoted) as error:
        see_that_within_budget(repo, commit)
    return error.value.what


def test_a_run_within_its_budget_may_go_live(repo):
    see_that_within_budget(repo, add(repo, "a", recorded(cost={"fit": Cost(cpu_s=60, ran=True)})))


def test_a_run_beyond_it_is_refused_with_both_numbers(repo):
    made = add(repo, "a", recorded(cost={"fit": Cost(cpu_s=61.5, ran=True)}))
    assert refusal(repo, made) == "It is beyond the budget: 61.5 of 60 s of CPU."


def test_a_model_is_not_cheaper_for_having_been_made_by_an_earlier_run(repo):
    add(repo, "a", recorded(opened=1.0, cost={"fit": Cost(cpu_s=61.5, ran=True)}))
    again = add(repo, "b", recorded(opened=2.0, cost={"fit": Cost(cpu_s=1)}))
    assert refusal(repo, again) == "It is beyond the budget: 61.5 of 60 s of CPU."


def test_a_run_cannot_raise_its_own_budget(repo):
    cost = {"fit": Cost(cpu_s=61.5, ran=True)}
    files = {"params.yaml": GATE.replace("60", "1000")}
    made = add(repo, "a", recorded(cost=cost), files)
    (repo / "params.yaml").write_text(files["params.yaml"])
    assert refusal(repo, made).startswith("It is beyond the budget")
    commit(repo)
    see_that_within_budget(repo, made)


def test_what_nobody_measured_is_not_within_a_budget(repo):
    made = add(repo, "a", "by hand")
    assert refusal(repo, made) == (
        "The budget is a gate, and nobody measured what this experiment took."
    )


def test_a_section_that_cannot_be_read_lets_nothing_go_live(repo):
    (repo / "params.yaml").write_text("costs: {budgt: {gate: true}}\n")
    commit(repo)
    assert "unknown setting costs.budgt" in refusal(repo, git(repo, "rev-parse", "HEAD"))


@pytest.mark.parametrize("text", ["n: 1\n", GATE.replace("true", "false")], ids=["none", "no gate"])
def test_a_budget_that_is_no_gate_stops_nothing(repo, text):
    (repo / "params.yaml").write_text(text)
    commit(repo)
    see_that_within_budget(repo, add(repo, "a", "by hand"))


def test_the_note_of_a_run_says_what_it_took_saved_and_has_beyond_its_budget(repo):
    add(repo, "a", recorded(opened=1.0, cost={"fit": Cost(cpu_s=90, wall_s=50, ran=True)}))
    cost = {"fit": Cost(cpu_s=1), "score": Cost(cpu_s=70, wall_s=60, rows=7_000, ran=True)}
    add(repo, "b", recorded(opened=2.0, cost=cost), {"params.yaml": GATE})
    assert cost_in_words(repo, "b") == (
        "It took 71 s of CPU in 60 s, and saved 90 s of CPU in 50 s, 0.5 Wh (1 cached); a thousand "
        "predictions: 10 s of CPU in 8.6 s. BEYOND ITS BUDGET: 71 of 60 s of CPU."
    )
    assert cost_in_words(repo, "never") == ""
    add(repo, "c", recorded(cost=cost), {"params.yaml": "costs: 3"})
    assert cost_in_words(repo, "c").endswith("params.yaml sets costs to 3: " + (
        "input should be a valid dictionary or instance of Costs."
    ))  # fmt: skip
