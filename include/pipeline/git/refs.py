"""What the refs of a repository are, here or in a remote."""

from pathlib import Path

from include.pipeline.git.command import git


def refs_in(repo: Path, remote: str, *patterns: str) -> dict[str, str]:
    """The refs that match, in a remote, or in this clone if it is empty; their hashes by name."""
    if remote:
        listed = git(repo, "ls-remote", "--refs", "--", remote, *patterns)
    else:
        listed = git(repo, "for-each-ref", "--format=%(objectname)%09%(refname)", *patterns)
    pairs = (line.split("\t") for line in listed.split("\n") if line)
    return {name: digest for digest, name in pairs}


def experiments_in(repo: Path, remote: str) -> dict[str, str]:
    """The commits of experiments by their refs, without those that DVC is at work with."""
    refs = refs_in(repo, remote, "refs/exps/*" if remote else "refs/exps/*/*/*")
    return {ref: commit for ref, commit in refs.items() if ref.count("/") == 4}
