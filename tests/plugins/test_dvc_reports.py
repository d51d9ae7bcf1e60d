"""A report is found in its run's folder, and nowhere else; names are data, and escaped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dvc_dag
import dvc_reports
import pytest

from include.errors import PipelineError
from include.pipeline.plan import load
from include.pipeline.selection import select
from include.pipeline.workspace import place_of, ref_of, reports_of

ROOT = Path(__file__).parents[2]


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
    assert dvc_reports.inside(folder, "docs/index.html") == folder / "docs/index.html"


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
    assert dvc_reports.inside(folder, path) is None


def test_the_list_has_each_report_and_the_index_of_a_set_of_pages(folder):
    page = dvc_reports.listed(folder)
    assert 'href="drift.html"' in page
    assert 'href="docs/index.html"' in page
    assert 'href="metrics/scores.json"' in page
    assert "pages/one.html" not in page


def test_a_name_is_escaped(folder):
    (folder / "<img onerror=x>.json").write_text("{}")
    page = dvc_reports.listed(folder)
    assert "<img" not in page
    assert "&lt;img onerror=x&gt;.json" in page


def test_a_run_without_reports_says_why(tmp_path):
    assert "once it is closed" in dvc_reports.listed(tmp_path)


def test_a_name_that_is_no_text_does_not_hide_the_others(folder):
    (folder / "\udcff.html").write_text("odd")
    assert "drift.html" in dvc_reports.listed(folder)


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


def test_who_may_read_a_dag_reads_the_reports_of_its_runs(answers):
    seen = {run: held for run, held in answers["vera"].items() if held[0] == 200}
    assert seen == {"evil s1": [200, "evil s1"], "evil secret-s1": [200, "evil secret-s1"]}
    assert answers["root"]["evil-secret s1"] == [200, "evil-secret s1"]
    assert answers["root"]["secret s1"] == [200, "secret s1"]


def test_what_is_no_run_of_a_dag_or_not_to_be_read_is_not_found(answers):
    hidden = {run: held for run, held in answers["vera"].items() if not run.startswith("evil ")}
    assert hidden == {key: [404, None] for key in ["evil-secret s1", "secret s1", "~ s1"]}
    nothing = ["~ s1", "evil none", "evil %00", "evil ..%2F..%2Fsecret%2Fs1"]
    assert {run: answers["root"][run] for run in nothing} == {key: [404, None] for key in nothing}


def test_nobody_reads_a_report_without_a_login(answers):
    assert {tuple(held) for held in answers[""].values()} == {(401, None)}
