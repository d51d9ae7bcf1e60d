"""Find an experiment by its name, here or in the remote."""

from pathlib import Path

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.git.command import git
from include.pipeline.git.refs import experiments_in


def commit_of(repo: Path, experiment: str, remote: str) -> str:
    """The commit of an experiment; it is fetched if only the remote has it.

    Args:
        experiment: its name, or at least seven letters of its commit.

    Raises:
        PipelineError: nobody has it, or several of the name are different.
    """
    here = experiments_in(repo, "")
    everywhere = {**(experiments_in(repo, remote) if remote else {}), **here}
    found = {ref: sha for ref, sha in everywhere.items() if is_meant(experiment, ref, sha)}
    if len({*found.values()}) > 1:
        commits = at_most_ten(sorted(sha[:10] for sha in {*found.values()}))
        what = f"{len({*found.values()})} experiments are called {experiment!r}: {commits}."
        raise PipelineError(what, "name the commit of one: `dvc exp show` has their params.")
    if not found:
        names = sorted({ref.rsplit("/", 1)[1] for ref in everywhere})
        what = f"There is no experiment {experiment!r}.{did_you_mean(experiment, names)}"
        raise PipelineError(what, f"name one of {at_most_ten(names)}." if names else "run the DAG.")
    ref, commit = next(iter(found.items()))
    if ref not in here:
        git(repo, "fetch", "--quiet", "--no-tags", "--", remote, f"+{ref}:{ref}")
    return commit


def is_meant(experiment: str, ref: str, commit: str) -> bool:
    """Whether a name, or the beginning of a hash, is that of an experiment."""
    hashed = len(experiment) >= 7 and commit.startswith(experiment)
    return hashed or ref.rsplit("/", 1)[1] == experiment
