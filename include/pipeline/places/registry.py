"""The places where a stage can run, by the names that `meta.runtime` gives them."""

import importlib
from collections.abc import Callable
from typing import Any, get_args

from include.pipeline.child.orders import Order, Reproduce, Terms
from include.pipeline.meta import Runtime
from include.pipeline.places.where import Contained

RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)

PIPELINE = __name__.rpartition(".places.")[0]
# The modules that make a container or pod: each has `run`.
RUNNERS = {name: f"{__package__}.{name}" for name in ("docker", "kubernetes")}


def module_of(order: Order[Any]) -> str:
    """The module that carries out an order: it has `main()` for a new process, and `work`."""
    if isinstance(order, Contained):
        return f"{PIPELINE}.elsewhere"
    return f"{PIPELINE}.{'child' if isinstance(order, Reproduce) else 'judge'}.__main__"


def runner_of(runtime: str) -> Callable[[Contained, Terms], int]:
    """What makes a container or pod, and follows it to its end; a process needs none."""
    run: Callable[[Contained, Terms], int] = importlib.import_module(RUNNERS[runtime]).run
    return run
