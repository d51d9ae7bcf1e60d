"""A model goes live through Airflow: by itself, by hand, and only if a person says so.

Long because all cases share one Airflow, which takes long to start.
"""

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import judged_repo
import pytest
from running_airflow import ended, running, states, wait_for_dag, wait_until
from small_git import commit, shell

from include.airflow_site import settings
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site
from include.errors import PipelineError
from include.pipeline.registry.tags import read

PARAMS = "rate: 1\nchampion: any\npromotion:\n  risk: high\n  most: 5\n"
EXPERIMENTS = {
    "bad": ["rate=9"],
    "two": ["rate=2"],
    "four": ["rate=4"],
    "low": ["rate=3", "promotion.risk=low"],
}
DAGS = '''"""Airflow DAGs: one makes models, the others let them go live, and back."""

from datetime import UTC, datetime

from dvc_dag import pipeline_dag
from dvc_promotion import promotion_dag, rollback_dag

LONG_AGO = {"start_date": datetime(2020, 1, 1, tzinfo=UTC), "default_args": {"retries": 0}}
MODEL = {"artifact": "model", "verdict": "verdict.json", "pipeline": "train"}
train = pipeline_dag("train", targets=["."], form={"rate": {}}, schedule="@yearly", **LONG_AGO)
promote = promotion_dag("promote", **MODEL, **LONG_AGO)
promote_any = promotion_dag("promote_any", **MODEL, rules=(), **{**LONG_AGO, "schedule": None})
back = rollback_dag("back", artifact="model", **LONG_AGO)
'''
CANNOT = ""
if importlib.util.find_spec("playwright") is None:
    CANNOT = "the browser test needs the package playwright"
elif not (shutil.which("chromium") or shutil.which("chromium-browser")):
    CANNOT = "the browser test needs chromium: apt-get install chromium"
USERS = "CORE__SIMPLE_AUTH_MANAGER_USERS"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, AirflowApi]]:
    """Airflow with the DAGs, an administrator, and vera who may only look."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("promotion")
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        patch.setitem(settings.FIXED, USERS, settings.FIXED[USERS] + ",vera:viewer")
        repo = judged_repo.make(folder / "repo", PARAMS, EXPERIMENTS)
        (repo / "dags").mkdir()
        (repo / "dags/train.py").write_text(DAGS)
        commit(repo)
        with running(repo) as (made, api):
            wait_for_dag(api, "back", 300)
            yield made, api


@pytest.fixture(scope="module")
def api(site) -> AirflowApi:
    return site[1]


@pytest.fixture(scope="module")
def runs(api: AirflowApi) -> dict[str, str]:
    """Runs of `promote`, each with an experiment, and the pipeline's run of its schedule."""
    found = {name: api.trigger("promote", {"experiment": name}) for name in ("bad", "two", "four")}
    api.call("PATCH", "/dags/train", {"is_paused": False})
    return found


def note(api: AirflowApi, run_id: str, dag_id: str = "promote") -> str:
    return str(api.run(dag_id, run_id)["note"])


def detail(task: str, run_id: str) -> str:
    return f"/dags/promote/dagRuns/{quote(run_id)}/taskInstances/{task}/-1/hitlDetails"


def asked(api: AirflowApi, run_id: str) -> dict[str, Any]:
    """What a person is asked, when it is so."""
    wait_until(lambda: states(api, "promote", run_id).get("approve") == "awaiting_input", 120)
    return dict(api.call("GET", detail("approve", run_id)))


def answer(api: AirflowApi, run_id: str, word: str) -> None:
    body = {"chosen_options": [word], "params_input": {}}
    api.call("PATCH", detail("approve", run_id), body)


def begun(api: AirflowApi, kind: str = "asset_triggered") -> list[str]:
    """The runs of `promote` that the ends of other runs have started, in their order."""
    held = api.call("GET", "/dags/promote/dagRuns?order_by=run_after")["dag_runs"]
    return [run["dag_run_id"] for run in held if run["run_type"] == kind]


def live(site: Site) -> str | None:
    version = read(site.repo, "model").live()
    return version.name if version else None


SKIPPED = dict.fromkeys(("approve", "promote"), "skipped")


def test_a_refusal_is_a_green_run_that_says_why(api, runs):
    assert ended(api, "promote", runs["bad"]) == "success"
    assert note(api, runs["bad"]).startswith(
        "Not promoted: bad: The gates refuse it: the rate is 9"
    )
    done = {"find_experiment": "success", "verify": "success"}
    assert states(api, "promote", runs["bad"]) == done | SKIPPED


def test_who_is_asked_sees_the_version_the_hashes_and_the_gates(api, site, runs):
    held = asked(api, runs["two"])
    assert held["subject"] == "Let v0.0.1 of model be champion?"
    commit_of_two = shell(
        site[0].repo, "git", "for-each-ref", "--format=%(objectname)", "refs/exps/*/*/two"
    ).strip()
    lock = shell(site[0].repo, "git", "show", f"{commit_of_two}:dvc.lock")
    [model] = [line.split()[1] for line in lock.splitlines() if "md5: " in line][:1]
    assert f"| commit | `{commit_of_two}` |" in held["body"]
    assert f"| model.bin | `{model}` |" in held["body"]
    assert "| rate | 2 | at most 5 | passed |" in held["body"]
    assert note(api, runs["two"]).startswith("Waiting for approval: Let v0.0.1 of model")


def test_what_a_person_rejects_is_not_promoted(api, site, runs):
    asked(api, runs["two"])
    answer(api, runs["two"], "Reject")
    assert ended(api, "promote", runs["two"]) == "success"
    assert note(api, runs["two"]) == "Not promoted: admin rejected it."
    assert states(api, "promote", runs["two"])["promote"] == "skipped"
    assert live(site[0]) is None


def test_a_viewer_and_the_login_of_tasks_cannot_approve(api, site, runs):
    asked(api, runs["four"])
    held = json.loads((site[0].home / "passwords.json").read_text())
    vera = AirflowApi(api.url, "vera", held["vera"])
    with pytest.raises(PipelineError, match="with 403"):
        answer(vera, runs["four"], "Approve")
    other = api.trigger("promote", {"experiment": "two"})
    asked(api, other)
    answer(AirflowApi(api.url, "leeway", held["leeway"]), other, "Approve")
    assert ended(api, "promote", other) == "success"
    assert note(api, other) == "Not promoted: leeway is the login of tasks, and no person."


def test_an_approval_expires_when_a_hash_has_changed(api, site, runs):
    body = asked(api, runs["four"])["body"]
    digest = body.split("| model.bin | `")[1][:32]
    file = site[0].repo / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
    os.chmod(file, 0o644)
    file.write_text("another model")
    answer(api, runs["four"], "Approve")
    assert ended(api, "promote", runs["four"]) == "success"
    assert note(api, runs["four"]).startswith(
        "Not promoted: What was shown is no longer so: Neither the cache nor the remote has model.bin"
    )
    assert states(api, "promote", runs["four"])["promote"] == "skipped"


@pytest.fixture(scope="module")
def scheduled(api, runs) -> str:
    """The run that the end of the schedule's began; it waits for a person."""
    wait_until(lambda: begun(api), 120)
    [run_id] = begun(api)
    asked(api, run_id)
    return run_id


@pytest.fixture(scope="module")
def approved(api, scheduled) -> str:
    """The same, once a person has approved, here or in the UI before."""
    if states(api, "promote", scheduled)["approve"] == "awaiting_input":
        answer(api, scheduled, "Approve")
    assert ended(api, "promote", scheduled) == "success"
    return scheduled


@pytest.mark.skipif(CANNOT != "", reason=CANNOT)
def test_a_person_approves_in_the_ui(api, site, scheduled):
    from browsing import signed_in
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)
    body = asked(api, scheduled)["body"]
    page_of = f"{api.url}/dags/promote/runs/{quote(scheduled)}/tasks/approve/required_actions"
    with signed_in(api.url, settings.secrets_of(site[0].home)["password"]) as page:
        page.goto(page_of)
        expect(page.get_by_text("Let v0.0.1 of model be champion?")).to_be_visible()
        digest = body.split("| model.bin | `")[1][:32]
        expect(page.get_by_text(digest).first).to_be_visible()
        expect(page.get_by_role("row", name="rate 1 at most 5 passed")).to_be_visible()
        page.get_by_role("button", name="Approve", exact=True).click()
        assert ended(api, "promote", scheduled) == "success"
        page.goto(f"{api.url}/dags/promote/runs/{quote(scheduled)}")
        expect(page.get_by_text("v0.0.1 of model is champion.", exact=True)).to_be_visible()


def test_a_run_of_the_schedule_goes_live_once_a_person_approves(api, site, approved):
    registry = read(site[0].repo, "model")
    assert live(site[0]) == "v0.0.1"
    assert note(api, approved) == "v0.0.1 of model is champion."
    [because] = registry.reasons().values()
    assert because.startswith(f"run {approved} of promote: all gates passed, by verdict.json (")
    assert because.endswith("), and admin approved")
    assert "scheduled__" in registry.made(registry.version("v0.0.1"))["experiment"]


def test_a_run_by_hand_does_not_go_live_by_itself(api, site, approved):
    by_hand = api.trigger("train", {"rate": 5})
    assert ended(api, "train", by_hand) == "success"
    assert note(api, by_hand, "train").startswith("judge: passed: the rate is 5 From commit ")
    wait_until(lambda: len(begun(api)) == 2, 120)
    run_id = begun(api)[1]
    assert ended(api, "promote", run_id) == "success"
    said = note(api, run_id)
    assert said.startswith("Not promoted: train.manual__") and "trigger promote with it" in said
    assert "is of a manual run, and only those of the schedule go live by themselves." in said
    assert (
        states(api, "promote", run_id)
        == {"find_experiment": "success", "verify": "skipped"} | SKIPPED
    )


def test_a_low_risk_asks_nobody_and_a_rollback_goes_back(api, site, approved):
    run_id = api.trigger("promote_any", {"experiment": "low"})
    assert ended(api, "promote_any", run_id) == "success"
    assert live(site[0]) == "v0.0.2"
    assert note(api, run_id, "promote_any").startswith("v0.0.2 of model is champion, after v0.0.1")
    back = api.trigger("back", {"reason": "it flags all flights"})
    assert ended(api, "back", back) == "success"
    assert live(site[0]) == "v0.0.1"
    assert note(api, back, "back") == "champion of model: v0.0.2 -> v0.0.1: it flags all flights"


def test_a_rollback_needs_a_reason(api):
    with pytest.raises(PipelineError, match="400"):
        api.trigger("back", {})
