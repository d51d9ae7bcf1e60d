"""What stands in a working tree, as if it were a run; and the commits before it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from include.assistant.investigator.evidence import (
    About,
    Run,
    rank,
    read_json,
    readable,
    unread,
    writable,
)
from include.assistant.investigator.gathering.git import (
    LOCK,
    folder_of,
    lines,
    locks_at,
    locks_in,
    paths,
    projects_in,
)
from include.assistant.investigator.gathering.runs import numbers
from include.assistant.investigator.lineage import stages_of

WORKSPACE = "workspace"
COMMITS = 5  # that are looked at
CACHE = ".dvc/cache/files/md5"  # where DVC keeps what a stage made, by its hash
HASH = re.compile("[0-9a-f]{32}")
Reports = dict[str, dict[str, dict[str, Any]]]


def tree_runs(repo: Path) -> tuple[About, Reports]:
    """The working tree of a repository, and the commits that changed a lockfile."""
    folders = projects_in(repo)
    locks = locks_in(repo, folders)
    read = {
        writable(path.relative_to(repo).as_posix()): read_json(path)
        for folder in folders
        for form in ("reports/**/*.json", "metrics/*.json")
        for path in sorted(folder.glob(form))
    }
    run = reported(Run(name=WORKSPACE, state="closed", stages=stages_of(locks)), read)
    run = run.model_copy(update={"unread": unread(read)})
    reports = {path: one for path, one in readable(read).items() if is_report(path)}
    before = [one for one in commits(repo, locks) if one.stages != run.stages]
    return About(run=WORKSPACE, runs=(run, *before)), {WORKSPACE: reports}


def reported(run: Run, read: Mapping[str, object]) -> Run:
    """A run with what its reports and its files of numbers say.

    Args:
        read: path to content.
    """
    reports = readable(read)
    told = [
        one for path, held in reports.items() if is_report(path) for one in verdicts({path: held})
    ]
    verdict, sentence = min(told, key=lambda one: rank(one[0]), default=("", ""))
    metrics = {
        f"{path}:{name}": value
        for path, held in reports.items()
        if not is_report(path)
        for name, value in numbers(held).items()
    }
    return run.model_copy(update={"verdict": verdict, "sentence": sentence, "metrics": metrics})


def is_report(path: str) -> bool:
    """Whether a path is that of a report, and not of numbers."""
    return "reports" in path.split("/")


def verdicts(reports: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """What reports come to, in their own words."""
    for report in reports.values():
        windows = report.get("windows")
        last = windows[-1] if isinstance(windows, list) and windows else None
        yield from verdict_in(report) or verdict_in(last)


def verdict_in(held: object) -> list[tuple[str, str]]:
    """The state and the sentence that an object has under `verdict`, or at its top; else none."""
    if not isinstance(held, dict):
        return []
    told = held.get("verdict")
    if isinstance(told, str):  # as of gates
        told = {"state": told, "sentence": held.get("reason")}
    told = told if isinstance(told, dict) else held
    state = told.get("state")
    return [(state, str(told.get("sentence") or ""))] if isinstance(state, str) else []


def commits(repo: Path, locks: Mapping[str, Any]) -> Iterator[Run]:
    """The last commits that changed a lockfile, the newest first.

    One is known to have ended well if its reports say so, as the cache of DVC has them.

    Args:
        locks: of the working tree; what git does not keep of them is no change since a commit.
    """
    kept = {folder_of(path) for path in paths(repo, "ls-files", "--", LOCK, f"*/{LOCK}")}
    wanted = ("log", f"-n{COMMITS}", "--format=%H %cI", "--", LOCK, f"*/{LOCK}")
    loose = {folder: lock for folder, lock in locks.items() if folder not in kept}
    for line in lines(repo, *wanted):
        sha, when = line.split(" ", 1)
        held = locks_at(repo, sha)
        read = {
            path: read_json(repo / CACHE / md5[:2] / md5[2:])
            for stage in stages_of(held).values()
            for path, md5 in stage.outs.items()
            if path.endswith(".json") and HASH.fullmatch(md5)
        }
        run = Run(name=f"commit-{sha[:12]}", opened=when, stages=stages_of({**loose, **held}))
        told = reported(run, read)
        yield told.model_copy(update={"state": "closed"}) if told.verdict else told
