"""What a merge left undecided in the files that DVC reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.errors import PipelineError, at_most_ten
from include.pipeline.git.command import git

READ = ("*.yaml", "*.yml", "*.lock", "*.dvc", "*.json", "*.toml", ".dvcignore", ".dvc/config")


@contextmanager
def blaming_merges(repo: Path) -> Iterator[None]:
    """Where DVC cannot read a repository for the marks of a merge, say so.

    Raises:
        PipelineError: there are such marks; else what was raised inside.
    """
    try:
        yield
    except PipelineError:
        files = conflicts(repo)
        if not files:
            raise
        what = f"A merge left both sides in {at_most_ten(files)}, and DVC can read neither."
        fix = "keep one side of each, without the lines <<<<<<<, ======= and >>>>>>>. Then run "
        fix += "`dvc repro`, which sets dvc.lock right whichever side it is of, and commit."
        raise PipelineError(what, fix) from None


def conflicts(repo: Path) -> list[str]:
    """The files for DVC to read that hold the marks of a merge."""
    marks = [word for mark in ("<<<<<<< ", ">>>>>>> ") for word in ("-e", f"^{mark}")]
    command = ("grep", "--untracked", "--files-with-matches", "--all-match", *marks, "--", *READ)
    return git(repo, *command, check=False).splitlines()
