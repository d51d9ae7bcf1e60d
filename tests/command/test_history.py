"""`leeway history` and `leeway cost` say what runs measured and took, to people and programs."""

import csv
import io
import json
import math
from pathlib import Path

import pytest
from past_experiments import add, recorded, start

from include.command.__main__ import main
from include.pipeline.closing.card import write_card
from include.pipeline.cost import Cost

COSTS = "costs: {currency: EUR, queues: {default: {cpu_hour: 36}}, budget: {cpu_s: 5}}\n"
FIT = Cost(wall_s=10, cpu_s=20, peak_gb=0.5, bytes_in=3_000_000, ran=True, money=0.25, tries=2)
SCORE = Cost(wall_s=2, cpu_s=4, rows=2_000, ran=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Three runs of two DAGs, one experiment made by hand, and prices of now."""
    start(tmp_path, {"params.yaml": COSTS})
    window = {"window.start": "2013-01-01", "window.end": "2013-02-01", "train.depth": 3}
    auc = {"metrics/a.json:auc": 0.71234, "metrics/b.json:auc": math.nan}
    held = {"metrics": auc, "params": window}
    add(tmp_path, "train.m1", recorded(run_id="m1", opened=86_400.0, cost={"fit": FIT}, **held))
    cached = {"fit": Cost(cpu_s=0.5, money=0), "score": SCORE}
    add(tmp_path, "train.m2", recorded(run_id="m2", opened=172_800.0, cost=cached))
    add(tmp_path, "score.m3", recorded(dag_id="score", run_id="m3", opened=259_200.0))
    add(tmp_path, "=cmd|calc", "by hand", at=50)
    return tmp_path


@pytest.fixture
def said(repo, capsys):
    def ask(*words: str) -> str:
        assert main(["--repo", str(repo), *words]) == 0
        return capsys.readouterr().out

    return ask


def test_runs_are_listed_the_newest_first_with_what_they_took_and_saved(said):
    assert said("history", "--metric", "auc", "--param", "train.depth").splitlines() == [
        "OPENED            DAG    RUN        WINDOW                  train.depth  metrics/a.json:auc"
        "  metrics/b.json:auc  CPU S  SAVED S  EUR   NOTE",
        "1970-01-04 00:00  score  m3         -                       -            -"
        "                   -                   -      -        -",
        "1970-01-03 00:00  train  m2         -                       -            -"
        "                   -                   4.5    20       0.04",
        "1970-01-02 00:00  train  m1         2013-01-01..2013-02-01  3            0.7123"
        "              nan                 20     0        0.25",
        "1970-01-01 00:00  -      =cmd|calc  -                       -            -"
        "                   -                   -      -        -     by hand: no cost was recorded",
    ]


def test_runs_can_be_chosen_by_dag_day_and_number(said):
    def runs(*words: str) -> list[str]:
        return [line.split()[3] for line in said("history", *words).splitlines()[1:]]

    assert runs("--dag", "train") == ["m2", "m1"]
    assert runs("--since", "1970-01-03", "--limit", "1") == ["m3"]


def test_programs_get_all_of_it_with_null_for_what_is_no_number(said):
    _, newest, oldest, _ = json.loads(said("history", "--json"))
    assert (newest["run_id"], newest["saved"]["fit"]["cpu_s"]) == ("m2", 20)
    assert oldest["metrics"] == {"metrics/a.json:auc": 0.71234, "metrics/b.json:auc": None}
    assert oldest["total"]["money"] == 0.25
    rows = list(csv.reader(io.StringIO(said("history", "--csv", "--metric", "auc"))))
    assert rows[3][4] == "0.71234"
    assert rows[2][-1] == ""  # no note is none
    assert rows[4][2] == "'=cmd|calc"  # which a spreadsheet would carry out


def test_what_the_cache_saved_is_known_by_runs_of_any_dag(repo, said):
    add(repo, "use.m4", recorded(dag_id="use", run_id="m4", opened=3e5, cost={"fit": Cost()}))
    [run] = json.loads(said("history", "--dag", "use", "--json"))
    assert run["saved"]["fit"]["cpu_s"] == 20


def test_a_metric_may_be_named_by_its_end(said):
    assert "metrics/b.json:auc" in said("history", "--metric", "b.json:auc")
    assert "metrics/a.json:auc" not in said("history", "--metric", "b.json:auc")


def test_a_window_of_another_name_is_that_of_the_card_where_the_run_was_closed(repo, said):
    home = repo / ".airflow/leeway"
    write_card(home, ("score", "m3"), experiment="score.m3", window="2013-03-01")
    write_card(home, ("train", "m2"), experiment="of another run", window="2013-04-01")
    windows = [line.split()[4] for line in said("history").splitlines()[1:]]
    assert windows == ["..2013-03-01", "-", "2013-01-01..2013-02-01", "-"]


def test_an_unknown_metric_or_dag_names_the_nearest(repo, capsys):
    assert main(["--repo", str(repo), "history", "--metric", "auk"]) == 1
    assert "No run has a metric 'auk'. Did you mean 'auc'?" in capsys.readouterr().err
    assert main(["--repo", str(repo), "history", "--dag", "trian"]) == 1
    assert "has no run of the DAG 'trian'. Did you mean 'train'?" in capsys.readouterr().err


def test_a_name_that_would_turn_the_terminal_around_is_shown_as_text(repo, said):
    add(repo, "evil", recorded(run_id="a\x1b[2J\u202e\n"))
    assert "a?[2J??" in said("history")


def test_the_cost_of_a_run_by_stage_with_what_was_saved_and_what_is_beyond_its_budget(said):
    assert said("cost").splitlines() == [
        "train.m2, opened 1970-01-03 00:00 UTC",
        "STAGE  DID     S  CPU S  GPU S  GB  MB IN  MB OUT  WH     EUR",
        "fit    cached  -  0.5    -      -   -      -       -      -",
        "score  ran     2  4      -      -   -      -       0.022  0.04",
        "The run: 4.5 s of CPU in 2 s, 0.022 Wh, 0.04 EUR.",
        "Saved by the cache: 20 s of CPU in 10 s, 0.50 GB, 0.25 EUR, as 1 of 2 stages took when they "
        "ran last.",
        "A thousand predictions: 2 s of CPU in 1 s, 0.011 Wh, 0.02 EUR.",
    ]
    assert "Beyond its budget: 20 of 5 s of CPU." in said("cost", "train.m1")
    assert "fit    ran in 2 tries  10  20" in said("cost", "m1")
    assert json.loads(said("cost", "m1", "--json"))["beyond_budget"] == ["20 of 5 s of CPU"]


def test_a_run_without_a_cost_is_no_cost_of_zero(repo, capsys):
    assert main(["--repo", str(repo), "cost", "score.m3"]) == 1
    assert "Nobody measured what score.m3 took." in capsys.readouterr().err
    assert main(["--repo", str(repo), "cost", "train.m3"]) == 1
    assert "There is no run 'train.m3' with a cost. Did you mean 'train.m2'?" in (
        capsys.readouterr().err
    )


def test_a_section_costs_that_is_not_ours_says_so(repo, capsys):
    (repo / "params.yaml").write_text("costs: {false_alarm: 3}\n")
    assert main(["--repo", str(repo), "history"]) == 1
    assert "unknown setting costs.false_alarm" in capsys.readouterr().err


def test_a_repository_without_runs_says_so_and_is_no_failure(tmp_path, capsys):
    start(tmp_path)
    assert main(["--repo", str(tmp_path), "history", "--metric", "auc"]) == 0
    assert capsys.readouterr().out.startswith("No run has ended here")
    assert main(["--repo", str(tmp_path), "history", "--json"]) == 0
    assert capsys.readouterr().out == "[]\n"
    assert main(["--repo", str(tmp_path), "cost"]) == 1
    assert "No run has a cost yet." in capsys.readouterr().err
