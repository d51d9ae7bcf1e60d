"""Bring the experiments of others to this clone."""

from pathlib import Path

from include.pipeline.git.command import git
from include.pipeline.git.refs import experiments_in


def fetch_experiments(repo: Path, remote: str) -> int:
    """Fetch the experiments that this clone lacks or has otherwise, and return how many.

    Those of all DAGs: by its name, an experiment need not tell of which DAG it is. Nothing where
    there is no remote, "".

    Only experiments: what DVC keeps beside them, of runs at work, is each clone's own.

    Raises:
        PipelineError: the remote cannot be reached.
    """
    if not remote:
        return 0
    here, there = experiments_in(repo, ""), experiments_in(repo, remote)
    refs = [f"+{ref}:{ref}" for ref, commit in there.items() if here.get(ref) != commit]
    if refs:
        words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--stdin")
        git(repo, *words, "--", remote, given="\n".join(refs) + "\n")
    return len(refs)
