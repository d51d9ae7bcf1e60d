"""The command investigate: a note on a run, from what Leeway itself leaves behind."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from assistant_evidence import LOW, PROJECT, WINDOWS, put, window
from assistant_site import BAD, DAG, GOOD, LOCK, Site

from include.alerts.incidents import Alarm, Incidents
from include.assistant import investigate
from include.assistant.investigator.gathering.gather import Places, gather
from include.assistant.investigator.gathering.runs import run_name as ours
from include.errors import DataError
from include.pipeline.names import run_name
from include.pipeline.workspace import reports_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder)
    site.close(GOOD, "old", WINDOWS[0], opened=1_000_000.0)
    site.close(BAD, "new", *WINDOWS, opened=2_000_000.0)
    site.log(
        BAD,
        "build",
        {"event": "reads postgres://me:hunter2@db/x", "level": "info", "timestamp": "t"},
    )
    Incidents(site.home / "alerts.db", clock=lambda: 0.0).report(
        "w", "1", {"a": Alarm("auc", "is low")}, []
    )
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Site:
    found = Site.__new__(Site)
    folder = Path(shutil.copytree(made, tmp_path / "site"))
    found.repo, found.home, found.logs = folder / "repo", folder / "home", folder / "logs"
    return found


def test_a_note_on_a_run_that_leeway_closed(site, tmp_path, capsys):
    note = tmp_path / "notes/note.json"
    assert investigate.main(site.words(run_name(DAG, BAD), "--note", str(note))) == 0
    told = json.loads(note.read_text())
    assert told["run"] == run_name(DAG, BAD)
    assert (
        told["headline"]
        == "Code changed, and what it makes is no longer what the model learned from: src/build.py."
    )
    assert (
        told["since"][0]["text"]
        == "auc has been out of its bounds since the window from 2025-02-01."
    )
    assert [(one["action"], one["target"]) for one in told["proposals"]] == [("roll_back", "build")]
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"note: {note.with_suffix(end)}" for end in (".json", ".md", ".html")
    ]
    assert sorted(path.name for path in note.parent.iterdir()) == [
        "note.html",
        "note.json",
        "note.md",
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("n.md", "{0}/n.md does not end in .json; the Markdown and the page are written beside it.\n  Next: name {0}/n.json."),
        ("note", "{0}/note does not end in .json; the Markdown and the page are written beside it.\n  Next: name {0}/note.json."),
        ("folder", "{0}/folder is a folder.\n  Next: name a file in it: {0}/folder/note.json."),
        ("file/n.json", "The note cannot be written to {0}/file/n.json: File exists.\n  Next: name a file in a folder that is there."),
        ("m.json", "The note cannot be written to {0}/m.json: Is a directory.\n  Next: name a file in a folder that is there."),
        (f"{'x' * 256}.json", f"The note cannot be written to {{0}}/{'x' * 256}.json: File name too long.\n  Next: name a file in a folder that is there."),
    ],
    ids=["another kind", "no kind", "a folder", "below a file", "beside a folder", "too long"],
)  # fmt: skip
def test_a_place_in_which_no_note_can_lie_is_named(tmp_path, capsys, name, told):
    put(tmp_path / "evidence", *WINDOWS)
    (tmp_path / "file").touch()
    for folder in ("folder", "m.html"):
        (tmp_path / folder).mkdir()
    evidence, note = str(tmp_path / "evidence"), str(tmp_path / name)
    assert investigate.main(["--evidence", evidence, "--note", note]) == 1
    assert capsys.readouterr().err == f"investigate: {told.format(tmp_path)}\n"
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("kind", ["json", "md", "html"])
def test_a_file_that_is_no_note_is_never_written_over(tmp_path, capsys, kind):
    put(tmp_path / "evidence", *WINDOWS)
    mine = tmp_path / f"README.{kind}"
    mine.write_text("mine\n")
    words = ["--evidence", str(tmp_path / "evidence"), "--note", str(tmp_path / "README.json")]
    assert investigate.main(words) == 1
    assert capsys.readouterr().err == (
        f"investigate: A note is written to .json, .md, .html, and {mine} is none.\n"
        "  Next: name another file, or move that one away.\n"
    )
    assert mine.read_text() == "mine\n"


def test_a_note_is_written_over_the_one_before(tmp_path):
    put(tmp_path / "evidence", *WINDOWS)
    words = ["--evidence", str(tmp_path / "evidence"), "--note", str(tmp_path / "n.json")]
    assert investigate.main(words) == 0
    (tmp_path / "n.md").write_text("old")
    assert investigate.main(words) == 0
    assert (tmp_path / "n.md").read_text().startswith("# The same rows now end")


def test_what_is_gathered_is_all_that_the_run_left(site, tmp_path):
    found = site.gathered(BAD, tmp_path / "evidence")
    bad, good = found.about.runs
    assert (bad.opened, bad.state, bad.verdict, bad.good) == (
        "1970-01-24T03:33:20+00:00",
        "closed",
        "hurts",
        False,
    )
    assert (good.verdict, good.good, found.last_good()) == ("steady", True, good)
    assert bad.stages["build"].params == {"build.lead_h": "2"}
    assert [path for path, _ in found.reports()] == ["reports/watch.json"]
    assert found.logs()["build"].read_text() == "INFO reads postgres://***@db/x\n"
    assert [(one.title, one.details) for one in found.about.alerts] == [("auc", "is low")]


def test_without_a_name_it_is_the_newest_run_in_trouble(site, tmp_path):
    site.log("manual__2025-03-02", "watch", {"event": "at work", "level": "info"})
    assert site.gathered("", tmp_path / "evidence").about.run == run_name(DAG, BAD)


def test_a_run_that_failed_is_known_by_its_logs(site, tmp_path):
    later = "manual__2025-03-02"
    problem = [{"exc_type": "StepFailed", "exc_value": "watch: The window has no rows."}]
    site.log(later, "watch", {"event": "Task failed", "level": "error", "error_detail": problem})
    found = site.gathered(f"{DAG}.{later}", tmp_path / "evidence")
    assert (found.run().state, found.run().stages) == ("failed", {})
    assert (
        found.logs()["watch"].read_text()
        == "ERROR Task failed StepFailed: watch: The window has no rows.\n"
    )


@pytest.mark.parametrize(("more", "proposed"), [((), []), (("--failed",), ["clear"])])
def test_a_run_whose_log_just_stops_failed_if_airflow_says_so(site, tmp_path, more, proposed):
    later, note = "manual__2025-03-02", tmp_path / "note.json"
    site.log(later, "build", {"event": "at work", "level": "info"})
    assert investigate.main(site.words(f"{DAG}.{later}", *more, "--note", str(note))) == 0
    told = json.loads(note.read_text())
    assert [one["action"] for one in told["proposals"]] == proposed


def test_a_run_that_nobody_knows_is_refused_with_the_nearest(site, capsys):
    assert investigate.main(site.words(f"{DAG}.scheduled__2025-03-01T000000+000")) == 1
    assert capsys.readouterr().err == (
        f"investigate: No run '{DAG}.scheduled__2025-03-01T000000+000' is known, of 2. "
        f"Did you mean '{run_name(DAG, BAD)}'?\n"
        "  Next: see `leeway history`, or give workspace for the working tree.\n"
    )


def test_damaged_files_of_a_run_cost_their_facts_alone(site, tmp_path):
    folder = reports_of(site.home, DAG, BAD)
    (folder / "reports/watch.json").write_text("{")
    (folder / "reports/links.json").symlink_to("/etc/passwd")
    (site.home / "alerts.db").write_text("no database, but longer than its head is" * 9)
    (folder.parent / ".broken.json").write_text("[")
    found = site.gathered(BAD, tmp_path / "evidence")
    assert ([*found.reports()], found.about.alerts) == ([], ())


def test_the_working_tree_is_held_against_the_commits_before_it(site, tmp_path):
    (site.repo / "dvc.lock").write_text(LOCK.replace("CODE", "mine"))
    (site.repo / "reports").mkdir()
    (site.repo / "reports/watch.json").write_text(
        json.dumps({"windows": [window(1, LOW, auc=0.55)]})
    )
    found = site.gathered("workspace", tmp_path / "evidence")
    assert [run.name[:7] for run in found.about.runs] == ["workspa", "commit-"]
    assert found.run().stages["build"].deps == {"src/build.py": "mine"}
    assert [path for path, _ in found.reports()] == ["reports/watch.json"]


def test_a_place_that_is_no_repository_says_so(tmp_path):
    with pytest.raises(Exception, match="name the repository by --repository"):
        gather(Places(tmp_path, tmp_path, tmp_path), "", tmp_path / "evidence")


@pytest.mark.parametrize(
    "run",
    [
        ("train", "scheduled__2026-07-01T00:00:00+00:00"),
        ("train", "manual__2026-07-01T00:00:00.123456+00:00"),
        ("a.b", "manual__x"),
        ("train", "with spaces/and ../more"),
        ("train", "2026T000000+0000"),
        ("", "by-hand"),
        ("train", "x" * 300),
        ("train", "ends.lock"),
        ("train", "x-0123456789ab"),
    ],
    ids=lambda run: "-".join(run)[:30],
)
def test_a_run_is_called_as_leeway_calls_it(run):
    assert ours(*run) == run_name(*run)


def test_evidence_of_before_can_be_looked_into_again(site, tmp_path, capsys):
    site.gathered(BAD, tmp_path / "evidence")
    shutil.rmtree(site.repo)
    assert investigate.main(["--evidence", str(tmp_path / "evidence")]) == 0
    assert capsys.readouterr().out.startswith("# Code changed, and what it makes is no longer")


def test_a_name_is_never_taken_for_an_order(site, tmp_path):
    with pytest.raises(DataError, match="No run '--upload-pack=x' is known"):
        site.gathered("--upload-pack=x", tmp_path / "evidence")


def test_a_wrong_endpoint_is_told_and_costs_no_note(tmp_path, monkeypatch, capsys):
    put(tmp_path / "evidence", *WINDOWS)
    held = yaml.safe_load((PROJECT / "params.yaml").read_text())
    endpoint = {"base_url": "http://models.example/v1", "model": "m", "seed": 7, "temperature": 0}
    prices = {"currency": "EUR", "tokens_in": 0, "tokens_out": 0}
    held["investigating"] |= {"provider": "endpoint", "endpoint": {**endpoint, "prices": prices}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(held))
    monkeypatch.setattr(investigate, "PROJECT", tmp_path)
    monkeypatch.setenv("LEEWAY_MODEL_API_KEY", "a-secret")
    assert investigate.main(["--evidence", str(tmp_path / "evidence")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("# The same rows now end otherwise than the model learned")
    assert "The model was not asked" in out
    assert "Next: set investigating.endpoint.base_url to an https:// address." in err


def test_it_loads_no_heavy_library():
    code = "import sys, include.assistant.investigate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "lancedb", "pydantic_ai", "openai", "mcp", "evidently", "great_expectations"}
    assert not heavy & {*done.stdout.split()}
