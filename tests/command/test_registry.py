"""`leeway registry` answers in a table or as JSON, and says what to do where it cannot."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_git import commit, shell

from include.command.__main__ import main
from include.pipeline.registry.tags import read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(repo, capsys):
    """What a command says, where it ends well; the small repository has two experiments."""
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(f"{text}artifacts:\n  parts: {{path: parts, type: data}}\n")
    shell(repo, "dvc", "repro", "--quiet", "prepare")
    commit(repo, "made")
    shell(repo, "git", "config", "user.name", "Ann")
    sha = shell(repo, "git", "rev-parse", "HEAD").strip()
    for name in ("first", "second"):
        shell(repo, "git", "config", "user.email", f"{name}@localhost")
        made = shell(repo, "git", "commit-tree", "HEAD^{tree}", "-p", sha, "-m", name).strip()
        shell(repo, "git", "update-ref", f"refs/exps/{sha[:2]}/{sha[2:]}/{name}", made)

    def ask(*words: str) -> str:
        assert main(["--repo", str(repo), "registry", *words]) == 0
        return capsys.readouterr().out

    return ask


def test_a_model_goes_live_and_back(repo, said):
    assert said("show") == "parts has no version yet.\n"
    assert said("history") == "No version of parts was promoted yet.\n"
    assert said("live") == "No version of parts was champion.\n"
    assert said("register", "first").startswith("parts v0.0.1 is ")
    assert said("register", "second", "--version", "v0.1.0").startswith("parts v0.1.0 is ")
    assert said("promote", "v0.0.1") == "champion of parts is v0.0.1\n"
    assert said("promote", "v0.1.0", "--because", "two more") == "champion of parts is v0.1.0\n"
    assert said("rollback") == "champion of parts is v0.0.1\n"
    lines = [line.split() for line in said("show").splitlines()]
    assert [line[:2] for line in lines[1:]] == [
        ["v0.1.0", read(repo, "parts").versions[1].commit[:10]],
        ["v0.0.1", "champion"],
    ]
    history = [line.split("  ") for line in said("history").splitlines()[1:]]
    assert [(parts[1], parts[-1]) for parts in history] == [
        ("v0.0.1", "a rollback"),
        ("v0.1.0", "two more"),
        ("v0.0.1", "Ann"),
    ]
    commit = read(repo, "parts").version("v0.0.1").commit
    assert said("live") == f"v0.0.1 {commit}\n"
    assert said("live", "--on", "2013-11-30") == "No version of parts was champion.\n"


def test_a_reason_keeps_to_its_line_and_programs_get_it_as_it_was(said):
    said("register", "first")
    made = json.loads(said("promote", "v0.0.1", "--because", "a\nb \x1b[31m", "--json"))
    assert (made["version"], made["stages"]) == ("v0.0.1", ["champion"])
    assert said("history").splitlines()[1].endswith("a b  [31m")
    assert json.loads(said("history", "--json"))[0]["because"] == "a\nb \x1b[31m"


def test_a_challenger_is_rolled_back_and_the_champion_stays(said):
    said("register", "first")
    said("register", "second")
    for version in ("v0.0.1", "v0.0.2"):
        said("promote", version, "--stage", "challenger")
    said("promote", "v0.0.2")
    said("promote", "v0.0.1", "--stage", "challenger")
    assert said("live").startswith("v0.0.2 ")
    said("promote", "v0.0.2", "--stage", "challenger")
    assert said("rollback", "--stage", "challenger") == "challenger of parts is v0.0.1\n"
    assert said("live").startswith("v0.0.2 ")


def test_who_promotes_without_having_seen_the_last_promotion_is_told(repo, said, tmp_path, capsys):
    bare, other = tmp_path / "bare.git", tmp_path / "other"
    shell(repo, "git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    shell(repo, "git", "remote", "add", "origin", str(bare))
    shell(repo, "git", "push", "--quiet", "origin", "HEAD:main")
    said("register", "first")
    said("register", "second")
    shell(tmp_path, "git", "clone", "--quiet", str(bare), str(other))
    said("promote", "v0.0.1")
    words = ["--repo", str(other), "registry", "promote", "v0.0.2"]
    assert main(words) == 1
    assert "Somebody else was first: the champion of parts is v0.0.1 now" in capsys.readouterr().err
    assert main(words) == 0  # it has seen it now
    assert capsys.readouterr().out == "champion of parts is v0.0.2\n"
    assert said("live", "--fetch").startswith("v0.0.2 ")


def test_what_made_a_version_is_told_for_people_and_whole_for_programs(said):
    said("register", "first")
    made = json.loads(said("made", "v0.0.1", "--json"))
    assert sorted(made["files"]) == ["parts", "parts/left.txt", "parts/right.txt", "source.txt"]
    assert json.loads(said("made", "v0.0.1"))["files"] == "4: `leeway registry made --json`"
    found = said("used", "parts/left.txt").splitlines()
    assert found[1].split() == ["v0.0.1", "parts/left.txt"]
    assert said("used", "none.txt") == "No version of parts was made from none.txt.\n"
    assert json.loads(said("used", made["files"]["source.txt"], "--json")) == {
        "v0.0.1": ["parts/left.txt", "parts/right.txt", "source.txt"]
    }


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["show"], "declares no artifacts.\n  Next: add one to dvc.yaml: `artifacts: {NAME: "),
        (["show", "--artifact", "x"], "declares no artifact 'x'.\n  Next: name one of those that"),
        (["used", "abc", "--artifact", "x"], "declares no artifact 'x'."),
        (["made"], "`registry made` needs a VERSION: as v0.0.3.\n  Next: see `leeway registry"),
        (["show", "it"], "`registry show` takes no name, and got 'it'.\n  Next: see `leeway reg"),
    ],
    ids=["no artifact", "none such", "none such again", "no version", "a name too many"],
)
def test_what_is_missing_is_said(repo, capsys, words, problem):
    assert main(["--repo", str(repo), "registry", *words]) == 1
    assert problem in capsys.readouterr().err


def test_several_artifacts_have_to_be_named(repo, capsys):
    text = "artifacts:\n  b: {path: b}\n  a: {path: a}\n"
    (repo / "second/dvc.yaml").write_text((repo / "second/dvc.yaml").read_text() + text)
    assert main(["--repo", str(repo), "registry", "show"]) == 1
    assert capsys.readouterr().err.endswith(
        "declares 2 artifacts: second:a, second:b.\n  Next: name one with --artifact.\n"
    )
    assert main(["--repo", str(repo), "registry", "show", "--artifact", "second:a"]) == 0
    assert capsys.readouterr().out == "second:a has no version yet.\n"


def test_reading_takes_neither_dvc_nor_the_graph(repo, said):
    code = (
        "import sys; from include.command.__main__ import main\n"
        "main(['--repo', sys.argv[1], 'registry', 'show']); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(repo)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("parts has no version yet.\n")
    assert not {"dvc", "pydantic", "httpx", "psutil", "include.pipeline.graph"} & {
        *done.stdout.split()
    }


@pytest.mark.parametrize("words", [["run", "show"], ["show"], []], ids=["run", "show", "none"])
def test_a_folder_with_the_name_of_a_command_is_a_folder(tmp_path, capsys, words):
    with pytest.raises(SystemExit):
        main(["--repo", "run", *words, "--help"])
    assert f"usage: leeway {' '.join(words[:1])}".strip() in capsys.readouterr().out
