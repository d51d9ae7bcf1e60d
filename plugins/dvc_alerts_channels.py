"""Who tells of incidents: [leeway] alerts names connections of Airflow, which keep the secrets.

`log` is the log of the task; a connection of the type `smtp` is mail, one of `http` a webhook.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.configuration import AIRFLOW_HOME, conf
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from include.errors import PipelineError, did_you_mean

if TYPE_CHECKING:
    from include.alerts.incidents import Incidents
    from include.alerts.message import Channel

PORTS = {"starttls": 587, "ssl": 465, "none": 25}
TYPES = ("smtp", "http", "https")


def names() -> list[str]:
    """The channels that are to tell: `log` if nobody says anything else."""
    said = conf.get("leeway", "alerts", fallback="") or "log"
    return list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))


def incidents() -> "Incidents":
    """The incidents of this site: a file in [leeway] home, which the workers share."""
    from include.alerts.incidents import Incidents

    home = conf.get("leeway", "home", fallback="") or str(Path(AIRFLOW_HOME) / "leeway")
    Path(home).mkdir(parents=True, exist_ok=True)
    return Incidents(Path(home) / "alerts.db")


def channels() -> tuple[list["Channel"], list[str]]:
    """The channels that can be used, and what is wrong with the others: their messages wait."""
    found: list[Channel] = []
    problems = []
    for name in names():
        try:
            found.append(channel(name))
        except PipelineError as error:
            problems.append(" ".join(str(error).split()))
    return found, problems


def channel(name: str) -> "Channel":
    """The channel of a name.

    Raises:
        PipelineError: there is no such connection, or it lacks something; no secret is told.
    """
    from include.alerts.log import Log

    if name == Log.name:
        return Log()
    try:
        held = Connection.get(name)
    except AirflowNotFoundException:
        what = f"[leeway] alerts names {name!r}, and Airflow has no such connection."
        raise PipelineError(what, f"add it, as by AIRFLOW_CONN_{name.upper()}.") from None
    kind = str(held.conn_type)
    if kind not in TYPES:
        what = f"The connection {name} is of the type {kind!r}.{did_you_mean(kind, TYPES)}"
        raise PipelineError(what, "let it be smtp, for mail, or http, for a webhook.")
    return made(name, held, kind)


def made(name: str, held: Any, kind: str) -> "Channel":
    """A channel of a connection."""
    from pydantic import ValidationError

    from include.alerts.mail import Mail
    from include.alerts.webhook import Webhook

    try:
        more = dict(held.extra_dejson)
        return (
            Mail(name, server(held, more)) if kind == "smtp" else Webhook(name, place(held, more))
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = f"The connection {name} cannot be used: {where}: {first['msg']}."
        raise PipelineError(what, "see docs/alerts.md, which has one to copy.") from None


def server(held: Any, more: dict[str, Any]) -> Any:
    """A mail server of a connection; `from_email` is Airflow's own name for the sender."""
    from include.alerts.mail import Server

    tls, to = more.pop("tls", "starttls"), more.pop("to", ())
    about = {
        "host": held.host or "",
        "port": held.port or PORTS.get(tls, 0),
        "user": held.login or "",
        "password": held.password or "",
        "sender": more.pop("from_email", ""),
        "to": [one.strip() for one in to.split(",")] if isinstance(to, str) else to,
        "tls": tls,
    }
    return Server.model_validate({**more, **about})


def place(held: Any, more: dict[str, Any]) -> Any:
    """A webhook of a connection: its host is the URL, its password the secret."""
    from include.alerts.webhook import Place

    return Place.model_validate({**more, "url": held.host or "", "secret": held.password or ""})
