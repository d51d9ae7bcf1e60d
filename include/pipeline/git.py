"""The few things that a run asks of git."""

import os
import subprocess
import tempfile
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
    trusted = ["-c", f"safe.directory={repo}"] if os.geteuid() == 0 else []
    return ["git", "-C", str(repo), *trusted, *words]


def git(repo: Path, *words: str, env: dict[str, str] | None = None, check: bool = True) -> str:
    """What git prints.

    Raises:
        PipelineError: git refused.
    """
    done = subprocess.run(
        command(repo, *words),
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        problem = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        what = f"`git {' '.join(words[:3])}` failed in {repo}: {problem}"
        raise PipelineError(what, "mend the repository; `git status` and `git fsck` tell more.")
    return done.stdout.strip()


def pin(repo: Path, message: str) -> tuple[str, bool]:
    """The commit of a run: HEAD, or a snapshot of the working tree where that differs.

    The snapshot is a commit on no branch. It holds changed and new files, but no ignored ones;
    the user's index, branch and files are not touched.
    """
    head = git(repo, "rev-parse", "HEAD")
    if not git(repo, "status", "--porcelain", "--untracked-files=normal"):
        return head, False
    with tempfile.TemporaryDirectory() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index"), **AUTHOR}
        git(repo, "read-tree", "HEAD", env=env)
        git(repo, "add", "--all", env=env)
        tree = git(repo, "write-tree", env=env)
        if tree == git(repo, "rev-parse", "HEAD^{tree}"):
            return head, False
        return git(repo, "commit-tree", tree, "-p", head, "-m", message, env=env), True
