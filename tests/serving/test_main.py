"""A bento file is served as often as one likes, by the lines that the README says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_bento import ROOT, environment, free_port, lay_out, package

from include.serving.__main__ import main, tag_of

TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with its environment, in which the pipeline made a bento of trees."""
    root = lay_out(tmp_path_factory.mktemp("clone") / "repository", {"xgboost": 1.0})
    package(root, "bento")
    for name in ("include", ".venv"):
        (root / name).symlink_to(ROOT / name)
    return root


@pytest.fixture
def bento(repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(repository / "bento/flight_delays.bento", tmp_path))


def readme_lines() -> str:
    """The lines of the section Serving that a user pastes."""
    section = (ROOT / "README.md").read_text().split("\n## Serving\n")[1]
    return section.split("```bash\n")[1].split("```")[0]


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="the environment is elsewhere")
def test_the_lines_of_the_readme_give_an_answer_also_when_repeated(
    repository: Path, tmp_path: Path
) -> None:
    port = str(free_port())
    lines = readme_lines().replace("3000", port)
    for _ in range(2):
        pasted = subprocess.run(
            ["bash", "-c", lines + "wait"],
            cwd=repository,
            env=environment(tmp_path, BENTOML_PORT=port),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        [answer] = [line for line in pasted.stdout.splitlines() if line.startswith("{")]
        held = json.JSONDecoder().raw_decode(answer)[0]
        assert len(held["predictions"]) == 2, pasted.stderr
        assert held["model"] == tag_of(repository / "bento/flight_delays.bento")
        assert "The token is " in pasted.stdout


def imported(bento: Path, home: Path) -> Path:
    """Import the bento in a process of its own; where it is then."""
    code = "import sys; from pathlib import Path; from include.serving import __main__"
    code += "; print(__main__.imported(Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, bento.name]
    done = subprocess.run(
        command,
        cwd=bento.parent,
        env=environment(home, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return home / "bentos" / done.stdout.splitlines()[-1].replace(":", "/")


def test_a_version_that_is_there_is_kept_if_it_is_whole(bento: Path, tmp_path: Path) -> None:
    held = imported(bento, tmp_path / "home")
    before = held.stat().st_ino
    assert imported(bento, tmp_path / "home").stat().st_ino == before
    model = held / "src/model/xgboost/model.ubj"
    whole = model.read_bytes()
    model.unlink()
    assert imported(bento, tmp_path / "home") == held
    assert model.read_bytes() == whole


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEEWAY_SERVE_TOKEN", TOKEN)


@pytest.mark.usefixtures("token")
def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.bento")]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path}/none.bento does not exist.\n"
        "  Next: run `dvc repro`, which makes it, or `dvc pull` it.\n"
    )


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("kept", [0, 100, 20_000], ids=["empty", "cut early", "cut late"])
def test_a_file_that_is_cut_short_is_named(
    bento: Path, capsys: pytest.CaptureFixture[str], kept: int
) -> None:
    os.truncate(bento, kept)
    assert main([str(bento)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{bento} is no bento that can be read: ")
    assert said.endswith("Next: run `dvc repro`, which makes it, or `dvc pull` it.\n")


def test_without_a_token_nothing_is_imported(
    bento: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LEEWAY_SERVE_TOKEN", raising=False)
    monkeypatch.delenv("LEEWAY_SERVE_OPEN", raising=False)
    assert main([str(bento)]) == 1
    assert capsys.readouterr().err.startswith("The service has no token")
