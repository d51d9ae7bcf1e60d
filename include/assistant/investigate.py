"""Write a note on a run: what moved, since when, for whom, likely causes, and what to do next.

From the root of the repository: `python -m include.assistant.investigate --run NAME`. Without a
name it looks into the newest run that is in trouble; `--run workspace` is the working tree. Only
files are read, and nothing is done but the note, which may ask a person to do something.
"""

import argparse
import errno
import os
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

from include.assistant.investigator import playbook
from include.assistant.investigator.documents import documents
from include.assistant.investigator.evidence import Evidence
from include.assistant.investigator.gathering.gather import Places, gather
from include.assistant.investigator.note import Note
from include.assistant.investigator.rendering import as_html, as_markdown
from include.assistant.investigator.settings import Investigating
from include.assistant.investigator.tools import Tools
from include.assistant.investigator.writing import investigate as by_playbook
from include.errors import DataError, ParamsError, PlatformError
from include.step import clear_errors, read_params

PROJECT = Path(__file__).parent
KINDS = (".json", ".md", ".html")  # that a note is written as
CLEAR = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}  # that are told of as everywhere


def main(argv: list[str] | None = None) -> int:
    """Write the note, or print it; 1 if there is no such run."""
    asked = arguments().parse_args(argv)
    try:
        with clear_errors(), tempfile.TemporaryDirectory(prefix="leeway-") as aside:
            if asked.note:
                see_that_named(asked.note)
            folder = asked.evidence or Path(aside)
            if asked.evidence is None:
                places = Places.of(asked.repository, asked.home, asked.logs)
                gather(places, asked.run, folder, failed=asked.failed)
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
    add("--failed", action="store_true", help="Airflow says that this run failed")
    add("--note", type=Path, help="file of the note, .json; without one it is printed")
    add("--repository", type=Path, default=Path(), help="root of the repository")
    add("--home", type=Path, help="folder of workspaces and reports: [leeway] home")
    add("--logs", type=Path, help="folder of the logs of Airflow's tasks")
    add("--evidence", type=Path, help="a folder of evidence that was gathered before")
    return parser


def written(tools: Tools) -> Note:
    """The note, by whom params.yaml says; by the playbook where its endpoint cannot be asked."""
    settings = read_params("investigating", Investigating, PROJECT / "params.yaml")
    book = playbook.read()
    if settings.provider == "playbook":
        return by_playbook(tools, book)
    from include.assistant.investigator.agent import investigate_by

    try:
        return investigate_by(tools, book, settings).note
    except ParamsError as error:
        # Whoever is called by an alarm needs a note now; a stage stops here.
        print(f"investigate: the playbook writes the note. {error}", file=sys.stderr)
        reason = f"The model was not asked: {error.what}"
        return by_playbook(tools, book).model_copy(update={"reason": reason})


def see_that_named(path: Path) -> None:
    """Refuse a place in which a note cannot lie, before anything is looked into.

    Raises:
        DataError: it is a folder, its name is that of another kind of file, or the files that would
            be written are there and are no note.
    """
    if os.path.isdir(path):  # which takes any name
        raise DataError(f"{path} is a folder.", f"name a file in it: {path / 'note.json'}.")
    if path.suffix != ".json":
        what = f"{path} does not end in .json; the Markdown and the page are written beside it."
        raise DataError(what, f"name {path.with_name(f'{path.stem}.json')}.")
    there = [one for one in map(path.with_suffix, KINDS) if os.path.isfile(one)]
    if there and not is_note(path):
        what = f"A note is written to {', '.join(KINDS)}, and {there[0]} is none."
        raise DataError(what, "name another file, or move that one away.")


def is_note(path: Path) -> bool:
    """Whether a file is a note that was written before."""
    try:
        return bool(Note.model_validate_json(path.read_bytes()))
    except (OSError, ValidationError):
        return False


def publish(note: Note, path: Path) -> str:
    """Write the note as JSON for programs, and as Markdown and a page for people; say where.

    Raises:
        DataError: nothing can be written there.
    """
    forms = (note.model_dump_json(indent=1) + "\n", as_markdown(note), as_html(note))
    texts = {path.with_suffix(kind): text for kind, text in zip(KINDS, forms, strict=True)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for place, text in texts.items():
            put(place, text)
    except OSError as error:
        if error.errno in CLEAR:
            raise
        what = f"The note cannot be written to {path}: {error.strerror}."
        raise DataError(what, "name a file in a folder that is there.") from None
    return "\n".join([note.headline, *(f"note: {place}" for place in texts)])


def put(place: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    aside = place.with_name(f".{os.getpid()}")
    try:
        aside.write_text(text)
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)


if __name__ == "__main__":
    raise SystemExit(main())
