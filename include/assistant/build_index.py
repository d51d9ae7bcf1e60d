"""Stage build_index: what a search reads, in one folder: passages, vectors and words."""

from pathlib import Path

import polars as pl

from include import step
from include.assistant.retrieval.index import write_index
from include.assistant.retrieval.vectors import gather, read_held
from include.step import Out


def build_index(passages: Path, vectors: Path, index: Out) -> None:
    """Put the vectors of all pages in the order of the passages, and count their words."""
    table = pl.read_parquet(passages / "passages.parquet")
    about = write_index(index, table, gather(table, vectors), read_held(vectors).encoder)
    print(
        f"{about.passages:,} passages of {about.sections:,} sections on {about.pages:,} pages",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(step.run(build_index))
