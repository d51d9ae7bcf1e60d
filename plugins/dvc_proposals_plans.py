"""What a proposal would come to now, and on what that rests.

It is read before a person is asked, and again before it is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_notes import login
from dvc_proposals_note import (
    MOST,
    About,
    Action,
    Note,
    Proposed,
    Refused,
    Why,
    dag_of,
    doer_of,
    read_proposal,
    see_that_meant,
)
from dvc_retraining import day_of

from include.errors import PipelineError
from include.pipeline.names import run_name

if TYPE_CHECKING:
    from include.pipeline.closing.card import Card

HAND = "do it by hand, or mend that and investigate again."


@dataclass(frozen=True)
class Plan:
    """What is done if a person approves.

    Args:
        run: that the note is about, DAG.RUN; run_id is Airflow's, if it is to be cleared.
        doer: the DAG that is cleared, asked or triggered.
        does: in words, with what it rests on: another text is another plan.
        brought_by: the person who brought the note; empty if it was written here.
        until: the first day that a training is not to see; empty: as params.yaml says.
    """

    action: Action
    target: str
    run: str
    run_id: str
    doer: str
    does: str
    until: str
    why: str
    headline: str
    written_by: str
    brought_by: str


@dataclass(frozen=True)
class Place:
    """The repository, the folder of reports, the git server, and what may be done about DAGs."""

    repo: str
    home: str
    url: str
    about: About


def plans_of(note: Note, place: Place) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The plan of each action that a note proposes, and why others are refused."""
    plans: dict[str, dict[str, Any]] = {}
    refused: list[str] = []
    for held in note.proposals[:MOST]:
        try:
            plan = plan_of(read_proposal(held), note, place)
            if plan.action in plans:
                what = f"A note proposes to {plan.action} twice; the first of them counts."
                raise Refused(what, "investigate again once it is done.")
            plans[plan.action] = asdict(plan)
        except Refused as error:
            refused.append(" ".join(str(error).split()))
    if len(note.proposals) > MOST:
        refused.append(f"{len(note.proposals) - MOST} more proposals were not looked at.")
    return plans, refused


def plan_of(proposed: Proposed, note: Note, place: Place) -> Plan:
    """What a proposal would come to now.

    Raises:
        Refused: it is about nothing that is known, or cannot be done.
        PipelineError: nobody can tell.
    """
    dag_id = dag_of(note.run, place.about)
    doer = doer_of(proposed, dag_id, place.about)
    see_that_meant(proposed, note, known(place))
    does, until = DOES[proposed.action](note, proposed, doer, place)
    return Plan(
        action=proposed.action,
        target=proposed.target,
        run=note.run,
        run_id=proposed.target if proposed.action == "clear" else "",
        doer=doer,
        does=does,
        until=until,
        why=proposed.why.text,
        headline=note.headline,
        written_by=note.written_by,
        brought_by=note.brought_by,
    )


def plan_again(plan: Plan, place: Place) -> Plan:
    """What the same proposal comes to now.

    Raises:
        Refused: it cannot be done any more.
        PipelineError: nobody can tell.
    """
    proposed = Proposed(action=plan.action, target=plan.target, why=Why(text=plan.why))
    note = Note(plan.run, plan.headline, plan.written_by, (), plan.brought_by)
    return plan_of(proposed, note, place)


def known(place: Place) -> dict[str, None]:
    """What a training or a rollback may be about: DAGs, artifacts and stages."""
    from include.pipeline.plan import load

    names = {name for dag_id, may in place.about.items() for name in (dag_id, *may.values())}
    for stage in load(Path(place.repo)).stages:
        names |= {stage.name, stage.task_id}
    return dict.fromkeys(sorted(names))


def clearing(note: Note, proposed: Proposed, doer: str, place: Place) -> tuple[str, str]:
    """What clearing a run does.

    Raises:
        Refused: it has not failed, or is gone, or tasks have no login to see it.
        PipelineError: Airflow does not say.
    """
    api = login()
    if api is None:
        raise Refused("Without the connection leeway_api, no run can be seen or cleared.", HAND)
    try:
        run = api.run(doer, proposed.target)
    except PipelineError as error:
        if "with 404" not in error.what:
            raise
        raise Refused(f"Airflow has no run {proposed.target} of {doer}.", HAND) from None
    if run["state"] != "failed":
        what = f"{proposed.target} of {doer} is {run['state']}: there is nothing to clear."
        raise Refused(what, f"trigger a new run of {doer}, if its data are others now.")
    return f"what failed in {proposed.target} of {doer}, ended {run['end_date']}, runs again", ""


def training(note: Note, proposed: Proposed, doer: str, place: Place) -> tuple[str, str]:
    """What asking for a training does: it sees the days that the run of the note saw."""
    card = card_of(note.run, Path(place.home))
    until = card.window if card and day_of(card.window) else ""
    window = f"on the days before {until}" if until else "on the window of params.yaml"
    return f"{doer} trains {window}; what it makes has to pass its gates", until


def card_of(run: str, home: Path) -> "Card | None":
    """What is kept of a closed run, by its name."""
    from include.pipeline.closing.card import cards_in, place_of

    dag_id = run.partition(".")[0]
    cards = cards_in(place_of(home, dag_id, "any").parent)
    return next((card for card in cards if run_name(card.dag_id, card.run_id) == run), None)


def rolling_back(note: Note, proposed: Proposed, doer: str, place: Place) -> tuple[str, str]:
    """What taking the last promotion back does.

    Raises:
        Refused: no artifact is named, or there is no version to go back to.
    """
    from include.pipeline.registry.turns import fetched, remote_of

    dag_id = note.run.partition(".")[0]
    artifact = place.about[dag_id].get("artifact", "")
    if not artifact:
        what = f"about[{dag_id!r}] names no artifact that {doer} takes back."
        raise Refused(what, "name one in the DAG file.")
    registry = fetched(Path(place.repo), artifact, place.url or remote_of(Path(place.repo)))
    live, before = registry.live(), registry.before()
    if live is None or before is None:
        raise Refused(f"{artifact} has no version to go back to.", HAND)
    return f"{artifact}: {before.name} is live again, in the place of {live.name}", ""


DOES: Mapping[str, Callable[[Note, Proposed, str, Place], tuple[str, str]]] = {
    "clear": clearing,
    "retrain": training,
    "roll_back": rolling_back,
}
