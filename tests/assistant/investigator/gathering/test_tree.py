"""What stands in a working tree, and what is known of the commits before it."""

import json
import os
from pathlib import Path

import pytest
from assistant_site import LOCK, Site

from include.assistant.investigator.evidence import Evidence

SECOND, GATES = "include/second", {"name": "auc", "passed": False, "reason": "auc is 0.1."}
OUT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def site(tmp_path) -> Site:
    """A repository with a second project, whose lockfile git does not keep."""
    made = Site(tmp_path)
    folder = made.repo / SECOND
    (folder / "reports").mkdir(parents=True)
    (folder / "dvc.yaml").write_text("stages: {}\n")
    made.git("add", f"{SECOND}/dvc.yaml")
    made.git("commit", "-q", "-m", "a second project")
    (folder / "dvc.lock").write_text(LOCK.replace("CODE", "new"))
    report = {"verdict": "refused", "reason": "1 of 1 gates failed.", "gates": [GATES]}
    (folder / "reports/promotion.json").write_text(json.dumps(report))
    (folder / "metrics").mkdir()
    (folder / "metrics/promotion.json").write_text('{"passed": 0, "failed_gates": 1}')
    return made


def test_a_project_whose_lockfile_git_does_not_keep_is_looked_into(site, tmp_path):
    found = site.gathered("workspace", tmp_path / "evidence")
    assert [path for path, _ in found.reports()] == [f"{SECOND}/reports/promotion.json"]
    assert (found.run().verdict, found.run().sentence) == ("refused", "1 of 1 gates failed.")
    assert found.run().metrics[f"{SECOND}/metrics/promotion.json:failed_gates"] == 1
    assert {*found.run().stages} == {
        *("build", "watch", f"{SECOND}/dvc.yaml:build", f"{SECOND}/dvc.yaml:watch")
    }


def test_a_project_without_a_lockfile_is_looked_into_as_well(site, tmp_path):
    (site.repo / SECOND / "dvc.lock").unlink()
    assert site.gathered("workspace", tmp_path / "evidence").run().verdict == "refused"


def lock_with(site: Site, report: dict[str, object] | None, folder: Path) -> Evidence:
    """What is known once a commit has made a report that the cache has, and the tree another."""
    (site.repo / "dvc.lock").write_text(LOCK.replace("CODE", "x").replace("w-x", OUT))
    site.git("commit", "-q", "-am", "made a report")
    (site.repo / "dvc.lock").write_text(LOCK.replace("CODE", "mine"))
    if report is not None:
        kept = site.repo / ".dvc/cache/files/md5" / OUT[:2] / OUT[2:]
        kept.parent.mkdir(parents=True)
        kept.write_text(json.dumps(report))
    return site.gathered("workspace", folder)


@pytest.mark.parametrize(
    ("report", "state", "good"),
    [
        (None, "unknown", False),
        ({"rows": 1}, "unknown", False),
        ({"verdict": {"state": "hurts"}}, "closed", False),
        ({"verdict": {"state": "steady"}}, "closed", True),
    ],
    ids=["no report", "no verdict", "trouble", "steady"],
)
def test_a_commit_is_a_good_run_only_if_its_reports_say_so(site, tmp_path, report, state, good):
    found = lock_with(site, report, tmp_path / "evidence")
    before = found.about.runs[1]
    assert (before.state, before.good) == (state, good)


def test_what_git_does_not_keep_is_no_change_since_a_commit(site, tmp_path):
    found = lock_with(site, {"verdict": "passed"}, tmp_path / "evidence")
    now, good = found.run(), found.last_good()
    changed = {name for name in now.stages if now.stages[name] != good.stages.get(name)}
    assert changed == {"build", "watch"}


@pytest.mark.parametrize("name", ["Müller", "with space", 'a"quote', os.fsdecode(b"M\xfcller")])
def test_a_project_is_seen_whatever_letters_its_folder_has(tmp_path, name):
    made = Site(tmp_path)
    folder = made.repo / name
    (folder / "reports").mkdir(parents=True)
    (folder / "dvc.lock").write_text(LOCK.replace("CODE", "old"))
    report = {"verdict": "refused", "reason": "1 of 1 gates failed.", "gates": [GATES]}
    (folder / "reports/promotion.json").write_text(json.dumps(report))
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "another project")
    (folder / "dvc.lock").write_text(LOCK.replace("CODE", "new"))
    found = made.gathered("workspace", tmp_path / "evidence")
    shown = name.encode(errors="replace").decode()
    assert found.run().verdict == "refused"
    now, before = (run.stages[f"{shown}/dvc.yaml:build"] for run in found.about.runs[:2])
    path = f"{shown}/src/build.py"
    assert (now.deps[path], before.deps[path]) == ("new", "old")


@pytest.mark.parametrize(
    ("lock", "stages"),
    [
        ("stages: {build: {cmd: x}, b: {params: [1]}}", ["build"]),
        ("stages: {build: {cmd: x}, b: 5, 7: {params: 3}}", ["build"]),
        ("stages: {build: {cmd: x, params: {p.yaml: {1: 2, a: 2020-01-01}}}}", ["build"]),
        ("stages: {build: &a {params: {x: *a}}}", []),
        ("stages: {? [c, d] : {cmd: x}}", []),
        ('stages: {build: {cmd: "\\ud83d"}}', []),
        ("stages: [1]", []),
        ("[1", []),
        ("7", []),
    ],
)
def test_of_a_damaged_lockfile_the_stages_that_can_be_read_are_read(tmp_path, lock, stages):
    made = Site(tmp_path)
    (made.repo / "dvc.lock").write_text(lock)
    assert [*made.gathered("workspace", tmp_path / "evidence").run().stages] == stages


def test_a_report_of_the_tree_that_cannot_be_read_is_named(site, tmp_path):
    (site.repo / SECOND / "reports/half.json").write_text("{")
    found = site.gathered("workspace", tmp_path / "evidence")
    assert found.run().unread == (f"{SECOND}/reports/half.json",)
