"""A DVC process of the worker, which carries out one order about a run as a whole."""

import sys
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from include.pipeline.child.carrying import carry_out
from include.pipeline.child.orders import Order, Terms, received
from include.pipeline.judge import closing, describing, opening, transfer, unchanged, verifying
from include.pipeline.orders import (
    Configure,
    Describe,
    Fetch,
    Finish,
    Locate,
    Open,
    Push,
    Read,
    Resolve,
    Sound,
    Unchanged,
    Verify,
)
from include.pipeline.resolve import resolved

WORK: dict[type[Order[Any]], Callable[[Any], Any]] = {
    Resolve: resolved,
    Describe: describing.described,
    Locate: describing.located,
    Verify: verifying.verified,
    Read: verifying.read,
    Configure: opening.configure,
    Open: opening.opened,
    Unchanged: unchanged.unchanged,
    Finish: closing.finished,
    Sound: transfer.sound,
    Push: transfer.push,
    Fetch: transfer.fetch,
}


def main() -> int:
    """Be a new process: do what it is told."""
    terms, name, held = received()
    kind = next(kind for kind in WORK if kind.__name__ == name)
    return work(terms, TypeAdapter(kind).validate_python(held))


def work(terms: Terms, order: Order[Any]) -> int:
    """Carry out an order."""
    return carry_out(terms, order, WORK[type(order)])


if __name__ == "__main__":
    sys.exit(main())
