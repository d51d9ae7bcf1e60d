"""What tasks tell the UI: a note on each, and `success` at once for what has nothing to do.

Airflow gives a task no way to do so but its REST API, for which a task needs a login: the
connection `leeway_api`. Without it, no notes are written, and a stage with nothing to do is a task
that ends soon.
"""

import logging
import re
from collections.abc import Callable, Mapping

from airflow.sdk import Connection, Context
from airflow.sdk.exceptions import AirflowNotFoundException

from include.airflow_site.api import AirflowApi
from include.errors import PipelineError

CONNECTION = "leeway_api"
LONGEST = 1000  # letters of a note, by Airflow's own limit
# What begins a link, an image, HTML or code in Markdown, and what would undo that it is escaped.
MARKUP = re.compile(r"[\\`\[<]")

log = logging.getLogger(__name__)


def tell(context: Context, notes: Mapping[str, str], state: str = "") -> None:
    """Put notes on tasks of this run, and set their state if one is given."""
    api = login()
    if api is None or not notes:
        return
    shown = {name: plain(note)[:LONGEST] for name, note in notes.items()}
    try:
        refused = api.tell(context["dag"].dag_id, context["run_id"], shown, state)
        for problem in refused:
            log.info("not set: %s", problem)
    except PipelineError as error:
        # What the UI shows is not worth a failed run.
        log.warning("%s", error)


def describe(context: Context, note: str) -> None:
    """Put a note on this run."""
    api = login()
    if api is None:
        return
    try:
        api.describe(context["dag"].dag_id, context["run_id"], plain(note)[:LONGEST])
    except PipelineError as error:
        log.warning("%s", error)


def put_first(context: Context, words: str) -> None:
    """Put words before the note of this run; not again if it has them."""
    change(context, words, lambda words, note: f"{words} {note}")


def put_last(context: Context, words: str) -> None:
    """Put words behind the note of this run, which they may shorten; not again if it has them."""
    change(
        context,
        words,
        lambda words, note: f"{note[: max(LONGEST - len(words) - 1, 0)]} {words}",
    )


def change(context: Context, words: str, with_words: Callable[[str, str], str]) -> None:
    """Change the note of this run, if it lacks the words; the note has its escapes already."""
    api, words = login(), plain(words)
    if api is None or not words:
        return
    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    try:
        note = str(api.run(dag_id, run_id).get("note") or "")
        if words not in note:
            api.describe(dag_id, run_id, with_words(words, note).strip()[:LONGEST])
    except PipelineError as error:
        log.warning("%s", error)


def plain(text: str) -> str:
    """A text that Airflow's UI shows as it is: what data, or a person, say is no markup."""
    return MARKUP.sub(r"\\\g<0>", text)


def login() -> AirflowApi | None:
    """The API, if there is a login for it."""
    try:
        found = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        log.info("no connection %s: no notes in the UI", CONNECTION)
        return None
    return AirflowApi(str(found.host), str(found.login), str(found.password))
