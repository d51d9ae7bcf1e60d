"""Import Feast in a second of CPU instead of five.

Two things cost the rest, and a stage uses neither: PyTorch, for tables as tensors, and typeguard,
which reads the source of Feast's classes and compiles it anew to check the types of arguments.
Feast checks what it is told once more when it writes its registry.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def import_feast() -> None:
    """Import Feast, if that has not been done; to others PyTorch and typeguard stay as they are."""
    if "feast" not in sys.modules:
        with without_torch(), without_typeguard():
            import feast  # noqa: F401


@contextmanager
def without_torch() -> Iterator[None]:
    """Let `import torch` fail, as where it is not installed, unless it has been imported."""
    hidden = "torch" not in sys.modules
    if hidden:
        sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["torch"]


@contextmanager
def without_typeguard() -> Iterator[None]:
    """Let `@typeguard.typechecked` leave classes and functions as they are written."""
    import typeguard

    checked = typeguard.typechecked
    typeguard.typechecked = as_written  # type: ignore[assignment]
    try:
        yield
    finally:
        typeguard.typechecked = checked


def as_written(target: T | None = None, **_: object) -> T | Callable[[T], T]:
    """A decorator, with arguments or without, that changes nothing."""
    return target if target is not None else lambda given: given
