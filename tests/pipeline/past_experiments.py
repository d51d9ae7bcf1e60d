"""Writes experiments with git alone: as a run leaves them, as a person makes them, or hostile."""

from pathlib import Path

from small_git import commit, shell

from include.pipeline.git.command import AUTHOR, git
from include.pipeline.past.record import Record, as_line

BASE = "ab" * 20


def start(folder: Path, files: dict[str, str] | None = None) -> Path:
    """A git repository with one commit; no DVC is needed to read a history."""
    shell(folder, "git", "init", "--quiet", "--initial-branch=main")
    (folder / ".dvc").mkdir()
    for name, text in {"dvc.yaml": "stages: {}\n", **(files or {})}.items():
        (folder / name).write_text(text)
    commit(folder)
    return folder


def add(
    repo: Path,
    name: str,
    message: str,
    files: dict[str, str] | None = None,
    at: int = 0,
    base: str = BASE,
) -> str:
    """An experiment of these files."""
    entries = []
    for path, text in (files or {}).items():
        blob = git(repo, "hash-object", "-w", "--stdin", given=text)
        entries.append(f"100644 blob {blob}\t{path}")
    tree = git(repo, "mktree", given="\n".join(entries) + "\n" if entries else "")
    dates = {f"GIT_{who}_DATE": f"@{at} +0000" for who in ("AUTHOR", "COMMITTER")}
    made = git(repo, "commit-tree", tree, "-F", "-", env={**AUTHOR, **dates}, given=message)
    git(repo, "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", made)
    return made


def recorded(**about: object) -> str:
    """The message of a run's experiment."""
    held = {"dag_id": "train", "run_id": "manual__1", "opened": 100.0, **about}
    return f"dvc: commit experiment 0123456789ab\n\n{as_line(Record(**held))}\n"  # type: ignore[arg-type]
