"""The runs of a repository, read from its experiments in git: no other file, no server, no DVC.

An experiment that Leeway made holds a record of its run (see past/record.py). One made by hand, or
by an older version, is read from its files; one that cannot be read says so.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from include.errors import ParamsError
from include.pipeline.cost import Cost
from include.pipeline.cost_settings import NONE, costs_in
from include.pipeline.cost_words import of_run
from include.pipeline.git.command import git
from include.pipeline.git.objects import objects
from include.pipeline.git.refs import experiments_in
from include.pipeline.graph import CLOSE, OPEN
from include.pipeline.params_file import DEFAULT
from include.pipeline.past.by_hand import Files, files_of
from include.pipeline.past.record import record_in

Kind = Literal["run", "older", "by hand", "broken"]  # older: of a Leeway that wrote no record
NOWHERE = datetime.fromtimestamp(0, UTC)
OF_RUN = re.compile(r"([^.]+)\.((?:manual|scheduled|backfill|asset_triggered)__.+)")
LONG_AGO = 200  # runs
OPENED = re.compile(r'"opened": (\d+(?:\.\d+)?)')
LAST_MOMENT = 253_402_300_799  # that a date can be of: the end of the year 9999


@dataclass(frozen=True)
class PastRun:
    """One run that has ended, as its experiment has it."""

    name: str  # of the experiment
    commit: str
    dag_id: str = ""  # empty if it is of no DAG
    run_id: str = ""
    created: datetime = NOWHERE  # when it was opened; of one by hand, when it was saved
    params: dict[str, Any] = field(default_factory=dict)  # that its stages were made from, by name
    metrics: dict[str, float] = field(default_factory=dict)  # metrics/drift.json:auc
    cost: dict[str, Cost] = field(default_factory=dict)  # by stage, where it was measured
    kind: Kind = "run"
    problem: str = ""  # what cannot be read of it


def past_runs(repo: Path, dag_id: str | None = None) -> list[PastRun]:
    """The runs of a repository, or of one of its DAGs, the newest first.

    A run that was begun anew from another commit is the newest of its experiments.
    Reads what this clone has: `git fetch origin 'refs/exps/*:refs/exps/*'` brings those of others.
    """
    refs = experiments_in(repo, "")
    texts = texts_of(repo, refs)
    found = {ref: run_in(ref, sha, texts.get(sha)) for ref, sha in refs.items()}
    bare = [run.commit for run in found.values() if run.kind in ("older", "by hand")]
    files = files_of(repo, bare) if bare else {}
    runs = [with_files(run, files) for run in found.values()]
    chosen = [run for run in runs if dag_id in (None, run.dag_id)]
    return once(sorted(chosen, key=lambda run: (run.created, run.name), reverse=True))


def texts_of(repo: Path, refs: Mapping[str, str]) -> dict[str, str]:
    """The texts of the commits of experiments, by commit; not of one that this clone lacks."""
    commits = objects(repo, [*refs.values()])
    return {sha: content.decode(errors="replace") for sha, (_, content) in commits.items()}


def once(runs: Iterable[PastRun]) -> list[PastRun]:
    """Each run once, of several experiments the first."""
    found: dict[tuple[str, ...], PastRun] = {}
    for run in runs:
        of_run = (run.dag_id, run.run_id) if run.run_id else (run.commit,)
        found.setdefault((run.name, *of_run), run)
    return list(found.values())


def run_in(ref: str, commit: str, text: str | None) -> PastRun:
    """What the commit of an experiment says of its run."""
    name = ref.rsplit("/", 1)[-1]
    if text is None:
        problem = "its commit is not in this repository, or is damaged"
        return PastRun(name, commit, kind="broken", problem=problem)
    head, _, message = text.partition("\n\n")
    if (record := record_in(message)) is None:
        dag_id, run_id = named.groups() if (named := OF_RUN.fullmatch(name)) else ("", "")
        kind: Kind = "older" if dag_id else "by hand"
        return PastRun(name, commit, dag_id, run_id, moment(saved_at(head)), kind=kind)
    return PastRun(
        name,
        commit,
        record.dag_id,
        record.run_id,
        moment(record.opened or saved_at(head)),
        record.params,
        record.metrics,
        record.cost,
    )


def with_files(run: PastRun, files: Mapping[str, Files]) -> PastRun:
    """A run that has no record, with what its files say."""
    return replace(run, **vars(files[run.commit])) if run.commit in files else run


def saved_at(head: str) -> float:
    """When a commit was made, in seconds since 1970; 0 if it does not say."""
    line = next((line for line in head.splitlines() if line.startswith("committer ")), "")
    words = line.rsplit(" ", 2)
    return float(words[1]) if len(words) == 3 and words[1].isdigit() else 0.0


def moment(seconds: float) -> datetime:
    """A time that can be shown, whatever a commit says."""
    if not 0 <= seconds <= LAST_MOMENT:  # not so of NaN
        return NOWHERE
    return datetime.fromtimestamp(seconds, UTC)


def last_costs(repo: Path, stages: Collection[str]) -> dict[str, Cost]:
    """What stages took when their commands were run the last time, where that was measured.

    No more records are read than it takes, and none of runs that are so long ago.
    """
    texts = texts_of(repo, experiments_in(repo, "")) if stages else {}
    found: dict[str, Cost] = {}
    for text in sorted(texts.values(), key=opened_at, reverse=True)[:LONG_AGO]:
        record = record_in(text)
        for stage, cost in record.cost.items() if record else ():
            if cost.ran and stage in stages:
                found.setdefault(stage, cost)
        if len(found) == len(stages):
            break
    return found


def opened_at(text: str) -> float:
    """When a run was opened, by its commit, of which no more is read; 0 if it does not say."""
    found = OPENED.search(text)
    return float(found[1]) if found else 0.0


def past_run(repo: Path, name: str) -> PastRun | None:
    """The run of an experiment, of several of its name the newest; None if there is none."""
    refs = {r: c for r, c in experiments_in(repo, "").items() if r.rsplit("/", 1)[-1] == name}
    texts = texts_of(repo, refs)
    runs = (run_in(ref, sha, texts.get(sha)) for ref, sha in refs.items())
    return max(runs, key=lambda run: run.created, default=None)


def idle_in(cost: Mapping[str, Cost]) -> list[str]:
    """The stages of a run that had nothing to do."""
    return [part for part, one in cost.items() if not one.ran and part not in (OPEN, CLOSE)]


def saved(runs: Sequence[PastRun]) -> list[dict[str, Cost]]:
    """What the stages that a run did not have to run took when they ran the last time before.

    Args:
        runs: the newest first, as is what is returned.
    """
    known: dict[str, Cost] = {}
    found = []
    for run in reversed(runs):
        found.append({stage: known[stage] for stage in idle_in(run.cost) if stage in known})
        known |= {stage: cost for stage, cost in run.cost.items() if cost.ran}
    return found[::-1]


def cost_in_words(repo: Path, name: str) -> str:
    """What the run of an experiment took, saved, and has beyond the budget that it had itself."""
    run = past_run(repo, name)
    if run is None or not run.cost:
        return ""
    problem, rules = "", NONE
    try:
        rules = costs_in(git(repo, "show", f"{run.commit}:./{DEFAULT}", check=False))
    except ParamsError as error:
        problem = error.what
    idle = last_costs(repo, idle_in(run.cost))
    return f"{of_run(run.cost, idle, rules)} {problem}".strip()
