"""How one pipeline is asked by another to train again: the event, who sends it, and who waits.

A stage decides, and its out is JSON with `verdict`, whose `state` asks if it is "retrain" and whose
`sentence` says why, `until`, the first day that a training is not to see, `reasons` and
`held_back_by`.
Airflow keeps the events, so that a verdict asks once, whichever worker gives it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, BaseOperator, Context
from airflow.sdk.definitions.timetables.assets import AssetTriggeredTimetable
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from dvc_assets import SCHEME_OF_REQUESTS
from dvc_interval import AUTOMATIC, run_type, zone_of
from dvc_notes import describe, tell

from include.errors import PipelineError
from include.pipeline.graph import CLOSE

RETRAIN = "retrain"
LONGEST = 500  # letters of what an event says: the note of a run has to say more
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Request:
    """What a run was asked for by."""

    until: date | None  # the first day that it is not to see; None: as params.yaml says
    note: str
    by_task: bool  # and not by a person, through Airflow's API
    at: datetime


def or_on_request(schedule: Any, asset: Asset) -> Any:
    """A schedule at whose times a run begins, or when one is asked for."""
    held = getattr(schedule, "asset_condition", None)
    wanted = held | asset if held else asset
    timed = getattr(schedule, "timetable", None) if held else schedule
    if timed is None or not timed.can_be_scheduled:
        return AssetTriggeredTimetable(assets=wanted)
    # A list is of assets that all have to come.
    return AssetOrTimeSchedule(timetable=timed, assets=wanted if held else [asset])


class AskForTraining(BaseOperator):
    """Ask a pipeline to train again, if the verdict of this run says so: once for each window."""

    ui_color = "#f6efe3"

    def __init__(
        self, *, pipeline: str, asset: Asset, verdict: str, repo: str, url: str, **arguments: Any
    ) -> None:
        arguments |= {"outlets": [asset], "inlets": [asset]}
        super().__init__(task_id=f"ask_{pipeline}", doc_md=type(self).__doc__, **arguments)
        self.pipeline, self.asset, self.verdict = pipeline, asset, verdict
        self.repo, self.url = repo, url

    def execute(self, context: Context) -> dict[str, Any]:
        """Return what the pipeline is told; where nothing is asked for, the task is skipped."""
        from include.pipeline.asking import ask
        from include.pipeline.orders import Read
        from include.pipeline.registry.experiments import commit_of

        name = str(context["ti"].xcom_pull(task_ids=CLOSE))
        commit = commit_of(Path(self.repo), name, self.url)
        text = ask(Path(self.repo), Read(commit, self.verdict), workspace=False)
        held = verdict_in(text, self.verdict)
        self.see_that_asking(context, held)
        said = str(held["verdict"]["sentence"])
        self.say(context, f"{self.pipeline} is asked to train: {said}")
        because = [said, *map(str, held["reasons"])]
        extra: dict[str, Any] = {"until": held["until"], "because": because, "experiment": name}
        context["outlet_events"][self.asset].extra = extra
        return extra

    def see_that_asking(self, context: Context, held: Mapping[str, Any]) -> None:
        """Skip this task where nothing is to be asked for."""
        kind, said = run_type(context), str(held["verdict"]["sentence"])
        if held["verdict"]["state"] != RETRAIN:
            self.stop(context, " ".join([said, *map(str, held["held_back_by"])]))
        if kind not in AUTOMATIC:
            why = f"a run of kind {kind.replace('_', ' ')} asks nobody; trigger {self.pipeline}."
            self.stop(context, f"{said} {why}")
        before = [event for event in context["inlet_events"][self.asset] if event.source_task_id]
        asked = [event.source_run_id for event in before if until_of(event) == held["until"]]
        if asked:
            self.stop(context, f"{asked[0]} has asked before, until {held['until']}.")

    def stop(self, context: Context, note: str) -> None:
        """Say why nothing is asked for, and be skipped: a task that succeeds sends its event."""
        self.say(context, f"No training is asked for: {note}")
        raise AirflowSkipException(note)

    def say(self, context: Context, note: str) -> None:
        """Put a note on this task."""
        self.log.info("%s", note)
        tell(context, {self.task_id: note})


def verdict_in(text: str, path: str) -> dict[str, Any]:
    """What a verdict says.

    Raises:
        PipelineError: it is none.
    """
    try:
        held = {"until": None, "reasons": [], "held_back_by": [], **json.loads(text)}
        state = held["verdict"]["state"]
        sound = isinstance(held["verdict"]["sentence"], str)
        sound &= all(isinstance(held[name], list) for name in ("reasons", "held_back_by"))
        if sound and (state != RETRAIN or day_of(held["until"])):
            return held
        problem = f"its verdict is {held['verdict']!r}, and its until {held['until']!r}"
    except (ValueError, KeyError, TypeError) as error:
        problem = repr(error)
    fix = "let its stage write verdict, sentence, until and reasons: see docs/retraining.md."
    raise PipelineError(f"{path} is no verdict on training: {problem}.", fix)


def day_of(text: object) -> date | None:
    """A day that is written as 2013-07-01; None if it is none."""
    try:
        return date.fromisoformat(text) if DAY.fullmatch(str(text)) else None  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None


def until_of(event: Any) -> object:
    """What an event says of the day; None if nothing."""
    return (event.extra or {}).get("until")


def request_of(context: Context) -> Request | None:
    """What this run was asked for by: of several events the one that sees most, of tasks first.

    Raises:
        AirflowFailException: no event says a day that is one.
    """
    held = context.get("triggering_asset_events") or {}
    asked = [one for one in held if str(getattr(one, "uri", "")).startswith(SCHEME_OF_REQUESTS)]
    events = [event for asset in asked for event in held[asset]]
    if not events:
        return None
    found = [one for one in map(read, events) if one is not None]
    if not found:
        what = f"The event that asks for this run says until {until_of(events[-1])!r}: no day."
        fix = "trigger a run with the window that it is to have, or post an event with a day."
        describe(context, what)
        raise AirflowFailException(str(PipelineError(what, fix)))
    return max(found, key=lambda one: (one.by_task, one.until or date.min, one.at))


def read(event: Any) -> Request | None:
    """An event as a request; None if what it says of the day is none."""
    said, because = until_of(event), (event.extra or {}).get("because")
    until = day_of(said)
    if until is None and said is not None:
        return None
    by_task = bool(event.source_task_id)
    who = f"{event.source_run_id} of {event.source_dag_id}" if by_task else "a person's event"
    lines = because if isinstance(because, list | tuple) else [because] if because else []
    words = " ".join(" ".join(map(str, lines)).split())[:LONGEST]
    window = f", until {until}" if until else ""
    return Request(until, f"Asked for by {who}{window}. {words}".strip(), by_task, event.timestamp)


def dates_of(
    request: Request, interval: Mapping[str, str], dag: Any
) -> Iterable[tuple[str, datetime]]:
    """The values that end with the interval of a run, with the end that was asked for."""
    if request.until is not None:
        end = datetime.combine(request.until, datetime.min.time(), zone_of(dag))
        yield from ((name, end) for name, date in interval.items() if date == "data_interval_end")
