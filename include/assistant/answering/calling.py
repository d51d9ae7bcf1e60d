"""A call of a model as a whole: kept ones first, then tries within the budget, with waits."""

import contextlib
import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from include.assistant.answering.breaker import Breaker
from include.assistant.answering.budget import Budget
from include.assistant.answering.cache import Cache, Kept
from include.assistant.answering.endpoint import Server
from include.assistant.answering.faults import BudgetSpent, ModelFault
from include.assistant.answering.settings import Endpoint

T = TypeVar("T")
BYTES_PER_TOKEN = 3  # fewer than English has: what is set aside before a call is rather too much
FRAME = 1000  # tokens that a server may put around what it was sent
NOTHING = (0, 0)


@dataclass(frozen=True)
class Caller:
    """Asks one model. Safe for several threads.

    Args:
        sleep: waits so many seconds.
    """

    settings: Endpoint
    server: Server
    cache: Cache | None
    budget: Budget
    breaker: Breaker
    sleep: Callable[[float], None] = time.sleep
    lock: threading.Lock = field(default_factory=threading.Lock)
    asking: dict[str, threading.Event] = field(default_factory=dict)  # those ahead, by their key

    def call(
        self,
        messages: list[dict[str, str]],
        schema: dict[str, Any],
        prompt: str,
        form: Callable[[Kept], T],
    ) -> tuple[T, Kept, bool]:
        """Ask, or take the same call if it is kept.

        Args:
            form: reads a reply; one that is not of the form is a ModelFault, and not kept.

        Returns:
            What form made of the reply, the reply, and whether it was kept.

        Raises:
            ModelFault: no try gave a reply of the form.
            BudgetSpent: no further try may be made.
        """
        body = self.server.body(messages, schema)
        sent = json.dumps([self.settings.base_url, prompt, body], sort_keys=True)
        tokens = len(sent) // BYTES_PER_TOKEN
        if self.cache is None:
            made, kept = self.tries(body, tokens, "", prompt, form)
            return made, kept, False
        told = [sent, self.settings.model_revision, self.server.identity()]
        key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
        with self.alone(key):
            if before := self.cache.get(key):
                # One whose form another version of the code reads is made anew.
                with contextlib.suppress(ModelFault):
                    return form(before), before, True
            made, kept = self.tries(body, tokens, key, prompt, form)
            self.cache.put(kept)
        return made, kept, False

    @contextlib.contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let the first of those who ask the same go ahead; what it was told is kept for them."""
        with self.lock:
            ahead = self.asking.get(key)
            mine = self.asking.setdefault(key, threading.Event())
        if ahead:
            ahead.wait()
        try:
            yield
        finally:
            if not ahead:
                with self.lock:
                    del self.asking[key]
                mine.set()

    def tries(
        self, body: dict[str, Any], tokens: int, key: str, prompt: str, form: Callable[[Kept], T]
    ) -> tuple[T, Kept]:
        """Try as often as the settings allow; what a try takes for nothing is of the call, too."""
        before = NOTHING
        for number in range(1, self.settings.waits.tries + 1):
            try:
                with self.breaker.watching():
                    made, kept = self.once(body, tokens, key, prompt, form)
            except BudgetSpent as spent:
                spent.tokens = before
                raise
            except ModelFault as fault:
                before = fault.tokens = added(before, fault.tokens or NOTHING)
                if not fault.again or number == self.settings.waits.tries:
                    raise
                self.sleep(self.pause(fault, number))
            else:
                tokens_in, tokens_out = added(before, (kept.tokens_in, kept.tokens_out))
                return made, replace(kept, tokens_in=tokens_in, tokens_out=tokens_out)
        raise AssertionError("the last try returns or raises")

    def once(
        self, body: dict[str, Any], tokens: int, key: str, prompt: str, form: Callable[[Kept], T]
    ) -> tuple[T, Kept]:
        """Make one try, and settle what it took."""
        settings = self.settings
        most = tokens * BYTES_PER_TOKEN + FRAME  # a token has a byte at least
        written, seconds = may_write(body, settings.most_tokens), settings.waits.answer_s
        with self.budget.call(tokens, written, seconds) as call:
            try:
                reply = self.server.ask(body)
            except ModelFault as fault:
                if fault.tokens == NOTHING:  # it never came to the model
                    call.tokens_in, call.tokens_out = NOTHING
                else:
                    fault.tokens = call.took(fault.tokens, most)
                raise
            took = call.took(reply.tokens, most)
        kept = Kept(
            key, "endpoint", settings.base_url, reply.model, settings.seed, prompt, reply.text,
            reply.tool_calls, *took,
        )  # fmt: skip
        try:
            return form(kept), kept
        except ModelFault as fault:
            fault.tokens = took
            raise

    def pause(self, fault: ModelFault, number: int) -> float:
        """Seconds before the next try: what the server asks for, or else twice the last.

        Raises:
            ModelFault: the server asks for more than is allowed.
        """
        waits = self.settings.waits
        if fault.after_s is not None:
            if fault.after_s > waits.longest_s:
                asks = f"It asks to wait {fault.after_s:.0f} s; {waits.longest_s:g} are allowed."
                what = f"{fault.what} {asks}"
                raise ModelFault(what, fault.fix, down=fault.down, tokens=fault.tokens) from fault
            return fault.after_s
        # Clients that failed together must not come back together.
        longest: float = min(waits.first_s * 2 ** (number - 1), waits.longest_s)
        return longest * random.uniform(0.5, 1)


def may_write(body: dict[str, Any], most: int) -> int:
    """Tokens that a server may write: so many for each of the replies that are asked for.

    Args:
        most: where the body sets no limit.
    """
    names = ("max_tokens", "max_completion_tokens")
    limits = [int(body[name]) for name in names if isinstance(body.get(name), int | float)]
    replies = body.get("n")
    return max(limits, default=most) * (int(replies) if isinstance(replies, int | float) else 1)


def added(some: tuple[int, int], more: tuple[int, int]) -> tuple[int, int]:
    """Tokens read and written, together."""
    return some[0] + more[0], some[1] + more[1]
