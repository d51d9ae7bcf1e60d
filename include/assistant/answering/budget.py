"""The budget of a run: tokens, money and seconds of waiting, held by all its threads together."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from include.assistant.answering.faults import BudgetSpent
from include.assistant.answering.settings import Budget as Limits
from include.assistant.answering.settings import Prices

MOST_WRITTEN = 1_000_000  # tokens: no model writes more at a time, whatever its server says


@dataclass
class Use:
    """What is used, or set aside for calls under way."""

    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0


@dataclass
class Call:
    """One call under way: what it is thought to take, then what it took."""

    tokens_in: int
    tokens_out: int

    def took(self, told: tuple[int, int] | None, most_in: int) -> tuple[int, int]:
        """Put in what a server says that it took; what was set aside stays where it says nothing.

        Args:
            told: tokens read and written.
            most_in: that can have been read. More may have been written than was asked for.
        """
        if told is None:
            return self.tokens_in, self.tokens_out
        self.tokens_in, self.tokens_out = min(told[0], most_in), min(told[1], MOST_WRITTEN)
        return self.tokens_in, self.tokens_out


@dataclass
class Budget:
    """Sets aside before a call what it may take, and settles after it what it took."""

    limits: Limits
    prices: Prices
    clock: Callable[[], float] = time.monotonic
    use: Use = field(default_factory=Use)
    lock: threading.Lock = field(default_factory=threading.Lock)
    began: float | None = None

    @contextmanager
    def call(self, tokens_in: int, tokens_out: int, seconds: float) -> Iterator[Call]:
        """Set so much aside; the block puts the true numbers of tokens into what it is given.

        Raises:
            BudgetSpent: there is not as much left.
        """
        with self.lock:
            use = self.renewed()
            self.check(use, tokens_in, tokens_out, seconds)
            self.add(use, tokens_in, tokens_out, 1)
            use.seconds += seconds
        call, began = Call(tokens_in, tokens_out), self.clock()
        try:
            yield call
        finally:
            with self.lock:
                self.add(use, tokens_in, tokens_out, -1)
                self.add(use, call.tokens_in, call.tokens_out, 1)
                use.seconds += self.clock() - began - seconds

    def renewed(self) -> Use:
        """What is used; nothing, once the time of the budget is over."""
        now = self.clock()
        if self.began is None:
            self.began = now
        elif self.limits.every_s is not None and now - self.began >= self.limits.every_s:
            # Another object: calls under way are settled with the old one.
            self.use, self.began = Use(), now
        return self.use

    def check(self, use: Use, tokens_in: int, tokens_out: int, seconds: float) -> None:
        """Raise BudgetSpent if a call would go beyond a limit."""
        cost = self.prices.cost(tokens_in, tokens_out)
        for limit, used, more, unit in (
            (self.limits.tokens, use.tokens, tokens_in + tokens_out, " tokens"),
            (self.limits.cost, use.cost, cost, f" {self.prices.currency}"),
            (self.limits.seconds, use.seconds, seconds, " s of waiting for the model"),
        ):
            if limit is not None and (used + more > limit or (not more and used >= limit)):
                needs = f", and a call may take {more:,.6g}" if more else ""
                what = f"The budget is spent: {used:,.6g} of {limit:,.6g}{unit} are used{needs}."
                raise BudgetSpent(what, "raise answering.endpoint.budget in params.yaml, or wait.")

    def add(self, use: Use, tokens_in: int, tokens_out: int, sign: int) -> None:
        """Count tokens and what they cost; sign -1 takes them back."""
        use.tokens += sign * (tokens_in + tokens_out)
        use.cost += sign * self.prices.cost(tokens_in, tokens_out)
