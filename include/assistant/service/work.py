"""Where the work is done: in threads, so that the event loop answers others meanwhile."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from include.serving.request import Unavailable

T = TypeVar("T")


class Work:
    """Two pools: searches compute, and few at a time are quickest; answers may wait for a model.

    Args:
        searches: most searches at a time.
        answers: most requests at a time, of all kinds; further ones are refused.
    """

    def __init__(self, searches: int, answers: int) -> None:
        self.most, self.running = answers, 0
        self.searching = ThreadPoolExecutor(searches, thread_name_prefix="search")
        self.answering = ThreadPoolExecutor(answers, thread_name_prefix="answer")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among those who are answered, until the block ends.

        Raises:
            Unavailable: there is none.
        """
        if self.running >= self.most:
            what = f"The assistant answers {self.most} questions already."
            raise Unavailable(what, "ask again in a few seconds.")
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    async def search(self, work: Callable[[], T]) -> T:
        """Do it among the searches; one whose client is gone before it began is left out."""
        return await asyncio.get_running_loop().run_in_executor(self.searching, work)

    async def answer(self, work: Callable[[], T]) -> T:
        """Do it among the answers."""
        return await asyncio.get_running_loop().run_in_executor(self.answering, work)

    def close(self) -> None:
        """Let go of the threads; what has not begun is left out."""
        for pool in (self.searching, self.answering):
            pool.shutdown(wait=False, cancel_futures=True)
