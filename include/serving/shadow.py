"""The challenger answers what the champion answered, in a thread of its own, and nobody waits."""

import queue
import threading
from collections import deque
from collections.abc import Callable

from include.serving.counts import Counts
from include.serving.manifest import log
from include.serving.request import Answered
from include.serving.served import Served

# What waits is bounded by its memory: a request of one row takes about as much as fifty rows do.
MOST_ROWS, REQUEST = 5_000, 50


# Writes down an answer: the champion's before the reply, the challenger's whenever it has one.
Log = Callable[[Answered], object]


class Waiting(queue.Queue[tuple[Served, Answered]]):
    """A queue that is full when so many rows wait: requests may have one row, or thousands."""

    def _init(self, maxsize: int) -> None:
        self.rows, self.queue = 0, deque()

    def _qsize(self) -> int:
        return self.rows

    def _put(self, item: tuple[Served, Answered]) -> None:
        self.rows += REQUEST + item[1].asked.batch.height
        self.queue.append(item)

    def _get(self) -> tuple[Served, Answered]:
        item: tuple[Served, Answered] = self.queue.popleft()
        self.rows -= REQUEST + item[1].asked.batch.height
        return item


class Shadow:
    """Lets a challenger answer, and writes its answers down."""

    def __init__(self, write: Log, counts: Counts) -> None:
        self.write, self.counts = write, counts
        self.waiting, self.blamed = Waiting(MOST_ROWS), ""
        self.newest: Served | None = None
        self.thread: threading.Thread | None = None

    def offer(self, challenger: Served, champion: Answered) -> None:
        """Let the challenger answer what the champion has answered, if it has time."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.work, name="challenger", daemon=True)
            self.thread.start()
        self.newest = challenger
        try:
            self.waiting.put_nowait((challenger, champion))
        except queue.Full:
            self.counts.shadow_dropped.inc()

    def work(self) -> None:
        """Answer what waits, for as long as the worker lives."""
        while True:
            challenger, champion = self.waiting.get()
            if challenger is self.newest:
                self.answer(challenger, champion)
            else:  # a slow one that was replaced would hold up the next for hours
                self.counts.shadow_dropped.inc()

    def answer(self, challenger: Served, champion: Answered) -> None:
        """Answer one request; a challenger that cannot is the reason to have it in the shadow."""
        try:
            found = challenger.model.answer(champion.asked.batch)
            self.write(Answered(champion.asked, "challenger", challenger, found))
        except Exception as error:
            self.counts.shadow_failed.inc()
            if self.blamed != challenger.version:  # once, not a thousand times a second
                self.blamed = challenger.version
                log.exception("The challenger %s cannot answer: %s", challenger.version, error)
        else:
            self.counts.shadow_answered.inc()
