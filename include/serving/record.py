"""Puts each answer on record: that of the champion before the reply leaves."""

import contextlib
import os
from datetime import datetime
from pathlib import Path

from include.serving.journal import Journal, NotLogged, line, reply_line
from include.serving.manifest import log
from include.serving.places import LOG
from include.serving.request import Answered

SYNC = "LEEWAY_SERVE_LOG_SYNC"  # 1: wait for the disk at each line


class Record:
    """The log of predictions of one worker, if LEEWAY_SERVE_LOG names a folder for it.

    Raises:
        NotLogged: the folder cannot be written to.
    """

    def __init__(self) -> None:
        folder = os.environ.get(LOG, "").strip()
        sync = os.environ.get(SYNC) == "1"
        self.journal = Journal(Path(folder), sync=sync) if folder else None
        if self.journal is None:
            log.warning("Predictions are not logged: %s names no folder for them", LOG)

    def write(self, answered: Answered) -> None:
        """Put an answer on record.

        Raises:
            NotLogged: it cannot be, so the request must not be answered.
        """
        if self.journal is None:
            return
        asked, batch = answered.asked, answered.asked.batch
        champion, features = answered.role == "champion", None
        if champion and asked.kind == "entities":
            self.journal.declare(answered.served.version, [*batch.number_names, *batch.categories])
            held = [batch.categories[name] for name in batch.categories]
            features = [
                [*numbers, *(values[row] for values in held)]
                for row, numbers in enumerate(batch.numbers.tolist())
            ]
        self.journal.append(
            line(
                asked.request_id,
                asked.at,
                answered.served.version,
                asked.kind,
                asked.body if champion else b"null",
                answered.probabilities.tolist(),
                role=answered.role,
                features=features,
                ages=asked.ages if champion else None,
            ),
            awaited=champion,
        )

    def replied(self, at: datetime, path: str, status: int, seconds: float) -> None:
        """Put on record how a request was replied to, or leave it out: the reply is made."""
        if self.journal is not None:
            with contextlib.suppress(NotLogged):
                self.journal.append(reply_line(at, path, status, seconds), awaited=False)

    def close(self) -> None:
        """Mark the file as closed."""
        if self.journal is not None:
            self.journal.close()
