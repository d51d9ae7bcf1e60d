"""What a note on an incident proposes, and what of it a person may be asked.

A note is data, whoever wrote it: a playbook, or a model that has read logs and documents. Its words
are shown and never obeyed. What may be done about a DAG, and by which DAG, stands in the DAG file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.names import run_name

Action = Literal["clear", "retrain", "roll_back"]
ACTIONS: tuple[Action, ...] = get_args(Action)
LARGEST = 1_000_000  # bytes of a note
MOST = 10  # proposals of a note that are looked at
LONGEST = 500  # letters of a headline
# DAG to what may be done about its runs: `retrain`, the pipeline that is asked to; `roll_back`, the
# DAG that takes a promotion back; `artifact`, whose.
About = Mapping[str, Mapping[str, str]]


class Refused(PipelineError):
    """Something that is proposed, and that nobody is asked about."""


class Why(BaseModel):
    """Why something is proposed; its citations stay in the note."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str = Field(max_length=2000)


class Proposed(BaseModel):
    """Something that is to be done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Action
    target: str = Field(min_length=1, max_length=300)
    why: Why


@dataclass(frozen=True)
class Note:
    """A note, as far as somebody acts on it.

    Args:
        run: as runs are named: DAG.RUN.
        proposals: as they stand there, whatever they are.
        brought_by: the person who brought it, of whom alone it has its words; empty if it was
            written here.
    """

    run: str
    headline: str
    written_by: str
    proposals: tuple[object, ...]
    brought_by: str = ""


def note_in(held: object, brought_by: str = "") -> Note:
    """The note that an object of JSON is.

    Raises:
        PipelineError: it is none.
    """
    if isinstance(held, dict):
        run, headline, written_by = (held.get(key, "") for key in ("run", "headline", "written_by"))
        proposals = held.get("proposals", [])
        texts = all(isinstance(text, str) for text in (run, headline, written_by))
        if run and texts and isinstance(proposals, list):
            texts_held = (run, headline[:LONGEST], written_by[:LONGEST])
            return Note(*texts_held, tuple(proposals), brought_by)
    what = f"This is no note on an incident: {json.dumps(held)[:100]}"
    fix = "give the JSON that `python -m include.assistant.investigate` writes."
    raise PipelineError(f"{what}.", fix)


def dag_of(run: str, about: About) -> str:
    """The DAG of a run that a note is about.

    Raises:
        Refused: it is none of those for which something may be done.
    """
    dag_id = run.partition(".")[0]
    if dag_id not in about:
        what = f"The note is about {run!r}, a run of no DAG that may be acted on: "
        fix = "add its DAG to `about` in the DAG file, or act by hand."
        hint = did_you_mean(dag_id, about)
        raise Refused(f"{what}{at_most_ten(about) or 'there is none'}.{hint}", fix)
    return dag_id


def read_proposal(held: object) -> Proposed:
    """A proposal, if it is one.

    Raises:
        Refused: it is none, or of no action that there is.
    """
    try:
        return Proposed.model_validate(held)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
    action = held.get("action") if isinstance(held, dict) else held
    if first["loc"][:1] == ("action",) or not isinstance(held, dict):
        hint = did_you_mean(str(action), ACTIONS)
        what = f"A note proposes {str(action)[:60]!r}, which is no action.{hint}"
        raise Refused(what, f"propose one of {', '.join(ACTIONS)}, or do it by hand.")
    where = ".".join(map(str, first["loc"])) or "the whole"
    what = f"A proposal to {str(action)[:60]!r} is not as it should be: {where}: {first['msg']}"
    raise Refused(f"{what}.", "see what wrote the note; act by hand meanwhile.")


def doer_of(proposed: Proposed, dag_id: str, about: About) -> str:
    """The DAG by which something is done: the one to clear, to ask, or to trigger.

    Raises:
        Refused: the DAG file names none.
    """
    found = dag_id if proposed.action == "clear" else about[dag_id].get(proposed.action, "")
    if not found:
        what = f"A note proposes to {proposed.action} for {dag_id}, and no DAG may do so."
        fix = f"add {proposed.action} to about[{dag_id!r}] in the DAG file, or do it by hand."
        raise Refused(what, fix)
    return found


def see_that_meant(proposed: Proposed, note: Note, known: Mapping[str, Any]) -> None:
    """Refuse a target that is nothing of the run which the note is about.

    Args:
        known: names that an action may be about, beside the run: the DAGs, and stages.

    Raises:
        Refused: it is so.
    """
    dag_id, target = note.run.partition(".")[0], proposed.target
    if proposed.action == "clear":
        if run_name(dag_id, target) != note.run:
            what = f"A note on {note.run} proposes to clear {target!r}, which is another run."
            raise Refused(what, "clear it by hand, if it is to be.")
    elif target not in known:
        hint = did_you_mean(target, known)
        what = f"A note proposes to {proposed.action} {target!r}, which nobody knows here.{hint}"
        raise Refused(what, f"name one of {at_most_ten(sorted(known))}; or do it by hand.")
