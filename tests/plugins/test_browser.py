"""What a person sees in Airflow's UI: graph, form, a run, why its tasks ran, and its reports.

Long because all of it is seen in one Airflow, whose start takes most of a minute.
"""

import json
import re
import sys
from urllib.parse import quote

import pytest
from running_airflow import SMALL_DAG, ended, running, wait_for_dag
from small_git import commit, make, shell

from include.errors import PipelineError
from include.pipeline.closing.card import place_of, read_card, write_card
from include.pipeline.workspace import reports_of

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
SENTENCE = "The model does worse than it should <b>(auc)</b>"
# What it finds out it shows: whether it can read the login, or the page around it.
REPORT = """<!doctype html><title>drift</title><a href="drift_details.html">all of it</a>
<p id="seen"></p><script>
const seen = document.getElementById("seen");
try { seen.textContent = "cookie " + document.cookie } catch (error) { seen.textContent = "none" }
try { seen.textContent += parent.document.title } catch (error) { seen.textContent += ", apart" }
fetch("/api/v2/dags").then(() => seen.append(", asked"), () => seen.append(", refused"));
</script>"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
ALONE = ["open_run", "prepare", "frozen", "close_run"]
TASKS = {*ALONE, *(task for tasks in GROUPS.values() for task in tasks)}


# the second project
@pytest.fixture(scope="module", autouse=True)
def assistant():
    """A service that the page Ask asks: it is there before Airflow is started."""
    import stand_in_assistant

    with stand_in_assistant.standing() as standing, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__LEEWAY__ASSISTANT_URL", standing.url)
        patch.setenv("LEEWAY_ASSISTANT_TOKEN", standing.token)
        yield standing


# end of the second project
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
    expect(page.get_by_text(re.compile(f"^{re.escape(note)}(; .*)?$"))).to_be_visible()


def test_the_same_values_again_have_nothing_to_do(page, api, run_id):
    assert ended(api, "small", run_id) == "success"
    again = api.trigger("small", {"shout.times": 3})
    assert ended(api, "small", again) == "success"
    notes = {t["task_id"]: t["note"] for t in api.tasks("small", again)}
    cached = {name for name, note in notes.items() if (note or "").startswith("cached")}
    assert cached == TASKS - {"open_run", "close_run"}
    page.goto(f"{api.url}/dags/small/runs/{again}/tasks/second.shout")
    expect(page.get_by_text("cached: no dep, param or command changed")).to_be_visible()


@pytest.fixture(scope="module")
def reported(site, page, run_id):
    """The run with the form, with reports as a stage about drift would have made them."""
    made, api = site
    assert ended(api, "small", run_id) == "success"
    place = ("small", run_id)
    card = read_card(place_of(made.leeway, *place))
    assert card.reports == ("second/shout.txt",)
    folder = reports_of(made.leeway, *place) / "reports"
    folder.mkdir()
    (folder / "drift.html").write_text(REPORT)
    (folder / "drift_details.html").write_text("<p>every column</p>")
    told = {"state": "hurts", "sentence": SENTENCE, "to_do": "Retrain on newer rows."}
    (folder / "drift.json").write_text(json.dumps({"verdict": told}))
    makers = {**card.makers, "reports/drift.json": "prepare", "reports/drift.html": "prepare"}
    write_card(made.leeway, place, repo=card.repo, experiment=card.experiment, makers=makers)
    return run_id


def reports(page: Page):
    """The page of reports, inside Airflow's."""
    return page.frame_locator("iframe[title='Reports']")


def test_the_navigation_leads_to_what_is_wrong_and_what_to_do(page, api, reported):
    page.goto(f"{api.url}/plugin/reports")
    line = reports(page).locator(".newest > li")
    expect(line).to_contain_text("hurts")
    expect(line).to_contain_text(SENTENCE)
    expect(line).to_contain_text("Retrain on newer rows.")
    line.get_by_role("link", name=reported).click()
    expect(reports(page).get_by_role("heading", name="drift", exact=True)).to_be_visible()
    expect(reports(page).get_by_text("There is no earlier run")).to_be_visible()


def test_a_filter_finds_runs_by_state_and_window(page, api, reported):
    page.goto(f"{api.url}/plugin/reports")
    reports(page).get_by_label("state").select_option("hurts")
    reports(page).get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("state=hurts"))  # Airflow's own follows the page's
    expect(reports(page).get_by_text("1 to 1 of 1")).to_be_visible()
    reports(page).get_by_label("window from").fill("2099-01-01")
    reports(page).get_by_role("button", name="Show").click()
    expect(reports(page).get_by_text("No run is to be shown")).to_be_visible()


def test_the_tab_of_a_run_leads_to_a_report_and_from_there_to_all_of_it(page, api, reported):
    page.goto(f"{api.url}/dags/small/runs/{reported}")
    page.get_by_role("link", name="Reports").last.click()
    tabs = reports(page).get_by_role("navigation")
    tabs.get_by_role("link", name="drift", exact=True).click()
    report = reports(page).frame_locator("iframe[name=report]")
    expect(report.locator("#seen")).to_have_text("none, apart, refused")
    report.get_by_role("link", name="all of it").click()
    expect(report.get_by_text("every column")).to_be_visible()
    expect(reports(page).get_by_role("link", name="summary")).to_be_visible()


def test_dag_and_tasks_have_their_reports_too(page, api, reported):
    page.goto(f"{api.url}/dags/small/plugin/dag-reports")
    expect(reports(page).get_by_role("heading", name="Reports of small")).to_be_visible()
    page.goto(f"{api.url}/dags/small/runs/{reported}/tasks/prepare/plugin/task-instance-reports")
    expect(reports(page).get_by_role("heading", name="drift", exact=True)).to_be_visible()
    expect(reports(page).get_by_text("second/shout.txt")).to_be_hidden()
    page.goto(f"{api.url}/dags/small/tasks/prepare/plugin/task-reports")
    expect(reports(page).get_by_role("heading", name="Reports of small, prepare")).to_be_visible()


# the second project
def test_people_ask_and_read_what_is_cited(page, api, assistant):
    page.goto(f"{api.url}/plugin/ask")
    ask = page.frame_locator("iframe[title='Ask']")
    ask.get_by_label("What do you want to know").fill("When is a task run again?")
    ask.get_by_role("button", name="Ask").click()
    # Markup of documents and models is shown as it is written.
    expect(ask.locator("#answer")).to_have_text(f"It is run again. {assistant.markup}[1][?]")
    expect(ask.get_by_text("nothing was written for you")).to_be_visible()
    ask.get_by_role("link", name="[1]").click()
    expect(ask.get_by_text("All of retries.")).to_be_visible()
    ask.get_by_text("2. Guide").click()
    gap = "Not all of it is shown: it holds what looks like a secret."
    expect(ask.get_by_text(gap)).to_be_visible()
    links = ask.locator("#found a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://example.org/retries"]
    assert ask.locator("img").count() == 0
    ask.get_by_role("button", name="Useful", exact=True).click()
    expect(ask.get_by_text("Thank you.")).to_be_visible()
    assert assistant.heard == [
        ("/ask", {"question": "When is a task run again?"}),
        ("/feedback", {"request_id": "r1", "useful": True}),
    ]
    assert assistant.token not in page.content() + ask.locator("body").inner_html()


def test_a_refusal_and_an_answer_that_breaks_off_are_shown_as_such(page, api, assistant):
    page.goto(f"{api.url}/ask/")
    for question, word, said in (
        ("Which wine goes with fish?", "no answer", assistant.reason),
        ("a long question", "failed", "The answer broke off."),
    ):
        page.get_by_label("What do you want to know").fill(question)
        page.get_by_label("What do you want to know").press("Control+Enter")
        expect(page.locator("#state")).to_have_text(f"{word} {said}")


# end of the second project
def test_the_pages_fit_a_phone_and_the_dark(page, api, reported):
    size = page.viewport_size
    run = f"run?dag_id=small&run_id={quote(reported, safe='')}"
    try:
        page.set_viewport_size({"width": 360, "height": 700})
        page.emulate_media(color_scheme="dark")
        for place in ("", "?dag_id=small", run, f"{run}&show=reports/drift.html"):
            page.goto(f"{api.url}/reports/{place}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, place
            assert page.evaluate(BACKGROUND) == "rgb(17, 22, 29)", place
        page.emulate_media(color_scheme="light")
        assert page.evaluate(BACKGROUND) == "rgb(250, 249, 246)"
        page.evaluate("localStorage.setItem('theme', 'dark')")  # as Airflow's own switch does
        page.reload()
        assert page.evaluate(BACKGROUND) == "rgb(17, 22, 29)"
    finally:
        page.evaluate("localStorage.removeItem('theme')")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(size)
