"""The answers to requests for reports: what a user may see, or nothing at all."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dvc_reports_access import home_of, may_read, opened, readable, ticket
from dvc_reports_list import address, run_list, state_of
from dvc_reports_run import paths_of, run_page
from dvc_reports_runs import Seen, pipelines, published, runs_of

from include.pages.runs.content import Filters, RunList
from include.pipeline.workspace import reports_of

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
SANDBOX = {
    **ALWAYS,
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'self' data: blob: "
    "'unsafe-inline' 'unsafe-eval'",
}
OURS = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
# What a browser would rather save than show.
AS_TEXT = (".csv", ".tsv", ".md", ".yaml", ".txt")
NOT_FOUND = "There is no such run, or it is not yours to read."
NO_REPORT = "This run has no such report."
OLD = "This address of a report is too old. Open the report again from the page of its run."


class Hidden(Exception):
    """What a user is told of nothing."""

    def __init__(self, told: str, status: int = 404) -> None:
        super().__init__(told)
        self.told, self.status = told, status


@dataclass(frozen=True)
class Answer:
    """A page of our own, a file in a sandbox, or another address beside the pages."""

    page: str = ""
    file: Path | None = None
    elsewhere: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str | None:
        """The type of a file, where a browser is not to guess it from its name."""
        return "text/plain" if self.file and self.file.suffix in AS_TEXT else None


def all_runs(session: Any, user: Any, query: Mapping[str, str]) -> Answer:
    """The list of the runs that a user may read.

    Raises:
        Hidden: it is asked for a DAG that is not one of theirs.
    """
    home, dag_id = home_of(), query.get("dag_id", "")
    dags = readable(user, pipelines(home, session))
    if dag_id and dag_id not in dags and not may_read(user, dag_id):
        raise Hidden(NOT_FOUND)
    runs = runs_of(session, home, [dag_id] if dag_id else dags)
    since, until = (day(query.get(name, "")) for name in ("since", "until"))
    states = sorted({state_of(run) for run in runs})
    filters = Filters(
        dag_id, query.get("task_id", ""), since, until, query.get("state", ""), dags, states
    )
    number = query.get("page", "1")
    page = int(number) if re.fullmatch("[1-9][0-9]{0,5}", number, re.ASCII) else 1
    return ours(run_list(runs, home, filters, page, bool(query.get("whole"))).html)


def drawn(session: Any) -> Answer:
    """The list of all runs, for nobody."""
    home = home_of()
    runs = runs_of(session, home, pipelines(home, session))
    return ours(run_list(runs, home, Filters()).html)


def one_run(session: Any, user: Any, query: Mapping[str, str]) -> Answer:
    """The page of a run, or one of its reports in a frame."""
    dag_id, run_id = query.get("dag_id", ""), query.get("run_id", "")
    run, task_id = run_here(session, user, dag_id, run_id), query.get("task_id", "")
    show = query.get("show", "") if query.get("show") in paths_of(run, home_of(), task_id) else ""
    before = None if show else the_one_before(run, runs_of(session, home_of(), [dag_id]))
    opens = ticket(user, dag_id, run_id)
    return ours(run_page(run, before, home_of(), opens, task_id, show).html)


def by_ticket(session: Any, signed: str, path: str) -> Answer:
    """A report, for whoever it was opened to.

    Raises:
        Hidden: the ticket is too old or forged, its user may read the run no more, or the run has
            no such report.
    """
    held = opened(signed)
    if held is None:
        raise Hidden(OLD, 401)
    user, dag_id, run_id = held
    return Answer(file=file_of(run_here(session, user, dag_id, run_id), path), headers=SANDBOX)


def by_path(session: Any, user: Any, dag_id: str, run_id: str, path: str) -> Answer:
    """Where the report at a path is opened; without one, the page of the run."""
    run = run_here(session, user, dag_id, run_id)
    if not path:
        return Answer(elsewhere=address("run", dag_id=dag_id, run_id=run_id), headers=ALWAYS)
    folder = reports_of(home_of(), dag_id, run_id).resolve()
    name = quote(file_of(run, path).relative_to(folder).as_posix())
    return Answer(elsewhere=f"./~/{ticket(user, dag_id, run_id)}/{name}", headers=ALWAYS)


def file_of(run: Seen, path: str) -> Path:
    """A file of the reports of a run.

    Raises:
        Hidden: it is none.
    """
    card = published(home_of(), run)
    folder = reports_of(home_of(), run.dag_id, run.run_id)
    found = inside(folder, path) if card.published else None
    if found is None:
        raise Hidden(NO_REPORT)
    return found


def run_here(session: Any, user: Any, dag_id: str, run_id: str) -> Seen:
    """A run that there is, and that a user may read.

    Raises:
        Hidden: it is not so, and nobody is told which.
    """
    known = bool(dag_id and run_id) and may_read(user, dag_id)
    found = runs_of(session, home_of(), [dag_id], run_id) if known else []
    if not found:
        raise Hidden(NOT_FOUND)
    return found[0]


def the_one_before(run: Seen, runs: Sequence[Seen]) -> Seen | None:
    """The run of the same DAG before one that has an experiment to compare with."""
    older = (one for one in runs if one.when <= run.when and one.run_id != run.run_id)
    return next((one for one in older if one.past), None)


def day(text: str) -> str:
    """A day as 2013-06-01; empty if it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def ours(page: str) -> Answer:
    """A page of our own, which may do nothing but be read."""
    return Answer(page=page, headers=ALWAYS | {"Content-Security-Policy": policy()})


@cache
def policy() -> str:
    """What a page of our own may do: what it does when it is empty."""
    page = RunList("", "", Filters(), [], [], [], 0, 1).html
    return OURS.format(style=hashes(page, "style"), script=hashes(page, "script"))


def hashes(page: str, name: str) -> str:
    """The hashes of the elements of a name, by which a browser allows them."""
    held = re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
    found = (b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in held)
    return " ".join(f"'sha256-{one}'" for one in found)


def inside(folder: Path, path: str) -> Path | None:
    """The file at a path, if it is one of the run's."""
    try:
        found = (folder / path).resolve()
        return found if found.is_file() and found.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError):  # too long for a name, or with a letter that no name has
        return None
