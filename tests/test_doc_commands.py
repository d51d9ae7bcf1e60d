"""Each page can be followed from its top to its end: what it says to type works, in a fresh shell.

A page has a copy of this tree to itself, with the first two stages and one month of flights. Blocks that name a file
are put there; commands run one after the other, each in a new shell; where a page shows what
a command prints, it prints that, whatever the numbers are.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from doc_commands import SHORTER, VALUES, elsewhere
from doc_pages import PAGES, ROOT, Block, Command, followed, put
from real_processes import at_work_in, wait_until
from small_git import AUTHOR, shell

from include.pipeline.git.snapshot import pin

EXPECTED = "  Next:"  # what is shown of a command that is to fail
STAGES = ("ingest_flights", "validate_flights")
LONGEST_S = 120
COMMAND = """#!{python}
import sys
sys.path.insert(0, {tree!r})
from include.command.__main__ import main
raise SystemExit(main())
"""


class Reader:
    """Somebody who follows a page in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        places = [folder.parent / "bin", Path(sys.executable).parent, "/usr/bin", "/bin"]
        self.environment = {
            "PATH": ":".join(map(str, places)),
            "HOME": str(folder.parent / "home"),
            "LANG": "C.UTF-8",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
            # Whatever a page says: nothing is built or installed here.
            "MAKEFLAGS": "--dry-run",
            "PIP_DRY_RUN": "1",
        }
        for name in ("home", "bin"):
            (folder.parent / name).mkdir(exist_ok=True)
        command = folder.parent / "bin/leeway"  # as `make setup` makes it
        command.write_text(COMMAND.format(python=sys.executable, tree=str(folder)))
        command.chmod(0o755)
        self.type("git config --global user.name A && git config --global user.email a@localhost")

    def type(self, text: str) -> tuple[int, str]:
        """The status of a new shell with some lines, and what it prints."""
        process = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", text],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=LONGEST_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(AssertionError):
                wait_until(lambda: not at_work_in(self.folder), 2)
            left = at_work_in(self.folder)
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert not left, f"{text} leaves processes behind: name it in doc_commands.py"
        return process.returncode, said

    def do(self, command: Command) -> None:
        """Type a command of a page, and see that it does as the page says."""
        if elsewhere(command):
            return
        text = SHORTER.get(command.text, command.text)
        for name, value in VALUES.items():
            text = re.sub(rf"\b{name}\b", value, text)
        status, said = self.type(text)
        fails = any(line.startswith(EXPECTED) for line in command.shown)
        assert (status != 0) == fails, f"{command}\n{said}"
        rest = iter([masked(line) for line in said.splitlines()])
        for line in command.shown:
            assert line.strip() == "..." or masked(line) in rest, f"{line}\n{said}"


def masked(line: str) -> str:
    """A line of output without its numbers: another month has others."""
    return " ".join(re.sub(r"[\d,.]*\d", "0", line).split())


def save(folder: Path, message: str) -> None:
    """Commit what git tracks."""
    shell(folder, "git", *AUTHOR, "commit", "--quiet", "--all", "--message", message)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this tree in which one month has been ingested and checked, and a run saved."""
    folder = tmp_path_factory.mktemp("pages") / "leeway"
    commit, _ = pin(ROOT, "What the tests test")
    shell(ROOT, "git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(folder))
    shell(folder, "git", "checkout", "--quiet", "-b", "page", commit)
    (folder / ".venv").unlink(missing_ok=True)
    (folder / ".venv").symlink_to(sys.prefix)
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace('end: "2014-01-01"', 'end: "2013-02-01"'))
    graph = yaml.safe_load((folder / "dvc.yaml").read_text())
    graph["stages"] = {name: graph["stages"][name] for name in STAGES}
    (folder / "dvc.yaml").write_text(yaml.safe_dump(graph, sort_keys=False))
    (folder / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    for other in (folder / "include").rglob("dvc.yaml"):  # of a project beside it
        other.unlink()
    save(folder, "One month")
    status, said = Reader(folder).type("dvc exp run --name by-hand validate_flights")
    assert status == 0, said
    save(folder, "What it made")
    shell(folder, "git", "update-ref", "refs/leeway/runs/by-hand", "HEAD")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_can_be_followed_from_its_top_to_its_end(page, tree, tmp_path):
    folder = Path(shutil.copytree(tree, tmp_path / "leeway", symlinks=True))
    reader = Reader(folder)
    for part in followed(page):
        if isinstance(part, Block):
            put(folder, part)
        else:
            reader.do(part)
