"""Which files git tracks, could track, or ignores."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from include.errors import PipelineError
from include.pipeline.git.command import command


def in_git(repo: Path, *patterns: str) -> list[str]:
    """The files of the repository that git tracks, or could: not the ignored ones.

    Raises:
        PipelineError: the folder is in no git repository.
    """
    words = command(repo, "ls-files", "-z", "-co", "--exclude-standard", "--", *patterns)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        what = f"{repo} is not a git repository: {done.stderr.strip()}"
        raise PipelineError(what, "run `git init` and `dvc init` in it, or name another folder.")
    return [name for name in done.stdout.split("\0") if name]


def ignored_of(repo: Path, paths: Sequence[str]) -> set[str]:
    """Those of some paths that git ignores; what it tracks, it does not."""
    words = command(repo, "check-ignore", "-z", "--stdin")
    names = "\0".join(paths).encode()
    done = subprocess.run(words, input=names, capture_output=True, check=False)
    return {name for name in done.stdout.decode().split("\0") if name}


def ignored_below(repo: Path, folders: Sequence[str]) -> list[str]:
    """What git ignores in some folders; a folder as a whole ends with /."""
    words = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    listed = command(repo, "--literal-pathspecs", *words, "--", *folders)
    done = subprocess.run(listed, capture_output=True, check=False)
    return [name for name in done.stdout.decode().split("\0") if name]


def take_from(repo: Path, commit: str, paths: Sequence[str]) -> None:
    """Let files be as a commit has them; absent, if it has not."""
    for path in paths:
        words = command(repo, "restore", f"--source={commit}", "--", path)
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode and os.path.isfile(path):
            os.unlink(path)
