"""DAGs by which models of a DVC repository go live, and back: promotion_dag, rollback_dag."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.sdk import DAG, Param
from dvc_approval import Approve
from dvc_assets import ends, root_of
from dvc_promotion_tasks import FindExperiment, Promote, RollBack, Verify

STAGES = ["champion", "challenger"]


def promotion_dag(
    dag_id: str,
    *,
    pipeline: str,
    artifact: str,
    verdict: str = "reports/promotion.json",
    rules: Sequence[str] = ("promotion",),
    approve_within: timedelta = timedelta(days=7),
    repo: Path | str | None = None,
    remote: str | None = None,
    **arguments: Any,
) -> DAG:
    """Let what a pipeline made go live, if its verdict allows it and, at a high risk, a person.

    It begins by itself when a run of the pipeline is closed, and by hand with an experiment.

    Args:
        pipeline: the DAG that makes the artifact.
        artifact: what goes live: a name under `artifacts:` in dvc.yaml.
        verdict: the out that says whether it may: see include/pipeline/registry/verdicts.py.
        rules: the sections of params.yaml that the verdict rests on, or FILE:section of another
            file: a run that set another value in them goes live by no verdict of its own.
        approve_within: after which an approval that nobody gave is a refusal.
        repo: as for `pipeline_dag`.
        remote: of git, where the registry is written, by name or URL; "" for this clone alone. By
            default [leeway] git_url, else `origin` if there is one.
        arguments: go to Airflow's DAG.
    """
    root = root_of(repo)
    params = {
        "experiment": Param(
            "", type="string", description="what is to go live: `dvc exp show` lists experiments"
        ),
        "stage": stage(),
    }
    arguments = {"schedule": [ends(root, pipeline)], "catchup": False, **arguments}
    with DAG(dag_id, params=params, **arguments) as dag:
        of = of_artifact(root, artifact, remote)
        found, verified = (
            FindExperiment(pipeline=pipeline, **of),
            Verify(verdict=verdict, rules=rules, **of),
        )
        found >> verified >> Approve(within=approve_within) >> Promote(**of)
    return dag


def rollback_dag(
    dag_id: str,
    *,
    artifact: str,
    repo: Path | str | None = None,
    remote: str | None = None,
    **arguments: Any,
) -> DAG:
    """Take the last promotion of an artifact back, by hand.

    Args:
        artifact: a name under `artifacts:` in dvc.yaml.
        repo, remote: as for `promotion_dag`.
        arguments: go to Airflow's DAG.
    """
    reason = Param(type="string", minLength=1, description="why, for who reads the history")
    params = {"reason": reason, "stage": stage()}
    arguments = {"schedule": None, "catchup": False, **arguments}
    with DAG(dag_id, params=params, **arguments) as dag:
        RollBack(**of_artifact(root_of(repo), artifact, remote))
    return dag


def stage() -> Param:
    """The field that says which stage it is about."""
    return Param("champion", enum=STAGES, type="string", description="champion serves")


def of_artifact(root: Path, artifact: str, remote: str | None) -> dict[str, Any]:
    """What each task is told: the repository, where the registry is, and the artifact."""
    url = conf.get("leeway", "git_url", fallback="")
    return {
        "repo": str(root),
        "remote": url or None if remote is None else remote,
        "artifact": artifact,
    }
