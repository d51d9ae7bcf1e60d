"""The task that gets a note on an incident: what a person brought, or what is written on a run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, Context
from dvc_notes import describe
from dvc_proposals_approval import READ
from dvc_proposals_note import LARGEST, Note, dag_of, note_in
from dvc_proposals_plans import Place, card_of, plans_of

from include.errors import ParamsError, PipelineError
from include.pipeline.names import run_name

ALARMS = ("hurts", "failed", "blind", "unknown")  # states of reports that are looked into
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
        """Return the plan of each action that is proposed, and why others are refused."""
        note = self.note(context)
        if note is None:
            return {"plans": {}, "refused": []}
        plans, refused = plans_of(note, self.place)
        said = f"{note.run}: {note.headline}".rstrip(": ")
        asked = f"Proposed: {', '.join(plans)}." if plans else "Nothing is proposed."
        told = f"{said} {asked}" + (f" Refused: {' '.join(refused)}" if refused else "")
        self.log.info("%s", told)
        describe(context, told)
        return {"plans": plans, "refused": refused}

    def note(self, context: Context) -> Note | None:
        """The note that was brought, or that is written now; None where there is no trouble.

        Raises:
            ParamsError: nobody says what run it is to be about.
            PipelineError: it cannot be written, or is none.
        """
        brought, run = context["params"]["note"], str(context["params"]["run"]).strip()
        if brought is not None:
            return note_in(brought)
        if not run:
            run = self.ended(context)
            card = card_of(run, Path(self.home))
            if not any(found.state in ALARMS for found in (card.findings if card else ())):
                describe(context, f"{run} tells of no trouble.")
                return None
        if not self.command:
            fix = "trigger it with a note, or name `investigate` in the DAG file."
            raise ParamsError(f"No command writes the note on {run}.", fix)
        dag_of(run, self.about)
        return note_in(written(self.command, run, Path(self.repo), self.home, self.log.info))

    def ended(self, context: Context) -> str:
        """The run whose end has started this one.

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
        return run_name(str(last.source_dag_id), str(last.source_run_id))


def written(
    command: Sequence[str], run: str, repo: Path, home: str, heard: Callable[[str], object]
) -> object:
    """The JSON of the note that a command writes on a run.

    Args:
        heard: gets each line that the command says.

    Raises:
        PipelineError: it writes none.
    """
    from include.pipeline.environment import step_environment

    with tempfile.TemporaryDirectory() as folder:
        file, fix = Path(folder) / "note.json", "see what it says; or trigger it with a note."
        words = {"{run}": run, "{home}": home, "{note}": str(file), "python": sys.executable}
        try:
            done = subprocess.run(
                [words.get(word, word) for word in command],
                cwd=repo,
                env=step_environment(),
                timeout=LONGEST_S,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PipelineError(f"The note on {run} was not written: {error}.", fix) from None
        for line in done.stdout.decode(errors="replace").splitlines():
            heard(line)
        if done.returncode or not file.is_file() or file.stat().st_size > LARGEST:
            what = f"`{' '.join(command)}` ended with {done.returncode}, and there is "
            small = "no note" if not file.is_file() else f"a note of {file.stat().st_size:,} bytes"
            raise PipelineError(f"{what}{small} on {run}.", fix)
        try:
            return json.loads(file.read_text())
        except (ValueError, RecursionError) as error:
            raise PipelineError(f"The note on {run} is no JSON: {error}.", fix) from None
