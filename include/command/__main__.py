"""Leeway runs the graph of a DVC repository on Airflow, with the result that `dvc repro` has.

  leeway show                          the stages: where each runs, what it needs and makes
  leeway show --mermaid                the same as a picture, for Markdown
  leeway check --queues gpu            whether the graph can be run, and what is wrong
  leeway status                        what would run in the working tree, and why
  leeway up                            start Airflow on this machine, and keep it up
  leeway run                           run the repository's DAG to its end
  leeway run train --set train.depth=4 run the DAG `train`, with another value of params.yaml
  leeway down                          stop Airflow, with all its children
  leeway history --metric auc          the runs that ended, with a metric and their cost
  leeway cost                          what each stage of the last run took
  leeway simulate                      when a policy of retraining would have trained
  leeway registry show                 the versions of a model, and which is live

Each works in the repository of the current folder, or of `--repo FOLDER`. Without DAG files in its
folder dags/, the whole graph is one DAG, named after the repository.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from include.command.repository import root_of
from include.errors import PlatformError

# The module of each command; one that is not called is not imported.
ROOMS = {
    "show": "graph",
    "check": "graph",
    "status": "status",
    "up": "airflow",
    "down": "airflow",
    "run": "run",
    "history": "history",
    "cost": "cost",
    "simulate": "simulate",
    "registry": "registry",
}


def main(argv: list[str] | None = None) -> int:
    """Carry out one command: 0 is well, 1 an error that says what to do, or a run that failed."""
    argv = sys.argv[1:] if argv is None else argv
    words = parser(argv).parse_args(argv)
    words.repo = root_of(words.repo)
    try:
        return int(words.carry_out(words))
    except PlatformError as error:
        print(f"{words.command}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as of `leeway show | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt as stop:  # with what becomes of what it did, if that goes on
        print(f"\nstopped{stop}.", file=sys.stderr)
        return 130


def parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The command that is called, or else all, and what each may be told."""
    made = argparse.ArgumentParser(
        prog="leeway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_repository(made, Path())
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    words = [word for before, word in pairwise(("", *argv)) if before != "--repo"]
    called = [ROOMS[word] for word in words if word in ROOMS][:1]
    for room in dict.fromkeys(called or ROOMS.values()):
        importlib.import_module(f"{__package__}.{room}").add_to(partial(added, commands))
    return made


def added(commands: Any, name: str, does: str, examples: str) -> argparse.ArgumentParser:
    """Add a command, with its examples."""
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=does,
        description=f"{does[0].upper()}{does[1:]}.\n{examples}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_repository(made, argparse.SUPPRESS)  # what was said before the command stands
    return made


def add_repository(told: argparse.ArgumentParser, default: object) -> None:
    """Let the repository be named, before the command or behind it."""
    said = "of the DVC repository; the current one by default"
    told.add_argument("--repo", type=Path, default=default, metavar="FOLDER", help=said)


if __name__ == "__main__":
    raise SystemExit(main())
