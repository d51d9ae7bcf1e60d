"""Whoever starts a run, with whatever date: its tasks run. The real DAG, on stages that cost nothing.

Long because all runs by hand share one Airflow.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from running_airflow import ended, running, states, wait_for_dag, wait_until
from small_git import commit, shell

from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site
from include.pipeline.git.snapshot import pin

ROOT = Path(__file__).parents[2]
OTHERS = '''"""Airflow DAGs of one stage, with dates on the wrong side of a run."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable
from dvc_dag import pipeline_dag

LONG_AGO, FAR_OFF = datetime(2013, 11, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ENDED = {"start_date": LONG_AGO, "end_date": datetime(2014, 1, 1, tzinfo=UTC)}
ASSET = Asset("dvc://elsewhere/out.txt")
MIDNIGHT = CronTriggerTimetable("0 0 * * *", timezone="Europe/Berlin")
DAGS = {
    "ended": {"schedule": "@monthly", **ENDED, "catchup": True},
    "ended_for_its_tasks": {"schedule": "@monthly", "default_args": ENDED},
    "not_begun": {"schedule": "@daily", "start_date": FAR_OFF},
    "on_an_asset": {"schedule": ASSET, **ENDED},
    "on_an_asset_or_at_night": {
        "schedule": AssetOrTimeSchedule(timetable=MIDNIGHT, assets=[ASSET]), **ENDED
    },
    "unscheduled": {"schedule": None, **ENDED},
    "clicked": {"schedule": None},
    "paused": {"schedule": None},
    "asked": {
        "schedule": None, "on_request": True, "interval": {"window.end": "data_interval_end"}
    },
    "in_berlin": {
        "schedule": "@monthly",
        "start_date": datetime(2013, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        "end_date": datetime(2013, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        "interval": {"window.end": "data_interval_end"},
        "catchup": True,
    },
}
for name, arguments in DAGS.items():
    globals()[name] = pipeline_dag(name, targets=["ingest_flights"], **arguments)
asks = {"targets": ["judge_loop"], "asks": {"asked": "verdict.json"}}
asking = pipeline_dag("asking", schedule="@monthly", start_date=LONG_AGO, **asks)
'''
VERDICT = {
    "verdict": {"state": "retrain", "sentence": "Retrain: 2 of 3 months are bad."},
    "until": "2013-07-01",
    "reasons": ["June: auc is 0.6."],
}
NOW, EARLY = "2026-10-01T00:00:00Z", "2001-01-01T00:00:00Z"
WRONG_SIDE = {
    "after its end": ("ended", NOW),
    "before its start": ("ended", EARLY),
    "of no date": ("ended", None),
    "after the end of its tasks": ("ended_for_its_tasks", NOW),
    "before a start that is to come": ("not_begun", NOW),
    "after the end, and not scheduled": ("unscheduled", NOW),
    "after the end, and waiting for an asset": ("on_an_asset", NOW),
}
STAGE = {"open_run", "ingest_flights", "close_run"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[tuple[Site, AirflowApi]]:
    """The working tree, committed, with its own DAG and others; each stage writes its outs alone."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("by-hand")
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        repo, (tree, _) = folder / "repo", pin(ROOT, "What the tests test")
        shell(folder, "git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(repo))
        shell(repo, "git", "checkout", "--quiet", "-b", "cheap", tree)
        (repo / "dvc.yaml").write_text(cheap((repo / "dvc.yaml").read_text()))
        (repo / "dvc.lock").unlink()
        # Airflow reads each file anew each few seconds, also those whose DAGs are not run here.
        for file in {*(repo / "dags").glob("*.py")} - {repo / "dags/flight_delays.py"}:
            file.unlink()
        (repo / "dags/others.py").write_text(OTHERS)
        commit(repo)
        with running(repo) as (made, api):
            wait_for_dag(api, "flight_delays", 300)
            wait_for_dag(api, "in_berlin", 300)
            yield made, api


def cheap(graph: str) -> str:
    """The graph, with commands that write a word into each out."""
    stages = yaml.safe_load(graph)["stages"]
    for stage in stages.values():
        outs = [*stage.get("outs", []), *stage.get("metrics", [])]
        paths = [path for out in outs for path in ([out] if isinstance(out, str) else out)]
        stage["cmd"] = [f"mkdir -p $(dirname {path}) && echo '{{}}' > {path}" for path in paths]
    said = json.dumps(VERDICT)
    stages["judge_loop"] = {"cmd": f"echo '{said}' > verdict.json", "outs": ["verdict.json"]}
    return yaml.safe_dump({"stages": stages}, sort_keys=False)


@pytest.fixture(scope="module")
def api(site) -> AirflowApi:
    return site[1]


def started(api: AirflowApi, dag_id: str, logical_date: str | None) -> str:
    api.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    body = {"logical_date": logical_date, "conf": {}}
    return api.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"]


def runs(api: AirflowApi, dag_id: str, kind: str) -> list[str]:
    """Runs of a kind, in the order of their dates."""
    found = api.call("GET", f"/dags/{dag_id}/dagRuns?order_by=run_after")["dag_runs"]
    return [run["dag_run_id"] for run in found if run["run_type"] == kind]


def done(api: AirflowApi, dag_id: str, run_id: str) -> dict[str, str]:
    """What became of each task of a run that succeeded."""
    assert ended(api, dag_id, run_id) == "success"
    return states(api, dag_id, run_id)


@pytest.mark.parametrize(("dag_id", "date"), WRONG_SIDE.values(), ids=WRONG_SIDE)
def test_a_run_by_hand_runs_its_tasks_whatever_its_date(api, dag_id, date):
    run_id = started(api, dag_id, date)
    assert done(api, dag_id, run_id) == dict.fromkeys(STAGE, "success")


@pytest.mark.parametrize("dag_id", ["on_an_asset", "on_an_asset_or_at_night"])
def test_a_run_by_an_asset_runs_its_tasks_after_the_end(api, dag_id):
    api.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    [asset] = api.call("GET", "/assets?uri_pattern=elsewhere/out.txt")["assets"]
    api.call("POST", "/assets/events", {"asset_id": asset["id"], "extra": {}})
    wait_until(lambda: runs(api, dag_id, "asset_triggered"), 300)
    run_id = runs(api, dag_id, "asset_triggered")[0]
    assert done(api, dag_id, run_id) == dict.fromkeys(STAGE, "success")


def test_a_verdict_starts_one_training_of_its_window_also_when_it_is_cleared(api):
    for dag_id in ("asked", "asking"):
        api.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    wait_until(lambda: runs(api, "asked", "asset_triggered"), 300)
    [asked], [asking] = runs(api, "asked", "asset_triggered"), runs(api, "asking", "scheduled")
    assert done(api, "asked", asked) == dict.fromkeys(STAGE, "success")
    note = f"Asked for by {asking} of asking, until 2013-07-01. Retrain: 2 of 3 months are bad. "
    assert api.run("asked", asked)["note"].startswith(f"{note}June: auc is 0.6. From commit ")
    assert "window.end = 2013-07-01" in api.log("asked", asked, "open_run", 1)
    clear = {
        "task_ids": ["ask_asked"],
        "dag_run_id": asking,
        "dry_run": False,
        "only_failed": False,
    }
    assert done(api, "asking", asking)["ask_asked"] == "success"
    api.call("POST", "/dags/asking/clearTaskInstances", clear)
    assert done(api, "asking", asking)["ask_asked"] == "skipped"
    assert runs(api, "asked", "asset_triggered") == [asked]
    last = api.log("asking", asking, "ask_asked", 2)
    assert any(f"{asking} has asked before, until 2013-07-01" in line for line in last)


def test_the_runs_of_a_schedule_end_with_its_end(api):
    api.call("PATCH", "/dags/ended", {"is_paused": False})
    wait_until(lambda: api.dag("ended")["next_dagrun_logical_date"] is None, 300)
    found = runs(api, "ended", "scheduled")
    assert [run_id[:21] for run_id in found] == [
        "scheduled__2013-11-01",
        "scheduled__2013-12-01",
        "scheduled__2014-01-01",
    ]
    for run_id in found:
        assert done(api, "ended", run_id) == dict.fromkeys(STAGE, "success")


def test_a_scheduled_run_in_berlin_takes_the_day_of_berlin(api):
    api.call("PATCH", "/dags/in_berlin", {"is_paused": False})
    wait_until(lambda: runs(api, "in_berlin", "scheduled"), 300)
    [run_id] = runs(api, "in_berlin", "scheduled")
    assert done(api, "in_berlin", run_id) == dict.fromkeys(STAGE, "success")
    assert api.run("in_berlin", run_id)["data_interval_end"] == "2013-06-30T22:00:00Z"
    assert "window.end = 2013-07-01" in api.log("in_berlin", run_id, "open_run", 1)


def test_a_backfill_over_the_end_runs_the_tasks_of_each_day_that_it_names(api):
    dates = {"from_date": "2013-12-01T00:00:00Z", "to_date": "2014-02-01T00:00:00Z"}
    api.call("PATCH", "/dags/ended_for_its_tasks", {"is_paused": False})
    api.call("POST", "/backfills", {"dag_id": "ended_for_its_tasks", **dates})
    wait_until(lambda: len(runs(api, "ended_for_its_tasks", "backfill")) == 3, 300)
    for run_id in runs(api, "ended_for_its_tasks", "backfill"):
        assert done(api, "ended_for_its_tasks", run_id) == dict.fromkeys(STAGE, "success")


@pytest.mark.parametrize("skipped", ["open_run", "ingest_flights"])
def test_a_run_whose_task_somebody_skips_is_no_success(site, api, skipped):
    made, _ = site
    # A value that no run had before: there is something to do.
    params = made.repo / "params.yaml"
    params.write_text(params.read_text().replace("2014-01-01", "2013-10-01"))
    api.call("PATCH", "/dags/unscheduled", {"is_paused": True})
    run_id = api.call("POST", "/dags/unscheduled/dagRuns", {"logical_date": None})["dag_run_id"]
    path = f"/dags/unscheduled/dagRuns/{run_id}/taskInstances/{skipped}"
    api.call("PATCH", path, {"new_state": "skipped"})
    api.call("PATCH", "/dags/unscheduled", {"is_paused": False})
    assert ended(api, "unscheduled", run_id) == "failed"
    assert states(api, "unscheduled", run_id)["close_run"] == "failed"


def test_the_two_requests_of_a_click_are_both_taken(api):
    def sent(method: str, path: str, body: dict[str, object]) -> None:
        asked = AirflowApi(api.url, api.user, api.password)
        asked.token = api.token
        asked.send(method, f"/api/v2/dags/{path}", body)

    trigger = ("POST", "clicked/dagRuns", {"logical_date": None, "conf": {}})
    pauses = [("PATCH", "paused", {"is_paused": paused}) for paused in [True, False] * 20]
    with ThreadPoolExecutor(4) as pool:
        requests = [request for pause in pauses for request in (pause, trigger)]
        for answer in [pool.submit(sent, *request) for request in requests]:
            answer.result()
    assert len(runs(api, "clicked", "manual")) == 40


def test_one_click_on_the_form_as_it_opens_runs_the_whole_pipeline(site, api):
    browsing = pytest.importorskip("browsing", reason="the browser test needs playwright")
    if browsing.chromium() is None:
        pytest.skip("the browser test needs chromium: apt-get install chromium")
    made, _ = site
    password = json.loads((made.home / "secrets.json").read_text())["password"]
    with browsing.signed_in(api.url, password, wait_s=120) as page:
        page.goto(f"{api.url}/dags/flight_delays")
        page.get_by_test_id("trigger-dag-button").click()
        button = page.get_by_role("dialog").get_by_test_id("trigger-dag-submit")
        address = f"{api.url}/api/v2/dags/flight_delays/dagRuns"
        with page.expect_response(
            lambda answer: answer.request.method == "POST" and answer.url == address
        ) as answered:
            button.click()
        assert answered.value.ok, answered.value.text()
        run = answered.value.json()
        wait_until(lambda: not api.dag("flight_delays")["is_paused"])
    assert run["logical_date"] > "2026"
    tasks = done(api, "flight_delays", run["dag_run_id"])
    stages = yaml.safe_load((made.repo / "dvc.yaml").read_text())["stages"]
    trains = {*stages} - {"score_flights", "watch_flights", "decide_retraining"}  # of other DAGs
    assert tasks == dict.fromkeys({"open_run", *trains, "close_run"}, "success")
