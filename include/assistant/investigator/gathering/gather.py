"""Gather the evidence of a run into a folder: only files are read, and nothing else is written."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from include.assistant.investigator import evidence
from include.assistant.investigator.evidence import (
    About,
    Alert,
    Run,
    read_json,
    readable,
    unread,
    writable,
)
from include.assistant.investigator.gathering import logs as task_logs
from include.assistant.investigator.gathering.git import locks_at
from include.assistant.investigator.gathering.runs import Known, known_runs, moment, number
from include.assistant.investigator.gathering.tree import WORKSPACE, tree_runs
from include.assistant.investigator.lineage import stages_of
from include.errors import DataError, at_most_ten, did_you_mean

RUNS = 30  # of a DAG that are listed
FILES = 200  # reports of a run that are read
Logs = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Places:
    """Where runs leave what they leave.

    Args:
        repo: root of the repository, with its experiments.
        home: where runs keep their workspaces and reports: [leeway] home.
        logs: where Airflow keeps the logs of tasks.
    """

    repo: Path
    home: Path
    logs: Path

    @classmethod
    def of(cls, repo: Path, home: Path | None, logs: Path | None) -> "Places":
        """Those that are named, else those that the environment or the repository has."""
        airflow = Path(os.environ.get("AIRFLOW_HOME") or repo / ".airflow")
        own = os.environ.get("AIRFLOW__LEEWAY__HOME")
        base = os.environ.get("AIRFLOW__LOGGING__BASE_LOG_FOLDER")
        return cls(
            repo,
            home or Path(own or airflow / "leeway"),
            logs or Path(base or airflow / "logs"),
        )


def gather(places: Places, name: str, folder: Path, failed: bool = False) -> None:
    """Write the evidence of a run; without a name, of the newest one that is in trouble.

    Args:
        failed: whether the run that is named is known to have failed, whatever its logs say.

    Raises:
        DataError: there is no such run, or none at all.
    """
    known = known_runs(places.repo, places.home, places.logs)
    if name == WORKSPACE or not (name or known):
        about, reports = tree_runs(places.repo)
        evidence.write(folder, about, reports, {})
        return
    now = chosen(known, name)
    beside = [one for one in known if one.dag_id == now.dag_id]
    from_now = [one.at_last for one in beside[beside.index(now) :][:RUNS]]
    from_now[0] = from_now[0].as_failed if failed and name else from_now[0]
    said: Logs = {now.name: task_logs.texts(now.logs)} if now.logs else {}
    runs = [run_of(one) for one in from_now]
    # Of two good runs it is seen what changes each time.
    full = {now.name, *[run.name for run in runs[1:] if run.good][:2]}
    # One that failed has reported nothing: what was seen before it is the last that is known.
    told = [one for one in from_now if one.reports][:1]
    read = {one.name: reports_in(one.reports) for one in told}
    seen = [
        run.model_copy(
            update={
                "stages": lineage_of(places, one) if run.name in full else {},
                "unread": unread(read.get(run.name, {})),
            }
        )
        for run, one in zip(runs, from_now, strict=True)
    ]
    about = About(run=now.name, runs=tuple(seen), alerts=tuple(alerts(places.home)))
    reports = {name: readable(held) for name, held in read.items()}
    evidence.write(folder, about, reports, said)


def chosen(known: Sequence[Known], name: str) -> Known:
    """The run of a name; without one, the newest in trouble, else the newest.

    Raises:
        DataError: there is none, or there are several.
    """
    if not name:
        return next((one for one in known if in_trouble(one)), known[0])
    named = [one for one in known if name in (one.name, f"{one.dag_id}.{one.run_id}")]
    if len(found := named[:1] or [one for one in known if one.run_id == name]) == 1:
        return found[0]
    if found:
        what = f"{len(found)} runs have the id {name!r}: {at_most_ten(one.name for one in found)}."
        raise DataError(what, "name one of them.")
    hint = did_you_mean(name, [one.name for one in known])
    what = f"No run {name!r} is known, of {len(known)}.{hint}"
    raise DataError(what, f"see `leeway history`, or give {WORKSPACE} for the working tree.")


def in_trouble(known: Known) -> bool:
    """Whether a run failed, or its reports tell of trouble; one that still runs is in none."""
    run = run_of(known.at_last)
    return run.state != "unknown" and not run.good


def run_of(known: Known) -> Run:
    """A run as evidence, without its lineage."""
    closed = bool(known.commit or known.reports)
    return Run(
        name=known.name,
        dag_id=known.dag_id,
        run_id=known.run_id,
        opened=known.since,
        state="failed" if known.failed else "closed" if closed else "unknown",
        verdict=known.verdict,
        sentence=known.sentence,
        metrics=dict(known.metrics),
    )


def lineage_of(places: Places, known: Known) -> dict[str, evidence.Stage]:
    """What the stages of a run were made from; of one that is not closed, nobody knows."""
    return stages_of(locks_at(places.repo, known.commit)) if known.commit else {}


def reports_in(folder: Path | None) -> dict[str, object]:
    """The JSON that a run published; None for what cannot be read."""
    paths = [] if folder is None else sorted(folder.rglob("*.json"))[:FILES]
    own = [path for path in paths if not path.is_symlink()]
    return {writable(path.relative_to(folder or path).as_posix()): read_json(path) for path in own}


def alerts(home: Path) -> list[Alert]:
    """The incidents that were told of and are open, the oldest first."""
    path = home / "alerts.db"
    if not path.is_file():
        return []
    wanted = "SELECT title, details, since FROM incidents ORDER BY since, key LIMIT 50"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
            rows = file.execute(wanted).fetchall()
    except sqlite3.DatabaseError:
        return []
    return [
        Alert(title=str(title), details=str(said or ""), since=moment(number(since) or 0.0))
        for title, said, since in rows
    ]
