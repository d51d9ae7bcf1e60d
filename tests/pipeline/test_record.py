"""A run's experiment says what it was made from, what it measured and what it cost."""

import json
import os

import pytest
from parity import Both, make, stages
from small_git import shell

from include.errors import ParamsError
from include.pipeline.child.orders import Usage
from include.pipeline.closing.recording import content_of, record_of
from include.pipeline.cost import Cost
from include.pipeline.cost_of_run import charge, read_cost
from include.pipeline.cost_settings import NONE, Budget, Costs, costs_in, costs_of
from include.pipeline.cost_words import beyond_budget, in_words, number, per_thousand, priced
from include.pipeline.history import past_runs
from include.pipeline.orders import Told
from include.pipeline.workspace import Run

COSTS = """costs:
  queues: {default: {hour: 3600}, gpu: {cpu_hour: 1}}
"""
GRAPH = {
    "dvc.yaml": stages(
        fit={"cmd": "echo ${n} > model.txt", "outs": ["model.txt"], "meta": {"queue": "gpu"}},
        score={
            "cmd": 'cp model.txt all.txt && echo \'{"rows": 2000, "by": {"a": 0.5}}\' > m/s.json',
            "deps": ["model.txt"],
            "params": ["window.end"],
            "outs": ["all.txt"],
            "metrics": ["m/s.json"],
            "meta": {"predictions": "m/s.json:rows"},
        },
    ),
    "params.yaml": f"n: 1\nwindow: {{end: '2013-02-01'}}\n{COSTS}",
}


def test_a_run_s_record_holds_what_it_was_made_from_what_it_measured_and_what_it_cost(tmp_path):
    both = Both(make(tmp_path / "repo", GRAPH))
    given = {"window.end": "2013-03-01", "n": 2}
    _, run, _ = both.agree(given)  # costs change no lockfile
    [found] = past_runs(both.repo)
    assert (found.name, found.kind) == (run.name, "run")
    assert found.params == given  # the second is in a command alone
    assert found.metrics == {"m/s.json:rows": 2000.0, "m/s.json:by.a": 0.5}
    fit, score = found.cost["fit"], found.cost["score"]
    assert fit.ran and score.ran and fit.cpu_s > 0 and fit.peak_gb > 0
    assert (fit.bytes_out, score.bytes_in, score.bytes_out) == (2, 2, 35)
    assert (fit.queue, score.queue, score.rows) == ("gpu", "", 2000)
    assert fit.money == pytest.approx(fit.cpu_s / 3600)
    assert score.money == pytest.approx(score.wall_s)
    # The same again has nothing to do; its metrics are in no working tree, but in the cache.
    both.ours(given)
    newest, _ = past_runs(both.repo)
    assert newest.metrics == found.metrics
    assert newest.params == found.params
    assert newest.cost["score"] == Cost(tries=0, rows=2000, energy_wh=0, money=0)
    assert [*newest.cost] == ["open_run", "fit", "score", "close_run"]
    assert newest.cost["open_run"].cpu_s > 0 and newest.cost["close_run"].wall_s > 0
    # Nobody's working tree gets any of it.
    shell(both.repo, "git", "diff", "--quiet", f"{found.commit}^{{tree}}", both.tree(run))
    names = shell(both.repo, "git", "ls-tree", "-r", "--name-only", found.commit).split()
    assert not [name for name in names if "cost" in name or "record" in name]


def test_a_record_keeps_no_value_of_any_length_and_says_so(run):
    (run.folder / "m.json").write_text(json.dumps({str(n): n for n in range(2_000)}))
    told = Told(
        params={"short": 1, "long": [0] * 1_000}, metrics={"m.json": f"{run.folder}/m.json"}
    )
    said: list[str] = []
    record = record_of(run, told, said.append)
    assert (record.params, len(record.metrics)) == ({"short": 1}, 1_000)
    assert said == [
        "the record of the run has the first 1,000 numbers of its metrics alone",
        "too long for the record of the run: long",
    ]


@pytest.fixture
def run(tmp_path) -> Run:
    for folder in ("repo/.git", "repo/.dvc/cache"):
        (tmp_path / folder).mkdir(parents=True)
    return Run("one", tmp_path / "repo", tmp_path / "repo")


def test_each_try_of_a_stage_adds_to_what_it_took(run):
    entry = {"deps": [{"path": "a", "size": 3}, {"path": "b"}], "outs": [{"size": "x"}]}
    charge(run, "fit", 2.0, Usage(1.5, 0.4), {}, ran=True)
    total = charge(run, "fit", 3.0, Usage(0.5, 0.2, 1.0), entry, ran=False)
    assert total == read_cost(run, "fit") == Cost(
        wall_s=5, cpu_s=2, gpu_s=1, peak_gb=0.4, bytes_in=3, ran=True, tries=2
    )  # fmt: skip


def test_a_cost_that_nobody_wrote_or_that_is_torn_is_none(run):
    assert read_cost(run, "fit") == Cost(tries=0)
    charge(run, "fit", 1, None, {}, ran=True)
    [file] = (run.folder / ".git/leeway").glob("cost-*")
    file.write_text("[1")
    assert read_cost(run, "fit") == Cost(tries=0)


def test_a_metric_that_leads_elsewhere_or_never_ends_is_empty(run, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text('{"key": 1}')
    (run.folder / "link.json").symlink_to(secret)
    os.mkfifo(run.folder / "pipe.json")
    good = run.folder / "good.json"
    good.write_text("{}")
    names = ("link.json", "pipe.json", "gone.json", ".")
    assert {content_of(run, run.folder / name) for name in names} == {b""}
    assert content_of(run, good) == b"{}"


# The paper's own example of its formula: Lannelongue et al. 2021, with 1 core of 12 W for an hour,
# 8 GB at 0.3725 W, PUE 1.67: (12 + 8 x 0.3725) x 1.67 = 25.0 Wh.
def test_energy_is_the_formula_of_green_algorithms():
    cost = priced(Cost(wall_s=3600, cpu_s=3600, peak_gb=8), NONE)
    assert cost.energy_wh == pytest.approx((12 + 8 * 0.3725) * 1.67)
    assert cost.money is None


def test_a_queue_without_a_price_costs_what_the_default_one_does():
    rules = Costs.model_validate({"queues": {"default": {"gpu_hour": 2}, "a": {"hour": 1}}})
    one = Cost(wall_s=1800, gpu_s=3600, peak_gb=1)
    assert [priced(one, rules).money, priced(Cost(wall_s=1800, queue="a"), rules).money] == [2, 0.5]
    assert priced(Cost(wall_s=1800, gpu_s=3600, queue="b"), rules).money == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("costs: {budget: {cpu: 1}}", "unknown setting costs.budget.cpu. Did you mean 'cpu_s'?"),
        ("costs: {queus: {}}", "unknown setting costs.queus. Did you mean 'queues'?"),
        ("costs: {queues: {a: {hour: -1}}}", "sets costs.queues.a.hour to -1: input should be"),
        ("costs: 7", "sets costs to 7: input should be"),
    ],
    ids=["inside", "at the top", "negative", "another thing"],
)
def test_a_section_that_is_not_ours_says_which_part(text, said, tmp_path):
    with pytest.raises(ParamsError, match=said.replace("?", r"\?")) as error:
        costs_in(text)
    assert "Next: change costs" in str(error.value)
    (tmp_path / "params.yaml").write_text(text)
    rules, problem = costs_of(tmp_path)
    assert rules == NONE and problem.endswith("No prices and budgets are known.")


@pytest.mark.parametrize("text", ["", "n: 1", "- a", "costs:", "{{"])
def test_a_repository_without_the_section_knows_no_prices(text, tmp_path):
    (tmp_path / "params.yaml").write_text(text)
    assert costs_of(tmp_path) == (NONE, "")
    assert costs_of(tmp_path / "nowhere") == (NONE, "")


def test_what_is_beyond_a_budget_is_said_with_both_numbers():
    budget = Budget(cpu_s=60, money=1, energy_wh=5)
    total = Cost(cpu_s=90.5, money=1.0, energy_wh=None)
    assert beyond_budget(total, budget, "EUR") == ["90.5 of 60 s of CPU"]
    assert beyond_budget(Cost(money=2.5), budget, "EUR") == ["2.5 of 1 EUR"]


def test_a_cost_in_words():
    cost = Cost(wall_s=18.04, cpu_s=31.2, peak_gb=0.834, energy_wh=0.1712, money=0.00041)
    assert in_words(cost, "USD") == "31.2 s of CPU in 18 s, 0.83 GB, 0.17 Wh, 0.00041 USD"
    assert in_words(Cost(gpu_s=7200), "USD") == "0 s of CPU in 0 s, 7,200 s of GPU"
    assert [number(n) for n in (0, 0.5, 9.99, 12.34, 1234.5)] == ["0", "0.5", "10", "12.3", "1,234"]
    assert [number(n) for n in (0.000961, 0.0000234, 1e-12)] == ["0.00096", "0.000023", "1e-12"]


def test_what_a_thousand_predictions_took():
    cost = {"score": Cost(wall_s=4, cpu_s=8, rows=2000, ran=True, money=1), "fit": Cost(cpu_s=99)}
    found = per_thousand(cost)
    assert found is not None
    assert (found.wall_s, found.cpu_s, found.money, found.energy_wh) == (2, 4, 0.5, None)
    assert per_thousand({"fit": Cost(cpu_s=99, ran=True)}) is None
