"""The few things that a run asks of git."""

import os
import subprocess
from pathlib import Path

from include.errors import PipelineError

AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Leeway"), ("EMAIL", "leeway@localhost"))
}


def command(repo: Path, *words: str) -> list[str]:
    """How git is called in a repository."""
    # A workspace may belong to the user of containers; its .git never does.
    trusted = ["-c", "safe.directory=*"] if os.geteuid() == 0 else []
    return ["git", "-C", str(repo), *trusted, *words]


def git(
    repo: Path,
    *words: str,
    env: dict[str, str] | None = None,
    check: bool = True,
    given: str | None = None,
) -> str:
    """What git prints.

    Args:
        given: what it reads.

    Raises:
        PipelineError: git refused.
    """
    done = subprocess.run(
        command(repo, *words),
        env={**os.environ, **(env or {})},
        input=given,
        capture_output=True,
        text=True,
        errors="replace",  # names may be of any encoding
        check=False,
    )
    if check and done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        telling = [line for line in said if line.startswith(("remote: ", "fatal: ", "error: "))]
        problem = "; ".join(telling[:3] or said[-1:])
        what = f"`git {' '.join(words[:3])}` failed in {repo}: {problem}"
        raise PipelineError(what, "mend the repository; `git status` and `git fsck` tell more.")
    return done.stdout.strip()


def parts(repo: Path, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """The entries that git prints with -z."""
    return [entry for entry in git(repo, *words, env=env).split("\0") if entry]


def top_of(repo: Path) -> Path:
    """The root of git's working tree, which may lie above that of DVC.

    Raises:
        PipelineError: the folder is in no git repository.
    """
    return Path(git(repo, "rev-parse", "--show-toplevel"))


def objects_of(repo: Path) -> Path:
    """Where a repository holds its objects: a worktree or submodule has them elsewhere."""
    return Path(git(repo, "rev-parse", "--path-format=absolute", "--git-path", "objects"))


def lent(objects: Path) -> list[Path]:
    """The folders of objects that others lend to this one, and those lent to them in turn."""
    file = objects / "info" / "alternates"
    lines = file.read_text().splitlines() if file.exists() else []
    found = [objects / line for line in lines if line and not line.startswith("#")]
    return list(dict.fromkeys([*found, *(more for place in found for more in lent(place))]))
