"""Leeway runs the graph of a DVC repository on Airflow, with the result that `dvc repro` has.

  leeway show                          the stages: where each runs, what it needs and makes
  leeway show --mermaid                the same as a picture, for Markdown
  leeway check --queues gpu            whether the graph can be run, and what is wrong
  leeway status                        what would run in the working tree, and why
  leeway up                            start Airflow on this machine, and keep it up
  leeway run                           run the repository's DAG to its end
  leeway run train --set train.depth=4 run the DAG `train`, with another value of params.yaml
  leeway down                          stop Airflow, with all its children
  leeway registry show                 the versions of a model, and which is live

Each works in the repository of the current folder, or of `--repo FOLDER`. Without DAG files in its
folder dags/, the whole graph is one DAG, named after the repository.
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from include.command import airflow, graph, registry, run, status
from include.command.repository import root_of
from include.errors import PlatformError


def main(argv: list[str] | None = None) -> int:
    """Carry out one command: 0 is well, 1 an error that says what to do, or a run that failed."""
    words = parser().parse_args(argv)
    words.repo = root_of(words.repo)
    try:
        return int(words.carry_out(words))
    except PlatformError as error:
        print(f"{words.command}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as of `leeway show | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what was done is kept, and the same command goes on.", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """All commands, and what each may be told."""
    made = argparse.ArgumentParser(
        prog="leeway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_repository(made, Path())
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (graph, status, airflow, run, registry):
        room.add_to(partial(added, commands))
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
