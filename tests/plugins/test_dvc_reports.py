"""A report is found in its run's folder, and nowhere else; names are data, and escaped."""

from pathlib import Path

import dvc_dag
import dvc_reports
import pytest

from include.errors import PipelineError
from include.pipeline.plan import load
from include.pipeline.selection import select


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
    ["../../secrets.json", "link.json", "docs", "none.html", "/etc/hostname"],
    ids=["above it", "a link out of it", "a folder", "nothing", "an absolute path"],
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
