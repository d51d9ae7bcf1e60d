"""`leeway simulate` replays policies over what runs have watched, at what trainings have cost.

Long because each promise is a small history of its own.
"""

import json
import sys
from pathlib import Path

import pytest
import yaml
from past_experiments import BASE, add, recorded, start
from small_git import shell
from small_policy import QUICK as RULES

import include.monitoring
from include.command.__main__ import main
from include.pipeline.closing.card import write_card
from include.pipeline.cost import Cost
from include.pipeline.workspace import reports_of

GROWING = {"at_latest": {"days": None, "windows": None, "growth": 0.3}}
BAD = "because 2013-05-01 to 2013-06-01: auc is 0.65; at least 0.7 is asked for."


def window(month: int, auc: float | None, model: str = "v1") -> dict[str, object]:
    about = {"start": f"2013-{month:02}-01", "end": f"2013-{month + 1:02}-01", "model": model}
    return {**about, "labelled": 9_000, "signals": {"auc": auc}, "checks": []}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with a policy, and with no run."""
    return start(tmp_path, {"params.yaml": yaml.safe_dump({"retraining": RULES})})


def put(repo: Path, **more: object) -> None:
    """Let params.yaml say other values of the policy, or another section."""
    held = {"retraining": {**RULES, **more.pop("rules", {})}, **more}  # type: ignore[dict-item]
    (repo / "params.yaml").write_text(yaml.safe_dump(held))


def keep(repo: Path, run_id: str, *windows: dict, dag_id: str = "watch", trained=()) -> None:
    """A run that has watched: its report, its card, and its experiment."""
    home, name = repo / ".airflow/leeway", f"{dag_id}.{run_id}"
    report = reports_of(home, dag_id, run_id) / "reports/watch.json"
    report.parent.mkdir(parents=True)
    report.write_text(json.dumps({"windows": windows}))
    write_card(home, (dag_id, run_id), experiment=name)
    params = {"retrained.trainings": list(trained)}
    add(repo, name, recorded(dag_id=dag_id, run_id=run_id, params=params))


def train(repo: Path, run_id: str, money: float | None) -> None:
    cost = {"fit": Cost(cpu_s=1, ran=True, money=money)}
    add(repo, f"train.{run_id}", recorded(run_id=run_id, cost=cost))


@pytest.fixture
def said(repo, capsys):
    def ask(*words: str) -> str:
        assert main(["--repo", str(repo), "simulate", *words]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return ask


@pytest.fixture
def refused(repo, capsys):
    def ask(*words: str) -> str:
        assert main(["--repo", str(repo), "simulate", *words]) == 1
        return capsys.readouterr().err

    return ask


def table(text: str) -> list[list[str]]:
    """The cells of the table at the end."""
    rows = [line.split("  ") for line in text.split("\n\n")[-1].splitlines()]
    return [[cell.strip() for cell in row if cell.strip()] for row in rows]


def test_policies_stand_side_by_side(repo, said):
    keep(repo, "one", window(4, 0.8), window(5, 0.65))
    keep(repo, "two", window(4, 0.1, "v2"), window(5, 0.65), window(6, 0.6))
    other = ["--set", "retraining.windows=2", "retraining.of=3"]
    text = said("--cost", "0.4", *other, "--set", "retraining.new_labels=99999")
    assert text.startswith(
        "3 windows, 2013-04-01 to 2013-07-01, of 2 reports of watch. "
        "The cost of a training is 0.4 USD.\n\n"
        f"params.yaml\n  2013-05-01  not needed\n  2013-06-01  retrain\n              {BAD}\n"
    )
    assert "27,000 labels are new; at least 99,999 are asked for." in text
    assert [row[:4] for row in table(text)] == [
        ["POLICY", "TRAININGS", "HELD BACK", "COST"],
        ["params.yaml", "2", "0", "0.8"],
        ["retraining.windows=2 retraining.of=3", "1", "0", "0.4"],
        ["retraining.new_labels=99999", "0", "2", "0"],
    ]


def test_a_file_can_be_replayed_instead(repo, said):
    (repo / "watch.json").write_text(json.dumps({"windows": [window(5, 0.65)]}))
    keep(repo, "one", window(4, 0.8))
    text = said(str(repo / "watch.json"))
    assert text.startswith("1 window, 2013-05-01 to 2013-06-01, of 1 file.") and BAD in text
    assert table(text)[1][:4] == ["params.yaml", "1", "0", "unknown"]


def test_what_a_training_costs_is_the_mean_of_those_that_the_history_has(repo, said):
    for name, money in (("m1", 0.2), ("m2", 0.4), ("m3", None)):
        train(repo, name, money)
    days = {"m1": "2013-01-01", "m2": "2013-02-01", "m3": "2013-03-01", "gone": "2013-03-02"}
    trained = [{"run": f"train.{name}", "until": day} for name, day in days.items()]
    keep(repo, "one", window(5, 0.65), trained=trained)
    assert "The cost of a training is 0.3 USD." in said()
    told = [{"run": "train.m2", "until": "2013-02-01", "cost": 7}]  # by the run, or by a person
    keep(repo, "two", window(5, 0.65), trained=told)
    assert "The cost of a training is 7 USD." in said()
    put(repo, retrained={"trainings": [{**told[0], "cost": 8}]})
    assert "The cost of a training is 8 USD." in said()


def test_the_first_model_knows_what_the_run_that_watched_it_was_told(repo, said):
    put(repo, rules=GROWING)
    trained = [
        {"run": "train.m1", "until": "2013-04-01", "labels": 60_000, "live": True},
        {"run": "train.m2", "until": "2013-05-01", "labels": 99_000, "live": False},
    ]
    keep(repo, "one", window(3, 0.8), window(4, 0.8), window(5, 0.8), trained=trained)
    keep(repo, "two", window(6, 0.8), trained=[{**trained[1], "live": True}])
    text = said()
    # March it has seen; of April and May 18,000 labels are new, and it knew 60,000.
    assert "30% of those that the last training (train.m1) knew; one is due with 30%." in text
    assert table(text)[1][:2] == ["params.yaml", "1"]


def test_where_the_labels_of_the_first_model_are_not_known_it_says_so(repo, said):
    put(repo, rules=GROWING)
    keep(repo, "one", window(4, 0.8), window(5, 0.8))
    blind = said()
    assert "0 without the rule of growth" in blind and blind.endswith("Give --labels.\n")
    told = said("--labels", "60000")
    assert "one is due with 30%" in told and "--labels" not in told
    known = {"run": "one", "until": "2013-04-01", "labels": 60_000}
    put(repo, rules=GROWING, retrained={"trainings": [known]})
    assert said() == told


def test_where_nothing_was_watched_it_says_what_to_do(repo, refused):
    error = refused()
    folder = repo / ".airflow/leeway/reports"
    assert f"No run has kept a reports/watch.json in {folder}, so there is nothing" in error
    assert "Next: run the DAG that watches, name a file, as in" in error
    keep(repo, "one")  # nothing was live
    assert "No window was watched yet." in refused()
    assert "holds no windows" in refused(str(repo / "none.json"))


def test_reports_of_two_dags_are_not_mixed(repo, refused, said):
    keep(repo, "one", window(4, 0.8))
    keep(repo, "two", window(4, 0.6), dag_id="look")
    assert "Runs of 2 DAGs have kept a reports/watch.json: look, watch." in refused()
    assert "of 1 report of look." in said("--dag", "look")
    assert "'wach' has kept a reports/watch.json. Did you mean 'watch'?" in refused("--dag", "wach")


def test_runs_may_keep_their_reports_elsewhere(repo, said, monkeypatch):
    keep(repo, "one", window(4, 0.8))
    (repo / ".airflow/leeway").rename(repo / "home")
    monkeypatch.setenv("AIRFLOW__LEEWAY__HOME", str(repo / "home"))
    assert "of 1 report of watch." in said()


def test_a_signal_that_nobody_watched_is_named(repo, refused):
    keep(repo, "one", window(4, 0.8))
    assert "No window has a signal 'auk'. Did you mean 'auc'?" in refused("--by", "auk")


def test_a_history_that_says_what_no_training_is_is_refused(repo, refused):
    keep(repo, "one", window(4, 0.8), trained=[{"run": "x", "until": 7, "live": True}])
    assert "The history sets retrained.trainings.0.until to 7" in refused()


def test_the_package_without_what_a_policy_needs_says_what_to_install(refused, monkeypatch):
    monkeypatch.delattr(include.monitoring, "policy", raising=False)
    monkeypatch.setitem(sys.modules, "include.monitoring.policy", None)
    assert "Next: pip install 'leeway-runner[policy]'." in refused()


def test_a_later_model_never_stands_in_for_the_first(repo, said):
    put(repo, rules=GROWING)
    first = {"run": "train.m1", "until": "2013-03-01", "labels": 20_000, "live": True}
    later = {"run": "train.m2", "until": "2013-06-01", "labels": 99_000, "live": True}
    keep(repo, "one", *(window(month, 0.8) for month in (3, 4, 5)), trained=[first])
    keep(repo, "two", window(6, 0.8, "v2"), trained=[later])
    assert table(said())[1][1] == "3"
    ref = f"refs/exps/{BASE[:2]}/{BASE[2:]}/watch.one"
    shell(repo, "git", "update-ref", "-d", ref)  # as `dvc exp remove` does
    assert "train.m2" not in said()
    assert table(said())[1][:2] == ["params.yaml", "0 without the rule of growth"]


def test_a_month_watched_again_by_another_model_keeps_what_it_was(repo, said):
    keep(repo, "three", window(3, 0.65))
    keep(repo, "four", window(3, 0.65), window(4, 0.8, "v2"))
    once = said()
    keep(repo, "again", window(3, 0.95, "v2"))  # it has seen that month
    assert table(said()) == table(once)
    assert table(once)[1][1] == "1"


def test_a_kept_report_that_cannot_be_read_is_left_out_and_named(repo, said, refused):
    keep(repo, "one", window(4, 0.8))
    keep(repo, "two", window(5, 0.65))
    broken = reports_of(repo / ".airflow/leeway", "watch", "one") / "reports/watch.json"
    broken.write_text('{"windows": [')
    assert f"of 2 reports of watch, of which 1 cannot be read: {broken}." in said()
    assert "holds no windows" in refused(str(broken))
    (reports_of(repo / ".airflow/leeway", "watch", "two") / "reports/watch.json").unlink()
    assert "holds no windows" in refused()


def test_reports_of_an_airflow_elsewhere_are_found_by_its_home(repo, said, refused, monkeypatch):
    keep(repo, "one", window(4, 0.8))
    (repo / "home").mkdir()
    monkeypatch.setenv("AIRFLOW_HOME", str(repo / "home"))
    assert "of 1 report of watch." in said(), "its own Airflow goes first"
    (repo / ".airflow/leeway").rename(repo / "home/leeway")
    assert "of 1 report of watch." in said()
    monkeypatch.delenv("AIRFLOW_HOME")
    assert "AIRFLOW__LEEWAY__HOME" in refused()


def test_what_a_training_of_the_params_cost_is_taken_of_the_history(repo, said):
    train(repo, "m1", 0.3)
    training = {"run": "train.m1", "until": "2013-05-01", "labels": 9_000}
    keep(repo, "one", window(5, 0.65), trained=[training])
    put(repo, retrained={"trainings": [training]})
    assert "The cost of a training is 0.3 USD." in said()


@pytest.mark.parametrize("value", ["[", "2013-13-45"], ids=["cut off", "no day"])
def test_a_value_that_is_not_yaml_is_refused(repo, refused, value):
    keep(repo, "one", window(5, 0.65))
    error = refused("--set", f"retraining.of={value}")
    assert f"--set 'retraining.of={value}' has a value that is not YAML" in error
