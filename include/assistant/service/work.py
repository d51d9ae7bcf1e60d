"""Where the work is done: in threads, so that the event loop answers others meanwhile."""

import asyncio
from collections import Counter
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
        answers: most requests at a time of each path; further ones are refused.
    """

    def __init__(self, searches: int, answers: int) -> None:
        self.most, self.running = answers, Counter[str]()
        self.searching = ThreadPoolExecutor(searches, thread_name_prefix="search")
        self.answering = ThreadPoolExecutor(answers, thread_name_prefix="answer")

    @contextmanager
    def place(self, path: str) -> Iterator[None]:
        """A place among those of a path, until the block ends.

        Each path has its own: a slow model, whose askers may be gone, keeps nobody from a search.

        Raises:
            Unavailable: there is none.
        """
        if self.running[path] >= self.most:
            what = f"The assistant answers {self.most} requests to {path} already."
            raise Unavailable(what, "ask again in a few seconds.")
        self.running[path] += 1
        try:
            yield
        finally:
            self.running[path] -= 1

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
