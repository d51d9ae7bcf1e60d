"""Which stores there are for a copy of the index."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from include.assistant.retrieval.copying import Store

Kind = Literal["lancedb", "pgvector"]


@contextmanager
def open_store(kind: Kind, folder: Path, width: int) -> Iterator[Store]:
    """A store for vectors of a width: LanceDB in a folder, or the pgvector of the environment."""
    # Each brings libraries that the other one does not need.
    if kind == "lancedb":
        from include.assistant.retrieval.lance import LanceStore

        yield LanceStore(folder, width)
        return
    from include.assistant.retrieval.pgvector import connected

    with connected(width) as store:
        yield store
