"""Who may read which runs, and tickets: addresses under which the reports of one run open.

A report is shown in a sandbox, so what it loads or links to is asked for without the login of its
reader. Its address holds a ticket instead: signed, for one run and one reader, and soon too old.
Whether that reader may still read the run is asked each time.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from airflow.configuration import AIRFLOW_HOME, conf

TICKET_S = 3600  # that the links of a report work after it was opened


def home_of() -> Path:
    """Where runs keep their workspaces and reports."""
    return Path(conf.get("leeway", "home", fallback="") or Path(AIRFLOW_HOME) / "leeway")


def may_read(user: Any, dag_id: str) -> bool:
    """Whether Airflow would show the runs of a DAG to a user."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        DagAccessEntity,
        DagDetails,
    )
    from airflow.models.dag import DagModel

    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    entity = DagAccessEntity.RUN
    allowed = get_auth_manager().is_authorized_dag(
        method="GET", access_entity=entity, details=details, user=user
    )
    return bool(allowed)


def readable(user: Any, dag_ids: Iterable[str]) -> list[str]:
    """Those of some DAGs whose runs a user may read."""
    from airflow.api_fastapi.app import get_auth_manager

    allowed = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    return [dag_id for dag_id in sorted(allowed & set(dag_ids)) if may_read(user, dag_id)]


def ticket(user: Any, dag_id: str, run_id: str) -> str:
    """What opens the reports of a run to a user for a while."""
    from airflow.api_fastapi.app import get_auth_manager

    held = [get_auth_manager().serialize_user(user), dag_id, run_id]
    return str(signer().dumps(held))


def opened(text: str) -> tuple[Any, str, str] | None:
    """The user and the run of a ticket; None if it is forged, too old, or of nobody."""
    from airflow.api_fastapi.app import get_auth_manager
    from itsdangerous import BadData

    try:
        told, dag_id, run_id = signer().loads(text, max_age=TICKET_S)
        return get_auth_manager().deserialize_user(told), dag_id, run_id
    except (BadData, ValueError, KeyError, TypeError):
        return None


def signer() -> Any:
    """Signs with the key of Airflow's logins, which no worker has."""
    from airflow.api_fastapi.auth.tokens import get_signing_key
    from itsdangerous import URLSafeTimedSerializer

    path = conf.get("api_auth", "jwt_private_key_path", fallback="")
    key = Path(path).read_text() if path else get_signing_key("api_auth", "jwt_secret")
    return URLSafeTimedSerializer(key, "reports of runs")
