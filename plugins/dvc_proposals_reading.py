"""The task that gets a note on an incident: what a person brought, or what is written on a run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.sdk import BaseOperator, Context
from dvc_interval import AUTOMATIC
from dvc_notes import describe, login
from dvc_proposals_approval import READ, broken
from dvc_proposals_failed import CLOSED, FAILED, look_into
from dvc_proposals_note import LARGEST, dag_of, note_in
from dvc_proposals_plans import Place, plans_of
from dvc_proposals_trouble import in_trouble
from dvc_runs import counted

from include.errors import ParamsError, PipelineError, at_most_ten
from include.pipeline.names import run_name

NOTE = "note.json"
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
        found = f"{by}{note.run}: {note.headline} {asked}"
        found += f" Refused: {' '.join(refused)}" if refused else ""
        told = broken(f"{found} {told}".strip())
        self.log.info("%s", told)
        describe(context, told)
        return {"plans": plans, "told": told}

    def got(self, context: Context, folder: Path) -> tuple[object, str]:
        """The JSON of the note, in a file of the folder as well, and what became of other runs.

        There is none if no run tells of trouble; then it is said of each.

        Raises:
            ParamsError: nobody says what run it is to be about.
            PipelineError: it cannot be written.
        """
        brought, run = context["params"]["note"], str(context["params"]["run"]).strip()
        if brought is not None:
            (folder / NOTE).write_text(json.dumps(brought, indent=1) + "\n")
            return brought, ""
        told = ""
        if not run:
            run, told = self.in_trouble(context)
            if not run:
                return None, told
        dag_of(run, self.about)
        if not self.command:
            fix = "trigger it with a note, or name `investigate` in the DAG file."
            raise ParamsError(f"No command writes the note on {run}.", fix)
        words = {"{run}": run, "{home}": self.home, "{note}": str(folder / NOTE)}
        words |= {"{logs}": conf.get("logging", "base_log_folder"), "python": sys.executable}
        words["{failed}"] = "--failed" if str(context["run_id"]).startswith(FAILED) else ""
        command = [said for word in self.command if (said := words.get(word, word))]
        let_write(command, Path(self.repo), self.log.info)
        return read(folder / NOTE, f"`{' '.join(self.command)}` on {run}"), told

    def in_trouble(self, context: Context) -> tuple[str, str]:
        """The run that is looked into now, empty if none tells of trouble; and what of others.

        Airflow hands over all ends since the last one at once, where it was slow, or paused.

        Raises:
            ParamsError: no run has started this one.
            PipelineError: Airflow refuses to look into another run.
        """
        found, told = {}, []
        for run, (at, kind) in self.ended(context).items():
            if kind not in AUTOMATIC:
                told.append(f"{run} was begun by hand: to look into it, trigger this DAG with it.")
            elif not in_trouble(run, Path(self.home)):
                told.append(f"{run} tells of no trouble.")
            else:
                found[run] = at
        run, *others = found or [""]
        if not run:
            return "", " ".join(told)
        return run, self.passed_on({other: found[other] for other in others})

    def passed_on(self, others: Mapping[str, datetime]) -> str:
        """Have the other runs in trouble looked into, each by a run of its own; what is said."""
        if not others:
            return ""
        names, api = at_most_ten(others), login()
        if api is None:
            return f"Not looked into: {names}: trigger this DAG with each; see docs/alerts.md."
        for run, at in others.items():
            look_into(api, self.dag_id, run, CLOSED, at)
        return f"Looked into by runs of their own: {names}."

    def ended(self, context: Context) -> dict[str, tuple[datetime, str]]:
        """The runs whose ends have started this one, the last first: when, and who began them.

        Raises:
            ParamsError: there is none.
        """
        held = context["triggering_asset_events"]
        found = [event for asset in held for event in held[asset] if event.source_task_id]
        known = [event for event in found if event.source_dag_id in self.about]
        if not known:
            what = "No run that may be looked into has started this one, and it names none."
            raise ParamsError(what, "trigger it with a run, as DAG.RUN, or with a note.")
        ended: dict[str, tuple[datetime, str]] = {}
        for one in sorted(known, key=lambda event: event.timestamp, reverse=True):
            run = run_name(str(one.source_dag_id), str(one.source_run_id))
            ended.setdefault(run, (one.timestamp, str((one.extra or {}).get("run_type", "manual"))))
        return ended

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
