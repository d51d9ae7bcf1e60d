"""The repository that a command works in, or what it lacks to be one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from include.errors import PipelineError
from include.pipeline.git.command import git, top_of

if TYPE_CHECKING:
    from include.pipeline.graph import Plan


def root_of(folder: Path) -> Path:
    """The root of the DVC repository that holds a folder, as DVC finds it; else the folder."""
    folder = folder.resolve()
    above = (folder, *folder.parents)
    return next((place for place in above if (place / ".dvc").is_dir()), folder)


def graph_of(repo: Path) -> Plan:
    """The graph of a repository.

    Raises:
        PipelineError: there is no repository, or no stage in it.
    """
    from include.pipeline.plan import load  # with what takes longer than to read a tag

    see_that_repository(repo)
    plan = load(repo)
    if not any(stage.cmd for stage in plan.stages):
        what = f"The graph of {repo} has no stage."
        raise PipelineError(what, "add one: `dvc stage add --name NAME --outs FILE COMMAND`.")
    return plan


def see_that_repository(repo: Path) -> None:
    """Refuse a folder that is no DVC repository under git.

    Raises:
        PipelineError: it says which of the two is missing.
    """
    if not repo.is_dir():
        raise PipelineError(f"{repo} is not there.", "name another folder with --repo.")
    try:
        top_of(repo)
    except PipelineError:
        what = f"{repo} is in no git repository, and a run is of a commit."
        raise PipelineError(what, f"{begun(repo)}, or name another folder with --repo.") from None
    if not (repo / ".dvc").is_dir():
        what = f"{repo} is in no DVC repository."
        raise PipelineError(what, "run `dvc init` in it, or name another folder with --repo.")


def begun(repo: Path) -> str:
    """How a folder comes under git; DVC is to be told of it if it did without."""
    if (repo / ".dvc").is_dir():
        return "run `git init` and `dvc config --unset core.no_scm` in it"
    return "run `git init` and `dvc init` in it"


def see_that_committed(repo: Path) -> None:
    """Refuse a repository without a commit.

    Raises:
        PipelineError: it has none.
    """
    if not git(repo, "rev-parse", "--verify", "--quiet", "HEAD", check=False):
        what = f"{repo} has no commit yet, and a run is of a commit."
        raise PipelineError(what, "run `git add --all` and `git commit`.")
