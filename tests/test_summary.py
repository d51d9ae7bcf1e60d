"""The summary says what was found, and where to look, of any graph."""

import sys
from pathlib import Path

import pytest
from small_git import init, shell

from include import summary
from include.outs import Out, outs_of

DVC = (sys.executable, "-m", "dvc")
GRAPH = """
stages:
  count:
    cmd: python count.py
    deps: [count.py]
    outs: [counts.csv, site, parts]
    metrics: [metrics/count.yaml]
  judge:
    cmd: python judge.py
    deps: [counts.csv, parts/one.csv]
    outs: [page.html, model.bin]
    metrics: [judged.json]
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of two stages that never ran."""
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site-cache"))
    monkeypatch.chdir(tmp_path)
    init(tmp_path)
    (tmp_path / "dvc.yaml").write_text(GRAPH)
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)


def test_shows_each_metrics_file_and_what_a_person_opens(repo, capsys):
    write(
        repo,
        {
            "counts.csv": "1",
            "parts/one.csv": "1",
            "site/index.html": "",
            "site/more.html": "",
            "metrics/count.yaml": "{rows: 3, tiny: 0.00004, a: {x: 0.5, b: {y: 1}}, longer: {z: 2}}",
            "judged.json": '{"auc": 0.77096}',
            "page.html": "",
            "model.bin": "",
        },
    )
    assert summary.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "",
        "metrics/count.yaml",
        "  rows: 3",
        "  tiny: 4.0e-05",
        "  a       x 0.5000  b.y 1",
        "  longer  z 2",
        "",
        "judged.json",
        "  auc: 0.7710",
        "",
        "Results",
        f"  {repo}/site/index.html",
        f"  {repo}/page.html",
        f"  {repo}/model.bin",
    ]


def test_a_run_shows_what_it_published(repo):
    write(repo / "kept", {"judged.json": '{"auc": 1.0}'})
    assert summary.lines(repo / "kept", repo) == ["", "judged.json", "  auc: 1.0000"]
    assert summary.lines(repo / "none", repo) == []


def test_one_dvc_yaml_of_several_is_shown_with_what_it_needs(repo, capsys):
    other = "stages: {tell: {cmd: echo, deps: [../counts.csv], metrics: [told.json]}}"
    write(repo, {"counts.csv": "1", "other/dvc.yaml": other, "other/told.json": '{"rows": 3}'})
    write(repo, {"metrics/count.yaml": "{rows: 2}", "judged.json": '{"auc": 1}'})
    assert summary.main("other/dvc.yaml") == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["", "metrics/count.yaml", "  rows: 2", "", "other/told.json", "  rows: 3"]
    assert summary.main() == 0
    assert "told.json" not in capsys.readouterr().out


def test_before_the_first_run_it_says_what_to_do(repo, capsys):
    assert summary.main() == 1
    assert capsys.readouterr().err == (
        f"summary: {repo} holds no metric and no page or last file of dvc.yaml.\n"
        "  Next: run `dvc repro dvc.yaml`, which makes them.\n"
    )


def test_the_outs_are_those_that_stages_make_and_say_who_needs_them(repo):
    (repo / "added.bin").write_text("")
    shell(repo, *DVC, "add", "--quiet", "added.bin")
    assert outs_of(repo) == [
        Out(Path("counts.csv"), metric=False, needed=True),
        Out(Path("site"), metric=False, needed=False),
        Out(Path("parts"), metric=False, needed=True),
        Out(Path("metrics/count.yaml"), metric=True, needed=False),
        Out(Path("page.html"), metric=False, needed=False),
        Out(Path("model.bin"), metric=False, needed=False),
        Out(Path("judged.json"), metric=True, needed=False),
    ]
