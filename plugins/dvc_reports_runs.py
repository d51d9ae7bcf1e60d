"""The runs of DAGs, newest first, each with its card and with what its experiment says of it.

Airflow's database says which runs there are: one that was deleted there is shown no more. Cards
and experiments say the rest, so that no report is opened.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from dvc_assets import root_of
from dvc_interval import WITH_INTERVAL, word
from dvc_reports_access import home_of

from include.errors import PlatformError
from include.pipeline.closing.card import Card, Finding, card_of, place_of, read_card
from include.pipeline.names import file_name, run_name
from include.pipeline.workspace import reports_of

if TYPE_CHECKING:
    from include.pipeline.history import PastRun

MOST = 5000  # newest runs that lists and trends are made of


@dataclass(frozen=True)
class Seen:
    """One run that Airflow has."""

    dag_id: str
    run_id: str
    when: datetime
    state: str
    created: datetime | None = None
    interval_end: datetime | None = None
    card: Card | None = None
    past: "PastRun | None" = None

    @property
    def window(self) -> str:
        """The day that its data end at; empty if nobody says."""
        told = self.card.window if self.card else ""
        return told or (self.interval_end.date().isoformat() if self.interval_end else "")

    @property
    def day(self) -> str:
        """What it is found by: the end of its window, else when it ran."""
        return self.window[:10] or self.when.date().isoformat()

    @property
    def metrics(self) -> dict[str, float]:
        """Its numbers, by file and name."""
        return self.past.metrics if self.past else {}

    @property
    def reports(self) -> tuple[str, ...]:
        """Its reports."""
        return self.card.reports if self.card else ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What its reports come to."""
        return self.card.findings if self.card else ()


def pipelines(home: Path, session: Any) -> list[str]:
    """The DAGs that have closed a run."""
    from airflow.models import DagModel
    from sqlalchemy import select

    try:
        folders = {entry.name for entry in os.scandir(home / "reports") if entry.is_dir()}
    except FileNotFoundError:
        return []
    known = session.scalars(select(DagModel.dag_id))
    return [dag_id for dag_id in known if file_name(dag_id) in folders]


def runs_of(session: Any, home: Path, dag_ids: Sequence[str], run_id: str = "") -> list[Seen]:
    """The runs of DAGs, or one of them, the newest first."""
    from airflow.models import DagRun
    from sqlalchemy import select

    columns = (DagRun.dag_id, DagRun.run_id, DagRun.run_after, DagRun.state, DagRun.run_type)
    wanted = select(*columns, DagRun.data_interval_end, DagRun.created_at)
    wanted = wanted.where(DagRun.dag_id.in_(dag_ids))
    wanted = wanted.where(DagRun.run_id == run_id) if run_id else wanted
    newest = wanted.order_by(DagRun.run_after.desc(), DagRun.id.desc()).limit(MOST)
    found, known = session.execute(newest).all(), {}
    cards = {dag_id: cards_of(home, dag_id) for dag_id in {row.dag_id for row in found}}
    for card in {card.repo: card for held in cards.values() for card in held.values()}.values():
        known[card.repo] = history(repo_of(card))
    return [seen(row, cards[row.dag_id].get(row.run_id), known) for row in found]


def seen(row: Any, card: Card | None, known: dict[str, dict[str, "PastRun"]]) -> Seen:
    """A run as Airflow, its card and its experiment have it."""
    card = card if card and of_this(row.created_at, card.published) else None
    past = known.get(card.repo, {}).get(run_name(row.dag_id, row.run_id)) if card else None
    end = row.data_interval_end if word(row.run_type) in WITH_INTERVAL else None
    state, created = word(row.state), row.created_at
    return Seen(row.dag_id, row.run_id, row.run_after, state, created, end, card, past)


def of_this(created: datetime | None, published: float) -> bool:
    """Whether reports are of a run, and not of an older one of its name that was deleted."""
    return created is None or published >= created.timestamp()


def cards_of(home: Path, dag_id: str) -> dict[str, Card]:
    """The cards of the closed runs of a DAG, by run."""
    folder = place_of(home, dag_id, "any").parent
    try:
        entries = [e for e in os.scandir(folder) if e.name[0] == "." and e.name.endswith(".json")]
    except FileNotFoundError:
        return {}
    cards = (card_at(entry.path, entry.stat().st_mtime_ns) for entry in entries)
    return {card.run_id: card for card in cards if card and card.dag_id == dag_id}


@lru_cache(maxsize=4 * MOST)
def card_at(path: str, _written_ns: int) -> Card | None:
    """The card in a file, read once for each time that it was written."""
    return read_card(Path(path))


def repo_of(card: Card | None) -> Path | None:
    """The repository of a run, where a server may call git.

    Git obeys what a repository says of itself. A card comes from a worker, which may have made a
    repository wherever it shares a folder with the server.
    """
    root = root_of(card.repo if card else None)
    logs = conf.get("logging", "base_log_folder", fallback="")
    shared = [home_of(), *([Path(logs)] if logs else [])]
    ours = root == root_of(None) or not any(root.is_relative_to(f.resolve()) for f in shared)
    return root if ours else None


def history(repo: Path | None) -> dict[str, "PastRun"]:
    """The experiments of a repository, by name; none of one that is not on this machine."""
    from include.pipeline.git.refs import experiments_in

    try:
        refs = experiments_in(repo, "") if repo else {}
        return past(str(repo), tuple(sorted(refs.items()))) if refs else {}
    except PlatformError:
        return {}


@lru_cache(maxsize=8)
def past(repo: str, _refs: tuple[tuple[str, str], ...]) -> dict[str, "PastRun"]:
    """The experiments of a repository, read once for each time that they changed."""
    from include.pipeline.history import past_runs

    found: dict[str, PastRun] = {}
    for run in past_runs(Path(repo)):  # the newest first, and a name may be that of several
        found.setdefault(run.name, run)
    return found


def published(home: Path, run: Seen) -> Card:
    """The card of a run; of one that an older version closed, what its folder holds."""
    folder, none = reports_of(home, run.dag_id, run.run_id), Card(run.dag_id, run.run_id)
    if run.card:
        return run.card
    if not folder.is_dir() or place_of(home, run.dag_id, run.run_id).exists():
        return none
    written = folder.stat().st_mtime
    found = Card(run.dag_id, run.run_id, published=written)
    return card_of(folder, found) if of_this(run.created, written) else none


def maker(run: Seen, path: str) -> str:
    """The task of a run that made a file, or a folder that it lies in; empty if nobody knows."""
    makers = run.card.makers if run.card else {}
    names = [path, *map(str, PurePosixPath(path).parents)]
    return next((makers[name] for name in names if name in makers), "")


def moment(when: datetime) -> str:
    """A time as a person reads it."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
