"""The task that gets a note on an incident: what a person brought, or what is written on a run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.sdk import BaseOperator, Context
from dvc_interval import AUTOMATIC
from dvc_notes import describe
from dvc_proposals_approval import READ, broken
from dvc_proposals_note import LARGEST, dag_of, note_in
from dvc_proposals_plans import Place, card_of, plans_of
from dvc_runs import counted

from include.errors import ParamsError, PipelineError
from include.pipeline.names import run_name

# States of reports that are looked into: those that the investigator takes for no good run.
ALARMS = ("hurts", "failed", "blind", "unknown", "refused")
NOTE = "note.json"
LARGEST_REPORT = 4_000_000  # bytes of a report in which alarms are counted
LONGEST_S = 600  # that the writing of a note may take


class OnNote(BaseOperator):
    """A task about a note on an incident."""

    ui_color = "#f6efe3"

    def __init__(
        self,
        *,
        repo: str,
        home: str,
        url: str,
        about: dict[str, dict[str, str]],
        **arguments: Any,
    ) -> None:
        super().__init__(doc_md=type(self).__doc__, **arguments)
        self.repo, self.home, self.url, self.about = repo, home, url, about

    @property
    def place(self) -> Place:
        """What a plan is made from."""
        return Place(self.repo, self.home, self.url, self.about)


class ReadNote(OnNote):
    """Get the note: what a person brought, or what is written now on a run in trouble."""

    def __init__(self, *, command: list[str], **arguments: Any) -> None:
        super().__init__(task_id=READ, **arguments)
        self.command = command

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the plan of each action that is proposed, and what the run's note says first."""
        with tempfile.TemporaryDirectory() as folder:
            held, told = self.got(context, Path(folder))
            if held is None:
                return {"plans": {}, "told": told}
            note = note_in(held, bringer(context))
            self.keep(context, Path(folder))
        plans, refused = plans_of(note, self.place)
        asked = f"Proposed: {', '.join(plans)}." if plans else "Nothing is proposed."
        by = f"By a note that {note.brought_by} brought, on " if note.brought_by else ""
        told = f"{by}{note.run}: {note.headline} {asked}"
        told = broken(told + (f" Refused: {' '.join(refused)}" if refused else ""))
        self.log.info("%s", told)
        describe(context, told)
        return {"plans": plans, "told": told}

    def got(self, context: Context, folder: Path) -> tuple[object, str]:
        """The JSON of the note, in a file of the folder as well; None, and why there is none.

        Raises:
            ParamsError: nobody says what run it is to be about.
            PipelineError: it cannot be written.
        """
        brought, run = context["params"]["note"], str(context["params"]["run"]).strip()
        if brought is not None:
            (folder / NOTE).write_text(json.dumps(brought, indent=1) + "\n")
            return brought, ""
        if not run:
            run, kind = self.ended(context)
            if kind not in AUTOMATIC:
                return None, f"{run} was begun by hand: to look into it, trigger this DAG with it."
            if not in_trouble(run, Path(self.home)):
                return None, f"{run} tells of no trouble."
        dag_of(run, self.about)
        if not self.command:
            fix = "trigger it with a note, or name `investigate` in the DAG file."
            raise ParamsError(f"No command writes the note on {run}.", fix)
        words = {"{run}": run, "{home}": self.home, "{note}": str(folder / NOTE)}
        words |= {"{logs}": conf.get("logging", "base_log_folder"), "python": sys.executable}
        command = [words.get(word, word) for word in self.command]
        let_write(command, Path(self.repo), self.log.info)
        return read(folder / NOTE, f"`{' '.join(self.command)}` on {run}"), ""

    def ended(self, context: Context) -> tuple[str, str]:
        """The run whose end has started this one, and who began it, in Airflow's word.

        Raises:
            ParamsError: there is none.
        """
        held = context["triggering_asset_events"]
        found = [event for asset in held for event in held[asset] if event.source_task_id]
        known = [event for event in found if event.source_dag_id in self.about]
        if not known:
            what = "No run that may be looked into has started this one, and it names none."
            raise ParamsError(what, "trigger it with a run, as DAG.RUN, or with a note.")
        last = max(known, key=lambda event: event.timestamp)
        run = run_name(str(last.source_dag_id), str(last.source_run_id))
        return run, str((last.extra or {}).get("run_type", "manual"))

    def keep(self, context: Context, folder: Path) -> None:
        """Let people read the note among the reports, and those of no run that was deleted."""
        from include.pipeline.closing.card import remove_deleted, write_card
        from include.pipeline.workspace import reports_of

        home, run = Path(self.home), (self.dag_id, context["run_id"])
        place = reports_of(home, *run)
        place.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST:
                (place / file.name).write_bytes(file.read_bytes())
        write_card(home, run, repo=self.repo, makers={NOTE: self.task_id})
        remove_deleted(home, self.dag_id, counted(context))


def bringer(context: Context) -> str:
    """The person who brought the note, as Airflow knows them; empty if it is written here."""
    if context["params"]["note"] is None:
        return ""
    found = getattr(context.get("dag_run"), "triggering_user_name", None)
    return str(found or "somebody whom Airflow does not name")


def in_trouble(run: str, home: Path) -> bool:
    """Whether a report of a closed run tells of trouble, or counts alarms whatever its state."""
    from include.pipeline.workspace import reports_of

    card = card_of(run, home)
    if card is None:
        return False
    folder = reports_of(home, card.dag_id, card.run_id)
    counted = (alarms_in(folder / name) for name in card.reports if name.endswith(".json"))
    return any(found.state in ALARMS for found in card.findings) or any(counted)


def alarms_in(file: Path) -> bool:
    """Whether a report counts alarms, as a number of its own or as reasons of its verdict."""
    try:
        held = json.loads(file.read_text()) if file.stat().st_size <= LARGEST_REPORT else None
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(held, dict):
        return False
    said = held.get("verdict")
    return bool(held.get("alarms") or (said.get("alarms") if isinstance(said, dict) else None))


def let_write(command: Sequence[str], repo: Path, heard: Callable[[str], object]) -> None:
    """Let a command write a note, without what is Airflow's secret.

    Args:
        heard: gets each line that it says.

    Raises:
        PipelineError: it failed.
    """
    from include.pipeline.environment import step_environment

    fix = "see what it says; or trigger this DAG with a note."
    try:
        done = subprocess.run(
            command,
            cwd=repo,
            env=step_environment(),
            timeout=LONGEST_S,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PipelineError(f"The note was not written: {error}.", fix) from None
    lines = done.stdout.decode(errors="replace").splitlines()
    for line in lines:
        heard(line)
    if done.returncode:
        last = " ".join(lines[-2:]) or "it said nothing"
        raise PipelineError(f"The note was not written ({done.returncode}): {last}", fix)


def read(file: Path, by: str) -> object:
    """The JSON in a file that a command was to write.

    Raises:
        PipelineError: there is none.
    """
    fix = "see what wrote it; or trigger this DAG with a note."
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise PipelineError(f"The note of {by} has {size:,} bytes.", fix)
        return json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise PipelineError(f"{by} wrote no note: {error}.", fix) from None
