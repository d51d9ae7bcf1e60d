"""A folder that cannot be run says what it lacks, whatever the command, and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest
from parity import dvc_
from small_git import commit, shell

from include.command.__main__ import main

ALL = ["show", "check", "status", "up", "run"]


def refused(capsys, folder: Path, command: str) -> str:
    """What a command complains of in a folder, where it does nothing."""
    assert main(["--repo", str(folder), command]) == 1
    assert not (folder / ".airflow").exists()
    out, err = capsys.readouterr()
    assert (out, err.startswith(f"{command}: ")) == ("", True)
    return err.removeprefix(f"{command}: ")


@pytest.mark.parametrize("command", ALL)
def test_a_folder_without_git(tmp_path, capsys, command):
    assert refused(capsys, tmp_path, command) == (
        f"{tmp_path} is in no git repository, and a run is of a commit.\n"
        "  Next: run `git init` and `dvc init` in it, or name another folder with --repo.\n"
    )


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert refused(capsys, tmp_path / "none", "show") == (
        f"{tmp_path}/none is not there.\n  Next: name another folder with --repo.\n"
    )


def test_a_repository_of_git_alone(tmp_path, capsys):
    shell(tmp_path, "git", "init", "--quiet")
    assert refused(capsys, tmp_path, "status") == (
        f"{tmp_path} is in no DVC repository.\n"
        "  Next: run `dvc init` in it, or name another folder with --repo.\n"
    )


def test_a_repository_of_dvc_alone(tmp_path, capsys):
    dvc_(tmp_path, "init", "--quiet", "--no-scm")
    (tmp_path / "dvc.yaml").write_text("stages: {one: {cmd: echo > one, outs: [one]}}")
    assert "Next: run `git init` and `dvc config --unset core.no_scm` in it" in refused(
        capsys, tmp_path, "status"
    )
    shell(tmp_path, "git", "init", "--quiet")
    dvc_(tmp_path, "config", "--unset", "core.no_scm")
    assert main(["--repo", str(tmp_path), "status"]) == 0


def test_a_repository_without_a_stage(tmp_path, capsys):
    shell(tmp_path, "git", "init", "--quiet")
    dvc_(tmp_path, "init", "--quiet")
    said = (
        f"The graph of {tmp_path} has no stage.\n"
        "  Next: add one: `dvc stage add --name NAME --outs FILE COMMAND`.\n"
    )
    assert [refused(capsys, tmp_path, command) for command in ALL] == [said] * 5
    (tmp_path / "dvc.yaml").write_text("stages: {}")
    assert refused(capsys, tmp_path, "show") == said


def test_a_repository_without_a_commit_is_shown_and_not_run(tmp_path, capsys):
    shell(tmp_path, "git", "init", "--quiet")
    dvc_(tmp_path, "init", "--quiet")
    dvc_(tmp_path, "stage", "add", "--quiet", "--name", "one", "--outs", "one", "echo > one")
    assert "no commit yet" in refused(capsys, tmp_path, "run")
    for command in ("show", "check", "status"):
        assert main(["--repo", str(tmp_path), command]) == 0
    capsys.readouterr()
    commit(tmp_path)
    assert main(["--repo", str(tmp_path), "run", "--set", "times"]) == 1
    assert "--set times is not NAME=VALUE." in capsys.readouterr().err


def test_a_folder_below_the_root_is_of_its_repository(repo, capsys):
    assert main(["show", "--repo", str(repo / "second"), "prepare"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("prepare ")


def test_help_has_examples_of_each_command(capsys):
    for command in [[], *([name] for name in (*ALL, "down"))]:
        with pytest.raises(SystemExit):
            main([*command, "--help"])
        assert f"\n  leeway {' '.join(command) or 'show'}" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_fault(repo):
    words = [sys.executable, "-m", "include.command", "show", "--repo", str(repo), "--json"]
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -c 1', "-", *words],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[", "")
