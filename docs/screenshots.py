"""Photograph for the pages: graph, form, grid and reports of a DAG, an approval, a drift report.

Needs Debian's chromium, and Airflow up with a few runs of the DAG behind it; for the approval, also
a run of `flight_delays_promote` that waits for one, with `promotion.risk: high` in params.yaml:

    make up
    leeway run flight_delays
    leeway run flight_delays
    leeway run flight_delays --set train_xgboost.max_depth=5
    python -m docs.screenshots
    python -m docs.screenshots form reports
    python -m docs.screenshots approval

The reports of docs are of nine windows, so that trends show: `make replay` leaves such a clone in
.airflow/replay. Copied and named leeway, it is up with `leeway up --repo FOLDER`; take them there.

A drift report needs no Airflow; that of docs is of a run with window.end 2013-10-01, and with one
month each in splits:

    python -m docs.screenshots drift reports/drift.html
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from include.airflow_site import processes
from include.airflow_site.settings import Site, secrets_of
from tests.browsing import FLAGS, chromium, signed_in

DAG = "flight_delays"
PROMOTE = "flight_delays_promote"
MARGIN = 64  # px above a dialog of Airflow's, and below
DOCS = Path(__file__).parent


def main() -> int:
    """Write the pictures of a DAG; of its reports; approval.png; or drift.png."""
    if sys.argv[1:2] == ["drift"]:
        drift(Path(sys.argv[2]))
        return 0
    site = Site.of(Path())
    if not processes.up(site):
        print("Airflow is not up.\n  Next: make up", file=sys.stderr)
        return 1
    rest = processes.start(site)
    expect.set_options(timeout=60_000)
    with signed_in(rest.url, secrets_of(site.home)["password"], scale=1.25) as page:
        if sys.argv[1:] == ["approval"]:
            approval(page, f"{rest.url}/dags/{PROMOTE}")
            return 0
        pictures = {"form": form, "grid": grid, "graph": graph, "reports": reports}
        for name in sys.argv[1:] or pictures:
            pictures[name](page, f"{rest.url}/dags/{DAG}")
    return 0


def form(page: Page, dag: str) -> None:
    """The trigger form, all of it."""
    page.set_viewport_size({"width": 1280, "height": 960})
    page.goto(f"{dag}/runs")
    page.get_by_test_id("trigger-dag-button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("window.end")).to_be_visible()
    tall = int(dialog.evaluate("dialog => dialog.scrollHeight")) + 2 * MARGIN
    page.set_viewport_size({"width": 1280, "height": tall})
    keep(page, "form")


def grid(page: Page, dag: str) -> None:
    """The runs, one a column, and the tasks of the newest."""
    page.set_viewport_size({"width": 1280, "height": 640})
    page.goto(newest(page, dag))
    expect(page.get_by_role("heading", name=re.compile(r"\d+ Task Instances"))).to_be_visible()
    keep(page, "grid")


def graph(page: Page, dag: str) -> None:
    """The graph of the newest run, in the whole width of the page."""
    page.set_viewport_size({"width": 1280, "height": 560})
    page.goto(newest(page, dag))
    page.get_by_role("button", name="Show Graph").click()
    last = page.locator(".react-flow__node[data-id='close_run']")
    expect(last).to_be_visible()
    # The small map would hide what it shows.
    page.add_style_tag(content=".react-flow__minimap { display: none }")
    page.wait_for_timeout(2_000)
    page.get_by_role("button", name="Collapse Details Panel").click()
    expect(page.get_by_role("heading", name="Run Type")).not_to_be_in_viewport()
    page.get_by_role("button", name="Fit View").click()
    keep(page, "graph")


def reports(page: Page, dag: str) -> None:
    """The reports of the DAG, those of its newest run, and one of them."""
    inner = page.frame_locator("iframe[title='Reports']")
    page.set_viewport_size({"width": 1280, "height": 1150})
    page.goto(f"{dag}/plugin/dag-reports")
    expect(inner.get_by_role("heading", name="Runs")).to_be_visible()
    keep(page, "reports")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{newest(page, dag)}/plugin/dag-run-reports")
    expect(inner.get_by_role("heading", name="What changed")).to_be_visible()
    keep(page, "run_reports")


def approval(page: Page, dag: str) -> None:
    """What a person sees who is asked whether a model may go live."""
    page.set_viewport_size({"width": 1280, "height": 1060})
    page.goto(f"{newest(page, dag)}/tasks/approve/required_actions")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    keep(page, "approval")


def drift(report: Path) -> None:
    """The first screen of a drift report."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1180})
        page.goto(report.resolve().as_uri())
        keep(page, "drift")
        browser.close()


def newest(page: Page, dag: str) -> str:
    """The address of the newest run."""
    page.goto(dag)
    link = page.get_by_test_id("stat").locator("a[href*='/runs/']").first
    return str(link.evaluate("link => link.href"))


def keep(page: Page, name: str) -> None:
    """Write what is to be seen, when it has come to rest."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2_000)
    path = DOCS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    raise SystemExit(main())
