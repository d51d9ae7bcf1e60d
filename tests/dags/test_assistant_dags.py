"""The DAGs of the assistant are include/assistant/dvc.yaml, and the flights' know nothing of them."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import ParamValidationError

ROOT = Path(__file__).parents[2]
OF = "include/assistant"
PARAMS = f"{OF}/params.yaml"
# Each stage to what waits for it.
GRAPH = {
    "open_run": {"fetch_docs", "fetch_encoder", "plant_incidents"},
    "fetch_docs": {"parse_docs"},
    "fetch_encoder": {
        *("parse_docs", "embed_passages", "tune_queries", "hold_out_headings", "tune_search"),
        *("materialize_index", "evaluate_search", "calibrate_refusal", "evaluate_answers"),
        "package_assistant",
    },
    "parse_docs": {"validate_docs"},
    "validate_docs": {"embed_passages", "build_index", "make_questions"},
    "embed_passages": {"build_index"},
    "build_index": {"tune_queries", "hold_out_headings", "materialize_index", "package_assistant"},
    "make_questions": {
        *("tune_queries", "hold_out_headings", "tune_search", "materialize_index"),
        *("evaluate_search", "calibrate_refusal", "evaluate_answers", "report_assistant"),
    },
    "tune_queries": {
        *("tune_search", "materialize_index", "evaluate_search", "calibrate_refusal"),
        *("evaluate_answers", "package_assistant"),
    },
    "hold_out_headings": {
        *("tune_search", "evaluate_search", "calibrate_refusal", "evaluate_answers"),
    },
    "tune_search": {"judge_assistant"},
    "materialize_index": {"close_run"},
    "evaluate_search": {"report_assistant", "judge_assistant"},
    "calibrate_refusal": {"evaluate_answers", "package_assistant"},
    "evaluate_answers": {"report_assistant", "judge_assistant"},
    "report_assistant": {"close_run"},
    "plant_incidents": {"evaluate_investigator", "replay_investigator"},
    "evaluate_investigator": {"judge_assistant"},
    "replay_investigator": {"judge_assistant"},
    "package_assistant": {"judge_assistant"},
    "judge_assistant": {"close_run"},
    "close_run": set(),
}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__REPO", str(ROOT))
        found = DagBag(ROOT / "dags", safe_mode=True)
    assert found.import_errors == {}
    return found


def drawn(bag: DagBag, dag_id: str) -> dict[str, set[str]]:
    """Each task to those that wait for it, without the folder in their ids."""
    short = lambda name: name.removeprefix("include-assistant.")  # noqa: E731
    return {
        short(task.task_id): {*map(short, task.downstream_task_ids)}
        for task in bag.dags[dag_id].tasks
    }


def test_the_pipeline_is_the_whole_graph_without_watching(bag):
    assert drawn(bag, "assistant") == GRAPH


def test_watching_needs_the_index_and_evaluates_nothing(bag):
    assert drawn(bag, "assistant_watch") == {
        "open_run": {"fetch_docs", "fetch_encoder"},
        "fetch_docs": {"parse_docs", "watch_assistant"},
        "fetch_encoder": {"parse_docs", "embed_passages"},
        "parse_docs": {"validate_docs"},
        "validate_docs": {"embed_passages", "build_index"},
        "embed_passages": {"build_index"},
        "build_index": {"watch_assistant"},
        "watch_assistant": {"close_run"},
        "close_run": set(),
    }


def test_a_run_by_hand_may_change_how_it_searches_answers_and_refuses(bag):
    dag = bag.dags["assistant"]
    assert {*dag.params} == {
        f"{PARAMS}:search.bm25_weight",
        f"{PARAMS}:answering.provider",
        f"{PARAMS}:calibrate_refusal.refused_share",
    }
    with pytest.raises(ParamValidationError):
        dag.params.get_param(f"{PARAMS}:search.bm25_weight").resolve(-1)
    with pytest.raises(ParamValidationError):
        dag.params.get_param(f"{PARAMS}:answering.provider").resolve("anybody")


def test_each_week_it_is_watched_up_to_the_day_of_the_run(bag):
    dag = bag.dags["assistant_watch"]
    interval = {f"{PARAMS}:watch_assistant.end": "data_interval_end"}
    assert dag.get_task("open_run").interval == interval
    assert (dag.timetable.expression, dag.catchup) == ("0 1 * * 1", False)
    assert dag.start_date == datetime(2026, 1, 5, tzinfo=UTC)
    kept = dag.get_task("close_run").reports
    pages = [f"{OF}/reports/watch_assistant.{kind}" for kind in ("json", "html")]
    assert {*pages, f"{OF}/metrics/watch.json"} <= set(kept)


def test_it_goes_live_by_the_verdict_of_its_own_gates(bag):
    verify = bag.dags["assistant_promote"].get_task("verify")
    assert (verify.artifact, verify.verdict) == (
        f"{OF}:assistant",
        f"{OF}/reports/promotion.json",
    )
    resting = ("promotion", "make_questions", "evaluation", "evaluate_answers", "tune_search")
    assert {*verify.rules} == {f"{PARAMS}:{name}" for name in (*resting, "plant_incidents")}
    assert bag.dags["assistant_rollback"].get_task("roll_back").artifact == f"{OF}:assistant"
    [asset] = bag.dags["assistant_promote"].timetable.asset_condition.objects
    assert asset.uri == f"dvc-runs://{ROOT.name}/assistant"


def test_it_trains_when_a_proposal_was_approved(bag):
    assets = bag.dags["assistant"].timetable.asset_condition.objects
    assert [asset.uri for asset in assets] == [f"dvc-requests://{ROOT.name}/assistant"]
    about = bag.dags["assistant_proposals"].get_task("read_note").about
    assert about["assistant_watch"] == {
        "retrain": "assistant",
        "roll_back": "assistant_rollback",
        "artifact": f"{OF}:assistant",
    }
    assert {*about} <= {*bag.dags}
    assert {
        may[name] for may in about.values() for name in ("retrain", "roll_back") if name in may
    } <= {*bag.dags}


def test_no_dag_that_runs_by_itself_fails_unheard(bag):
    task = bag.dags["assistant_alerts"].get_task("send_alerts")
    names = {name for name in bag.dags if name.startswith("assistant")}
    # Nobody has to be told of what a person awaits, and no alert tells of itself.
    assert set(task.pipelines) == names - {"assistant_rollback", "assistant_alerts"}
    assert set(task.watched) <= set(task.pipelines)
    assert {*task.kinds} == {"hurts", "moved", "data", "service"}  # docs/assistant.md has them all
    assert task.pipelines["assistant"]["ends_within"] == timedelta(hours=2)
    for waiting in ("assistant_promote", "assistant_proposals"):
        assert "ends_within" not in task.pipelines[waiting]  # it may wait for a person


def test_a_run_that_failed_is_looked_into_where_one_that_was_closed_is(bag):
    task = bag.dags["assistant_alerts"].get_task("investigate_failed")
    assert {*task.dag_ids} == {*bag.dags["assistant_proposals"].get_task("read_note").about}
    assert task.proposals == "assistant_proposals"


def test_make_run_runs_nothing_of_the_assistant():
    done = subprocess.run(
        ["make", "--dry-run", "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    [loop] = [line for line in done.stdout.splitlines() if line.startswith("for dag in ")]
    named = loop.removeprefix("for dag in ").partition(";")[0].split()
    assert "flight_delays" in named
    assert not any(name.startswith("assistant") for name in named)
