"""A small corpus for tests: a few passages that can be read, and the index of them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl

from include.assistant.passages import SCHEMA, embedded
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import write_index

Row = tuple[str, tuple[str, ...], str]  # page, titles, text

ROWS: tuple[Row, ...] = (
    ("scheduler.md", ("Airflow", "Restart the scheduler"), "Stop the scheduler, then start it."),
    ("scheduler.md", ("Airflow", "Queues"), "A worker takes tasks from the queue it listens to."),
    ("cache.md", ("DVC", "Pull the cache"), "Data that was pushed is pulled from the remote."),
    ("cache.md", ("DVC", "Stages"), "A stage runs again when its params have changed."),
    ("drift.md", ("Drift",), "A report of drift compares the data of two months."),
)


def passages(rows: Iterable[Row] = ROWS, source: str = "docs") -> pl.DataFrame:
    """One row per passage; each is a section of its own."""
    held = []
    for page, titles, text in rows:
        section = digest(source, page, *titles)
        held.append(
            {
                "id": digest(section, text),
                "source": source,
                "page": page,
                "section": section,
                "titles": list(titles),
                "position": 0,
                "text": text,
                "tokens": len(text.split()),
                "licence": "Apache-2.0",
                "url": f"https://docs.example/{page}",
                "masked": 0,
            }
        )
    return pl.DataFrame(held, schema=SCHEMA)


def digest(*parts: str) -> str:
    """16 hex digits of texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def write_passages(folder: Path, rows: Iterable[Row] = ROWS) -> Path:
    """The folder data/passages."""
    folder.mkdir(parents=True, exist_ok=True)
    passages(rows).write_parquet(folder / "passages.parquet")
    return folder


def indexed(folder: Path, encoder: Path, rows: Iterable[Row] = ROWS) -> Path:
    """The folder data/index."""
    table, reader = passages(rows), Encoder.load(encoder)
    texts = table.select("titles", "text").iter_rows()
    vectors = np.stack([reader.encode(embedded(*one)) for one in texts])
    write_index(folder, table, vectors, identity(encoder))
    return folder
