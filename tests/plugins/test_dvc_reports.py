"""A report is found in its run's folder, and nowhere else; names are data, and escaped.

Long because all users ask one Airflow, whose start takes most of the time.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import dvc_dag
import dvc_reports
import dvc_reports_access
import dvc_reports_answers
import pytest

from include.errors import PipelineError
from include.pipeline.plan import load
from include.pipeline.selection import select
from include.pipeline.workspace import place_of, ref_of, reports_of

ROOT = Path(__file__).parents[2]
EVIL = ["evil/s1", "evil/secret-s1"]
OLD = json.dumps({"detail": dvc_reports_answers.OLD}, separators=(",", ":"))
NOT_FOUND = json.dumps({"detail": dvc_reports_answers.NOT_FOUND}, separators=(",", ":"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = tmp_path / "reports" / "run"
    for name in ("drift.html", "docs/index.html", "docs/pages/one.html", "metrics/scores.json"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("x")
    (tmp_path / "secrets.json").write_text("secret")
    (run / "link.json").symlink_to(tmp_path / "secrets.json")
    return run


def test_a_report_of_the_run_is_found(folder):
    assert dvc_reports_answers.inside(folder, "docs/index.html") == folder / "docs/index.html"


@pytest.mark.parametrize(
    "path",
    ["../../secrets.json", "link.json", "docs", "none.html", "/etc/hostname", "a\0b", "a" * 300],
    ids=[
        "above it",
        "a link out of it",
        "a folder",
        "nothing",
        "an absolute path",
        "no letter of a name",
        "too long for a name",
    ],
)
def test_what_is_not_a_file_of_the_run_is_not_found(folder, path):
    assert dvc_reports_answers.inside(folder, path) is None


def test_a_folder_of_reports_is_each_out_in_it_of_the_stages_that_run(repo):
    plan = load(repo)
    chosen = select(plan, ["second.shout"])
    assert dvc_dag.named(["second", "count-left.txt"], plan.stages, chosen) == [
        "second/shout.txt",
        "count-left.txt",
    ]
    assert dvc_dag.named(["frozen.txt"], plan.stages, chosen) == []


def test_a_report_that_no_stage_makes_names_the_nearest(repo):
    plan = load(repo)
    with pytest.raises(PipelineError, match=r"'second/shot\.txt'\. Did you mean 'second/shout"):
        dvc_dag.named(["second/shot.txt"], plan.stages, plan.stages)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("evil", "secret-s1"), ("evil-secret", "s1")),
        (("evil", "secret.s1"), ("evil.secret", "s1")),
        (("evil", "a b"), ("evil", "a:b")),
        (("evil", "a/b"), ("evil", "a-b")),
        (("Evil", "s1"), ("evil", "s1")),
        (("", "evil.s1"), ("evil", "s1")),
        (("", "evil"), ("evil", "")),
        (("évil", "s1"), ("èvil", "s1")),
    ],
)
def test_two_runs_never_share_a_name(one, other):
    home = Path("/home")
    assert place_of(home, *one) != place_of(home, *other)
    assert ref_of(*one) != ref_of(*other)
    assert reports_of(home, *one) != reports_of(home, *other)


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, dict[str, list]]:
    """What Airflow answers to each user of `fab_answers`."""
    home = tmp_path_factory.mktemp("fab")
    script = Path(__file__).with_name("fab_answers.py")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")}
    subprocess.run(
        [sys.executable, str(script), str(home)],
        env={**kept, "PYTHONPATH": str(ROOT), "AIRFLOW_HOME": str(home)},
        check=True,
    )
    return json.loads((home / "answers.json").read_text())


def test_the_first_reader_waits_for_nothing_that_is_read_once(answers):
    assert answers["first page"]["read"] == []


def test_the_pages_are_made_once_a_server_has_started_and_by_no_request(monkeypatch):
    told: list[str] = []
    made = threading.Event()
    monkeypatch.setattr(dvc_reports, "make_ready", made.set)

    async def server(scope: dict, receive: object, send: Callable) -> None:
        assert not made.is_set()
        await send({"type": f"{scope['type']}.startup.complete"})

    async def send(message: dict) -> None:
        told.append(message["type"])

    for kind in ("http", "lifespan"):
        asyncio.run(dvc_reports.MadeReady(server)({"type": kind}, None, send))
    assert made.wait(60) and told == ["http.startup.complete", "lifespan.startup.complete"]


def test_who_may_read_a_dag_reads_the_reports_of_its_runs(answers):
    for user, runs in {"vera": EVIL, "root": [*EVIL, "evil-secret/s1", "secret/s1"]}.items():
        found = {
            at.removeprefix("/reports/").removesuffix("/report.txt"): held[1]
            for at, held in answers[user].items()
            if at.endswith("/report.txt") and held[0] == 200
        }
        assert found == {run: run.replace("/", " ") for run in runs}


def test_what_is_no_run_of_a_dag_or_not_to_be_read_is_not_found(answers):
    nothing = ["evil/none", "evil/%00", "evil/..%2F..%2Fsecret%2Fs1"]
    hidden = {"vera": [*nothing, "evil-secret/s1", "secret/s1"], "root": nothing}
    for user, runs in hidden.items():
        for ending in ("/", "/report.txt"):
            found = [answers[user][f"/reports/{run}{ending}"][0] for run in runs]
            assert found == [404] * len(runs)
    gone = "/reports/run?dag_id=evil&run_id=deleted"
    assert answers["root"][gone][0] == answers["vera"][gone][0] == 404


def test_any_dag_is_no_dag(answers):
    assert answers["vera"]["/reports/?dag_id=~"][0] == 404
    assert answers["root"]["/reports/run?dag_id=~&run_id=s1"][0] == 404
    assert answers["root"]["/reports/~/s1/"][0] == 401


def test_a_list_has_no_word_of_a_dag_that_is_not_to_be_read(answers):
    for address in ("/reports/", "/reports/?dag_id=evil"):
        status, page, *_ = answers["vera"][address]
        assert status == 200
        assert "run_id=secret-s1" in page
        assert "evil-secret" not in page
        assert '?dag_id=secret"' not in page
        assert "<option>secret" not in page
    assert answers["vera"]["/reports/?dag_id=secret"][0] == 404
    assert answers["vera"]["/reports/run?dag_id=evil&dag_id=secret&run_id=s1"][0] == 404
    assert '?dag_id=secret"' in answers["root"]["/reports/"][1]


def test_reports_of_a_deleted_run_are_shown_no_more_nor_under_a_new_run_of_its_name(answers):
    page = answers["root"]["/reports/?dag_id=evil"][1]
    assert "run_id=deleted" not in page
    for ending in ("", "&show=reports/page.html"):
        status, again, *_ = answers["root"][f"/reports/run?dag_id=evil&run_id=made+anew{ending}"]
        assert status == 200
        assert "No reports" in again
        assert "page.html" not in again


def test_names_and_verdicts_are_text_on_every_page(answers):
    pages = [held[1] for held in answers["root"].values() if "<main>" in held[1]]
    assert len(pages) > 10
    for page in pages:
        assert "<img" not in page
        assert "<i>" not in page
        assert page.count("<script") == 1
    assert "&lt;img src=x onerror=alert(1)&gt;" in answers["root"]["/reports/"][1]


def test_a_run_whose_id_has_slashes_and_markup_has_its_page_and_reports(answers):
    run = "a%2Fb+%3Ci%3E%C3%A9%3C%2Fi%3E+%252e%252e%26dag_id%3Dsecret"
    status, page, *_ = answers["vera"][f"/reports/run?dag_id=evil&run_id={run}"]
    assert status == 200
    assert "a/b &lt;i&gt;é&lt;/i&gt;" in page
    framed = answers["vera"][f"/reports/run?dag_id=evil&run_id={run}&show=reports/page.html"][1]
    assert '/reports/page.html"></iframe>' in framed


def test_nobody_reads_anything_without_a_login(answers):
    assert {held[0] for held in answers[""].values()} == {401}
    assert not [at for at, held in answers[""].items() if "evil" in held[1]]


def test_a_page_of_our_own_may_run_nothing_and_a_report_is_in_a_sandbox(answers):
    policy = answers["root"]["/reports/"][2]
    assert re.fullmatch(
        r"default-src 'none'; style-src( 'sha256-[^']{44}'){2}; script-src 'sha256-[^']{44}'; "
        r"img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        r"frame-ancestors 'self'",
        policy,
    )
    policy = answers["root"]["/reports/evil/s1/report.txt"][2]
    assert policy.startswith("sandbox allow-scripts allow-popups;")
    assert "allow-same-origin" not in policy


def test_the_address_of_a_report_opens_the_reports_of_its_run_alone(answers):
    assert answers["by ticket"] == {
        "as it is": [200, "evil s1"],
        "another report": [200, "more"],
        "above the run": [404, '{"detail":"This run has no such report."}'],
        "changed": [401, OLD],
        "of nobody": [401, OLD],
        "of another kind": [401, OLD],
        "of no run": [404, NOT_FOUND],
        "of what she may not read": [404, NOT_FOUND],
    }


def test_the_address_of_a_report_is_soon_too_old(monkeypatch):
    signed = dvc_reports_access.signer().dumps([{"sub": "admin", "role": "ADMIN"}, "train", "one"])
    monkeypatch.setattr(dvc_reports_access, "TICKET_S", -1)
    assert dvc_reports_access.opened(signed) is None


# the second project
def test_who_may_read_the_dag_of_the_assistant_may_ask(answers):
    codes = [answers[f"{user} asks"] for user in ("vera", "root", "")]  # the page, and a question
    assert codes == [[[200, 503], [403, 403]], [[200, 503]] * 2, [[401, 401]] * 2]


# end of the second project
def test_each_place_of_the_ui_has_a_route_of_its_own():
    views = dvc_reports.DvcReports.external_views
    assert [view["destination"] for view in views] == [
        *("nav", "dag", "dag_run", "task", "task_instance")
    ]
    assert len({view["url_route"] for view in views}) == len(views)
