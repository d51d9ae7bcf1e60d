"""What stands in a working tree, as if it were a run; and the commits before it as good ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from include.assistant.investigator.evidence import About, Run, rank, read_json
from include.assistant.investigator.gathering.git import lines, locks_at, locks_in
from include.assistant.investigator.gathering.runs import numbers
from include.assistant.investigator.lineage import stages_of

WORKSPACE = "workspace"
COMMITS = 5  # that are looked at
Reports = dict[str, dict[str, dict[str, Any]]]


def tree_runs(repo: Path) -> tuple[About, Reports]:
    """The working tree of a repository, and the commits that changed a lockfile."""
    locks = locks_in(repo)
    now, metrics = stages_of(locks), dict[str, float]()
    reports: dict[str, object] = {}
    for folder in locks:
        for path in sorted((repo / folder).glob("reports/**/*.json")):
            reports[path.relative_to(repo).as_posix()] = read_json(path)
        for path in sorted((repo / folder).glob("metrics/*.json")):
            name = path.relative_to(repo).as_posix()
            metrics |= {f"{name}:{key}": held for key, held in numbers(read_json(path)).items()}
    held = {name: one for name, one in reports.items() if isinstance(one, dict)}
    verdict, sentence = min(verdicts(held), key=lambda one: rank(one[0]), default=("", ""))
    run = Run(
        name=WORKSPACE,
        state="closed",
        verdict=verdict,
        sentence=sentence,
        metrics=metrics,
        stages=now,
    )
    before = [one for one in commits(repo) if one.stages != now]
    return About(run=WORKSPACE, runs=(run, *before)), {WORKSPACE: held}


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


def commits(repo: Path) -> Iterator[Run]:
    """The last commits that changed a lockfile, the newest first."""
    wanted = ("log", f"-n{COMMITS}", "--format=%H %cI", "--", "dvc.lock", "*/dvc.lock")
    for line in lines(repo, *wanted):
        sha, when = line.split(" ", 1)
        stages = stages_of(locks_at(repo, sha))
        yield Run(name=f"commit-{sha[:12]}", opened=when, state="closed", stages=stages)
