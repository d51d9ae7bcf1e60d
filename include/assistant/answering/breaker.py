"""A circuit breaker: what failed several times in a row is left alone for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from include.assistant.answering.faults import ModelFault
from include.assistant.answering.settings import Breaker as Settings


class Breaker:
    """Closed: each try is made. Open: none. After a while one may find out, alone.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings, self.clock = settings, clock
        self.lock = threading.Lock()
        self.failures = 0  # in a row
        self.opened_at: float | None = None
        self.probing = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Make a try in the block, if one may be made.

        Raises:
            ModelFault: it is open, or another try is finding out; or the try failed.
        """
        finding_out = self.enter()
        try:
            yield
        except ModelFault as fault:
            self.leave(not fault.down, finding_out)
            raise
        except BaseException:
            with self.lock:
                self.probing &= not finding_out
            raise
        self.leave(True, finding_out)

    def enter(self) -> bool:
        """Let a try through; whether it is the one that finds out."""
        with self.lock:
            if self.opened_at is None:
                return False
            left = self.opened_at + self.settings.open_s - self.clock()
            if left > 0 or self.probing:
                wait = f"; it is tried again in {left:.0f} s" if left > 0 else ""
                what = f"The model failed {self.failures} times in a row, and is left alone{wait}."
                raise ModelFault(what, "see why the endpoint fails.", down=True)
            self.probing = True
            return True

    def leave(self, well: bool, finding_out: bool) -> None:
        """Close it, or count a failure; a try that began before it opened says nothing of now."""
        with self.lock:
            if self.opened_at is not None and not finding_out:
                return
            self.probing = False
            self.failures = 0 if well else self.failures + 1
            if well:
                self.opened_at = None
            elif finding_out or self.failures >= self.settings.failures:
                self.opened_at = self.clock()
