"""Write a note on a run: what moved, since when, for whom, likely causes, and what to do next.

From the root of the repository: `python -m include.assistant.investigate --run NAME`. Without a
name it looks into the newest run that is in trouble; `--run workspace` is the working tree. Only
files are read, and nothing is done but the note, which may ask a person to do something.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from include.assistant.investigator import playbook
from include.assistant.investigator.documents import documents
from include.assistant.investigator.evidence import Evidence
from include.assistant.investigator.gathering.gather import Places, gather
from include.assistant.investigator.note import Note
from include.assistant.investigator.rendering import as_html, as_markdown
from include.assistant.investigator.settings import Investigating
from include.assistant.investigator.tools import Tools
from include.assistant.investigator.writing import investigate as by_playbook
from include.errors import PlatformError
from include.step import clear_errors, read_params

PROJECT = Path(__file__).parent


def main(argv: list[str] | None = None) -> int:
    """Write the note, or print it; 1 if there is no such run."""
    asked = arguments().parse_args(argv)
    try:
        with clear_errors(), tempfile.TemporaryDirectory(prefix="leeway-") as aside:
            folder = asked.evidence or Path(aside)
            if asked.evidence is None:
                gather(Places.of(asked.repository, asked.home, asked.logs), asked.run, folder)
            note = written(Tools(Evidence(folder), documents()))
            told = publish(note, asked.note) if asked.note else as_markdown(note)
    except PlatformError as error:
        print(f"investigate: {error}", file=sys.stderr)
        return 1
    print(told, flush=True)
    return 0


def arguments() -> argparse.ArgumentParser:
    """What may be asked."""
    parser = argparse.ArgumentParser(prog="investigate", description=__doc__)
    add = parser.add_argument
    add("--run", default="", help="name of the run, or workspace")
    add("--note", type=Path, help="file of the note, .json; without one it is printed")
    add("--repository", type=Path, default=Path(), help="root of the repository")
    add("--home", type=Path, help="folder of workspaces and reports: [leeway] home")
    add("--logs", type=Path, help="folder of the logs of Airflow's tasks")
    add("--evidence", type=Path, help="a folder of evidence that was gathered before")
    return parser


def written(tools: Tools) -> Note:
    """The note, by whom params.yaml says."""
    settings = read_params("investigating", Investigating, PROJECT / "params.yaml")
    book = playbook.read()
    if settings.provider == "playbook":
        return by_playbook(tools, book)
    from include.assistant.investigator.agent import investigate_by

    return investigate_by(tools, book, settings).note


def publish(note: Note, path: Path) -> str:
    """Write the note as JSON for programs, and as Markdown and a page for people; say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        path: note.model_dump_json(indent=1) + "\n",
        path.with_suffix(".md"): as_markdown(note),
        path.with_suffix(".html"): as_html(note),
    }
    for place, text in texts.items():
        aside = place.with_name(f".{place.name}.{os.getpid()}")
        aside.write_text(text)
        aside.replace(place)
    return "\n".join([note.headline, *(f"note: {place}" for place in texts)])


if __name__ == "__main__":
    raise SystemExit(main())
