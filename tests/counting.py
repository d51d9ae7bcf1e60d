"""Counters of a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import REGISTRY, values


@contextmanager
def counted_alone() -> Iterator[None]:
    """Let counters be new, and share no file with those of other processes or tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "ValueClass", values.MutexValue)
        before = set(REGISTRY._collector_to_names)
        yield
        for collector in set(REGISTRY._collector_to_names) - before:
            REGISTRY.unregister(collector)
