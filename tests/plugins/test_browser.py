"""What a person sees in Airflow's UI: the graph, the form, a run, and why its tasks ran."""

import json
import re
import sys

import pytest
from running_airflow import SMALL_DAG, ended, running, wait_for_dag
from small_git import commit, make, shell

from include.errors import PipelineError

pytest.importorskip("playwright", reason="the browser test needs the package playwright")

from browsing import chromium, signed_in
from playwright.sync_api import Page, Response, expect

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="the browser test needs chromium: apt-get install chromium"
)

GROUPS = {
    "count": ["count-left", "count-right"],
    "grid": ["grid-1-x", "grid-1-y", "grid-2-x", "grid-2-y"],
    "second": ["second.shout"],
}
ALONE = ["open_run", "prepare", "frozen", "close_run"]
TASKS = {*ALONE, *(task for tasks in GROUPS.values() for task in tasks)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The small repository, up to date and committed: a run has to do what the form changes."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("browser")
        patch.setenv("DVC_SITE_CACHE_DIR", str(folder / "site"))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        repo = make(folder / "repo")
        for command in (["checkout", "frozen"], ["repro", "--all-pipelines"]):
            shell(repo, sys.executable, "-m", "dvc", *command, "--quiet")
        (repo / "dags").mkdir()
        (repo / "dags/small.py").write_text(SMALL_DAG)
        with (repo / ".gitignore").open("a") as ignored:
            ignored.write("__pycache__/\n")
        commit(repo)
        with running(repo) as (made, api):
            wait_for_dag(api, "small")
            yield made, api


@pytest.fixture(scope="module")
def api(site):
    return site[1]


@pytest.fixture(scope="module")
def page(site):
    made, api = site
    password = json.loads((made.home / "secrets.json").read_text())["password"]
    expect.set_options(timeout=60_000)
    with signed_in(api.url, password) as page:
        yield page


def form(page: Page, api):
    """The trigger form of the small DAG, opened anew."""
    if page.url == f"{api.url}/dags/small":
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    else:
        page.goto(f"{api.url}/dags/small")
    page.get_by_test_id("trigger-dag-button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("spinbutton", name="shout.times")).to_have_value("2")
    return dialog


@pytest.fixture(scope="module")
def run_id(page, api):
    """A run of three times, triggered with the form."""
    dialog = form(page, api)
    field = dialog.get_by_role("spinbutton", name="shout.times")
    field.fill("3")
    field.press("Tab")
    expect(field).to_have_value("3")
    # The page may go to the run, or stay: what Airflow answered names the run in both cases.
    with page.expect_response(lambda answer: triggered(answer, api)) as answered:
        dialog.get_by_test_id("trigger-dag-submit").click()
    assert answered.value.ok, answered.value.text()
    expect(dialog).to_be_hidden()
    return answered.value.json()["dag_run_id"]


def triggered(answer: Response, api) -> bool:
    wanted = f"{api.url}/api/v2/dags/small/dagRuns"
    return answer.request.method == "POST" and answer.url == wanted


def test_the_graph_page_shows_every_stage_and_group(page, api):
    page.goto(f"{api.url}/dags/small")
    page.get_by_role("button", name="Show Graph").click()
    page.get_by_test_id("expand-all-button").click()
    graph = page.locator(".react-flow")
    for task in TASKS:
        link = graph.get_by_role("link", name=task, exact=True)
        expect(link).to_have_attribute("href", f"/dags/small/tasks/{task}")
    for group, tasks in GROUPS.items():
        node = graph.locator(f".react-flow__node[data-id='{group}']")
        expect(node).to_contain_text(f"{len(tasks)} Task")
    assert graph.locator(".react-flow__node").count() == len(TASKS) + len(GROUPS)


def test_the_form_has_typed_fields_with_the_help_of_params_yaml(page, api):
    dialog = form(page, api)
    number = dialog.get_by_role("spinbutton", name="shout.times")
    expect(number).to_have_attribute("aria-valuemin", "1")
    expect(number).to_have_attribute("aria-valuemax", "9")
    expect(dialog.locator("[name='element_shout.mark']")).to_have_value("!")
    expect(dialog.get_by_text("how often, 1 to 9", exact=True)).to_be_visible()
    expect(dialog.get_by_text("what follows each time", exact=True)).to_be_visible()


def test_the_form_takes_no_value_out_of_range(page, api):
    dialog = form(page, api)
    field = dialog.get_by_role("spinbutton", name="shout.times")
    field.fill("10")
    field.press("Tab")
    # The form mends the value; whoever goes around it is refused.
    expect(field).to_have_value("9")
    expect(dialog.get_by_role("button", name="increment value")).to_be_disabled()
    with pytest.raises(PipelineError, match=r"400.*10 is greater than the maximum of 9"):
        api.trigger("small", {"shout.times": 10})


def test_a_run_with_the_form_succeeds(page, api, run_id):
    page.goto(f"{api.url}/dags/small/runs/{run_id}")
    for task in TASKS:
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=task, exact=True))
        expect(row).to_contain_text("Success", timeout=120_000)
    assert ended(api, "small", run_id) == "success"
    # A page that has seen the end of a run asks no more; the note may have come between.
    page.reload()
    expect(page.get_by_text(re.compile("8 of 9 stages have nothing to do"))).to_be_visible()
    assert api.run("small", run_id)["conf"] == {"shout.times": 3, "shout.mark": "!"}


def test_a_task_says_why_it_ran(page, api, run_id):
    assert ended(api, "small", run_id) == "success"
    page.goto(f"{api.url}/dags/small/runs/{run_id}/tasks/second.shout")
    expect(page.get_by_role("heading", name="second.shout", exact=True)).to_be_visible()
    note = "ran: the command changed; param shout.times changed from 2 to 3"
    expect(page.get_by_text(note, exact=True)).to_be_visible()


def test_the_same_values_again_have_nothing_to_do(page, api, run_id):
    assert ended(api, "small", run_id) == "success"
    again = api.trigger("small", {"shout.times": 3})
    assert ended(api, "small", again) == "success"
    notes = {t["task_id"]: t["note"] for t in api.tasks("small", again)}
    cached = {name for name, note in notes.items() if (note or "").startswith("cached")}
    assert cached == TASKS - {"open_run", "close_run"}
    page.goto(f"{api.url}/dags/small/runs/{again}/tasks/second.shout")
    expect(page.get_by_text("cached: no dep, param or command changed")).to_be_visible()
