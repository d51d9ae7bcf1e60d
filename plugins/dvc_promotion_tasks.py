"""The tasks by which a model goes live, and back: what they do is in include/pipeline/registry.

A reason not to promote is no failure: the task says it in a note, what comes after is skipped, and
the run is green.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.bases.skipmixin import SkipMixin
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from dvc_approval import APPROVE, VERIFY, approved
from dvc_interval import AUTOMATIC
from dvc_notes import describe, tell

from include.errors import ParamsError, PipelineError

FIND, PROMOTE = "find_experiment", "promote"


class Registered(BaseOperator, SkipMixin):
    """A task about an artifact of a repository."""

    inherits_from_skipmixin = True
    ui_color = "#f6efe3"

    def __init__(self, *, repo: str, remote: str | None, artifact: str, **arguments: Any) -> None:
        super().__init__(doc_md=type(self).__doc__, **arguments)
        self.repo, self.remote, self.artifact = repo, remote, artifact

    @property
    def place(self) -> str:
        """Where the registry is written: what is named, else `origin` if there is one."""
        from include.pipeline.registry.turns import remote_of

        return remote_of(Path(self.repo)) if self.remote is None else self.remote

    def run(self, context: Context) -> str:
        """Who acts, as the history has it."""
        return f"run {context['run_id']} of {self.dag_id}"

    def say(self, context: Context, note: str) -> None:
        """Put a note on this task and on the run."""
        self.log.info("%s", note)
        tell(context, {self.task_id: note})
        describe(context, note)

    def stop(self, context: Context, note: str) -> None:
        """Say why nothing is promoted, and skip what would do it."""
        self.say(context, f"Not promoted: {note}")
        self.skip(context["ti"], self.get_flat_relatives(upstream=False))


class FindExperiment(Registered):
    """Name the experiment: the one that was asked for, or that of the run which has just ended."""

    def __init__(self, *, pipeline: str, **arguments: Any) -> None:
        super().__init__(task_id=FIND, **arguments)
        self.pipeline = pipeline

    def execute(self, context: Context) -> dict[str, Any] | None:
        """Return its name, and whether nobody asked for it."""
        if asked := str(context["params"]["experiment"]).strip():
            return {"experiment": asked, "by_itself": False}
        ended = [held for held in events(context) if held["dag_id"] == self.pipeline]
        if not ended:
            what = f"No run of {self.pipeline} has started this one, and it names no experiment."
            raise ParamsError(what, "trigger it with one: `dvc exp show` lists them.")
        last = next((held for held in ended if held["run_type"] in AUTOMATIC), ended[0])
        name = last["experiment"]
        if last["run_type"] in AUTOMATIC:
            return {"experiment": name, "by_itself": True}
        kind = last["run_type"].replace("_", " ")
        why = f"{name} is of a {kind} run, and only those of the schedule go live by themselves."
        fix = f"To promote it, trigger {self.dag_id} with it as the experiment."
        self.stop(context, f"{why} {fix}")
        return None


def events(context: Context) -> list[dict[str, str]]:
    """The ends of runs that have started this one, the newest first; none of what a person posted.

    Airflow itself says which task an event is of.
    """
    held = context["triggering_asset_events"]
    found = [event for asset in held for event in held[asset] if event.source_task_id]
    found.sort(key=lambda event: event.timestamp, reverse=True)
    return [
        {
            "dag_id": str(event.source_dag_id),
            "experiment": str(event.extra.get("experiment", "")),
            "run_type": str(event.extra.get("run_type", "manual")),
        }
        for event in found
    ]


class Verify(Registered):
    """See that the gates let the experiment go live, and that all its files are what they were."""

    def __init__(self, *, verdict: str, rules: Sequence[str], **arguments: Any) -> None:
        super().__init__(task_id=VERIFY, **arguments)
        self.verdict, self.rules = verdict, [*rules]

    def execute(self, context: Context) -> dict[str, Any] | None:
        """Return what would go live, and on what that rests."""
        from include.pipeline.registry.promotion import Wanted, propose
        from include.pipeline.registry.verdicts import NotPromoted

        asked: Any = context["ti"].xcom_pull(task_ids=FIND)
        stage = str(context["params"]["stage"])
        wanted = Wanted(self.artifact, self.verdict, stage=stage, rules=tuple(self.rules), **asked)
        try:
            found = propose(Path(self.repo), wanted, self.place)
        except NotPromoted as error:
            self.stop(context, f"{wanted.experiment}: {' '.join(str(error).split())}")
            return None
        note = f"{found.version} of {self.artifact}, {wanted.experiment}, may become {stage}"
        self.say(context, f"{note}; it would follow {found.champion or 'no champion'}.")
        return asdict(found)


class Promote(Registered):
    """Read all hashes and the champion again, then let the version be live if all is as shown."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(task_id=PROMOTE, **arguments)

    def execute(self, context: Context) -> str | None:
        """Return the version that is live."""
        from include.pipeline.registry.promotion import carry_out
        from include.pipeline.registry.verdicts import NotPromoted

        found, answer = approved(context), context["ti"].xcom_pull(task_ids=APPROVE)
        wanted, who = found.wanted, (answer or {}).get("by", "")
        if found.risk != "low" and not who:
            note = f"Not promoted: the risk is {found.risk}, and nobody has approved."
            self.say(context, note)
            raise AirflowSkipException(note)
        because = f"all gates passed, by {wanted.verdict} ({found.verdict_hash})"
        because += f", and {who} approved" if who else ""
        try:
            carry_out(Path(self.repo), found, self.place, self.run(context), because)
        except NotPromoted as error:
            note = f"Not promoted: {' '.join(str(error).split())}"
            self.say(context, note)
            raise AirflowSkipException(note) from None
        before = f", after {found.champion}" if found.champion else ""
        self.say(context, f"{found.version} of {self.artifact} is {wanted.stage}{before}.")
        return found.version


class RollBack(Registered):
    """Take the last promotion back: the stage is that of the version before."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(task_id="roll_back", **arguments)

    def execute(self, context: Context) -> dict[str, str]:
        """Return the version that was live, and the one that is.

        Raises:
            PipelineError: there is no version to go back to.
            AirflowFailException: somebody else has promoted in the meantime; another try would
                take that back.
        """
        from include.pipeline.registry.promotion import take_back
        from include.pipeline.registry.turns import Overtaken

        held: Any = context["params"]
        stage, reason = str(held["stage"]), str(held["reason"])
        act = (Path(self.repo), self.artifact, stage, self.place, self.run(context), reason)
        try:
            before, now = take_back(*act)
        except PipelineError as error:
            self.say(context, f"Not rolled back: {' '.join(str(error).split())}")
            if isinstance(error, Overtaken):
                raise AirflowFailException(str(error)) from None
            raise
        self.say(context, f"{stage} of {self.artifact}: {before} -> {now}: {reason}")
        return {"from": before, "to": now}
