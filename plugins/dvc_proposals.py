"""What a note on an incident proposes, done if a person says so: proposals_dag."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param
from dvc_assets import ends
from dvc_dag import places
from dvc_proposals_acts import AskToRetrain, ClearRun, Conclude, TriggerRollback
from dvc_proposals_approval import ApproveAction
from dvc_proposals_note import ACTIONS
from dvc_proposals_reading import ReadNote


def proposals_dag(
    dag_id: str,
    *,
    about: Mapping[str, Mapping[str, str]],
    investigate: Sequence[str] = (),
    approve_within: timedelta = timedelta(days=7),
    repo: Path | str | None = None,
    **arguments: Any,
) -> DAG:
    """Ask a person about each thing that a note on an incident proposes, and do what is approved.

    It begins by itself when a run of one of the DAGs is closed, and looks whether its reports tell
    of trouble; and by hand, with the name of a run, or with a note.

    Args:
        about: DAGs whose runs may be cleared, each with what else may be done about its incidents:
            `retrain`, the pipeline that is asked to train; `roll_back`, the DAG that takes the last
            promotion back, and `artifact`, of what; as {"watch": {"retrain": "train"}}.
        investigate: the command that writes the note, in the root of the repository; {run} stands
            for the run, {home} for [leeway] home, {logs} for the logs of tasks, {failed} for
            --failed where Airflow says that the run failed, {note} for the file that it writes,
            beside which it may write a page. Without a command, only notes that people bring are
            read.
        approve_within: after which an approval that nobody gave is a refusal.
        repo: as for `pipeline_dag`.
        arguments: go to Airflow's DAG.
    """
    root, home, url = places(repo)
    run = Param("", type="string", description="the run that is to be looked into, as DAG.RUN")
    note = Param(None, type=["null", "object"], description="or a note, as JSON: it is not written")
    waits = [ends(root, name) for name in about] if investigate else []
    schedule = reduce(or_, waits) if waits else None
    arguments = {"schedule": schedule, "catchup": False, **arguments}
    with DAG(dag_id, params={"run": run, "note": note}, **arguments) as dag:
        may = {name: dict(held) for name, held in about.items()}
        of: dict[str, Any] = {"repo": str(root), "home": home, "url": url, "about": may}
        concluded = Conclude()
        read = ReadNote(command=[*investigate], **of)
        for action, kind in zip(ACTIONS, (ClearRun, AskToRetrain, TriggerRollback), strict=True):
            approved = ApproveAction(action=action, within=approve_within)
            read >> approved >> kind(**of) >> concluded
    return dag
