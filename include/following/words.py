"""What both commands may be told, and how they end."""

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from include.following.follower import Follower
from include.pipeline.registry.turns import remote_of

ARTIFACT = "LEEWAY_SERVE_ARTIFACT"
say = partial(print, flush=True)


class Ended(BaseException):
    """Somebody wants the process to end."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what says whose registry is followed."""
    artifact = os.environ.get(ARTIFACT, "")
    parser.add_argument("--repo", type=Path, default=Path(), help="the current folder by default")
    parser.add_argument("--artifact", default=artifact, help=f"of dvc.yaml, else ${ARTIFACT}")
    parser.add_argument("--remote", default=None, help="whose tags are fetched; none if empty")


def follower_of(words: argparse.Namespace, live: Path) -> Follower:
    """The follower of what was said."""
    repo = words.repo.resolve()
    remote = remote_of(repo) if words.remote is None else words.remote
    return Follower(repo, words.artifact, remote, live.resolve(), say)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Leave the block, and tidy up on the way, when Ctrl-C or a service manager says so."""

    def end(*_: object) -> None:
        for number in signals:  # once is enough
            signal.signal(number, signal.SIG_IGN)
        raise Ended

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in signals}
    try:
        yield
    except Ended:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
