"""The documents, where the project has made an index of them."""

from pathlib import Path
from typing import TYPE_CHECKING

from include.step import read_params

if TYPE_CHECKING:
    from include.assistant.retrieval.search import Searcher

PROJECT = Path(__file__).parents[1]


def documents() -> "Searcher | None":
    """What finds documents; None as long as the index was not made."""
    data, models = PROJECT / "data", PROJECT / "models"
    needed = (data / "index", models / "encoder", models / "query_encoder")
    if not all(path.is_dir() for path in needed):
        return None
    from include.assistant.retrieval.search import Search, Searcher

    return Searcher.load(*needed, read_params("search", Search, PROJECT / "params.yaml"))
