"""Stage embed_passages: a vector for each passage; a page that did not change keeps its own."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
import polars as pl

from include import step
from include.assistant.retrieval import vectors as files
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.step import Kept

ALONE = 64  # passages below which another process costs more than it saves
AT_ONCE = 16  # pages that a process is given


def embed_passages(passages: Path, encoder: Path, vectors: Kept) -> None:
    """Embed the pages that are new or changed, and remove the files of those that are gone."""
    vectors.mkdir(parents=True, exist_ok=True)
    table = pl.read_parquet(
        passages / "passages.parquet", columns=["source", "page", "titles", "text"]
    )
    known = identity(encoder)
    files.write_encoder(vectors, known)
    wanted = {files.file_of(page.texts, known): page.texts for page in files.pages_of(table)}
    for path in vectors.iterdir():
        if path.name not in wanted and path.name != files.ENCODER:
            path.unlink()
    missing = {name: wanted[name] for name in sorted(wanted) if not (vectors / name).exists()}
    for done, (name, made) in enumerate(embedded(missing, encoder), start=1):
        files.put(made, vectors / name)
        if done % 100 == 0:
            print(f"{done:,} of {len(missing):,} pages", flush=True)
    count = sum(len(texts) for texts in missing.values())
    print(
        f"{len(table):,} passages on {len(wanted):,} pages; embedded {count:,} on {len(missing):,}",
        flush=True,
    )


def embedded(
    missing: dict[str, tuple[str, ...]], encoder: Path
) -> Iterator[tuple[str, files.Array]]:
    """The vectors of pages, by name of file; where there are many, on all processors."""
    count = sum(len(texts) for texts in missing.values())
    processes = min(len(os.sched_getaffinity(0)), count // ALONE + 1)
    embed = partial(vectors_of, encoder)
    if processes == 1:
        yield from zip(missing, map(embed, missing.values()), strict=True)
        return
    # A fork would take the locks of polars' threads along.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        made = pool.map(embed, missing.values(), chunksize=AT_ONCE)
        yield from zip(missing, made, strict=True)


def vectors_of(encoder: Path, texts: tuple[str, ...]) -> files.Array:
    """One vector a passage."""
    held = opened(encoder)
    return np.stack([held.encode(text) for text in texts])


@cache
def opened(encoder: Path) -> Encoder:
    """The encoder of this process, opened once."""
    return Encoder.load(encoder)


if __name__ == "__main__":
    raise SystemExit(step.run(embed_passages))
