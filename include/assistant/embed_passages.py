"""Stage embed_passages: a vector for each passage; what did not change keeps its own."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from threading import Thread

import numpy as np
import polars as pl

from include import step
from include.assistant.alone import alone
from include.assistant.retrieval import vectors as files
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.vectors import Array, Held
from include.importing import nothing_collected
from include.step import Kept

ALONE = 64  # passages below which another process costs more than it saves
AT_ONCE = 16  # passages that a process is given


def embed_passages(passages: Path, encoder: Path, vectors: Kept) -> None:
    """Embed what is new, and remove the files of pages that are gone or changed."""
    with alone(vectors):
        embed(passages, encoder, vectors)


def embed(passages: Path, encoder: Path, vectors: Path) -> None:
    """Bring a folder to exactly the vectors of these passages."""
    columns = ["source", "page", "titles", "text"]
    pages = files.pages_of(pl.read_parquet(passages / "passages.parquet", columns=columns))
    reader, wanted, texts = identity(encoder), dict[str, tuple[str, ...]](), dict[str, str]()
    for page in pages:
        keys = files.keys_of(page.texts, reader)
        wanted[files.stem_of(keys)] = keys
        texts.update(zip(keys, page.texts, strict=True))
    kept = files.whole(vectors)
    missing = {stem: keys for stem, keys in wanted.items() if stem not in kept}
    made = fill(vectors, kept, missing, texts, encoder)
    held = {kept[stem].name: keys for stem, keys in sorted(wanted.items())}
    files.write_held(vectors, Held(encoder=reader, files=held))
    for path in vectors.iterdir():
        if path.name not in held and path.name != files.HELD:
            path.unlink()
    count = sum(len(page.texts) for page in pages)
    print(
        f"{count:,} passages in {len(wanted):,} files; "
        f"embedded {made:,} for {len(missing):,} of them",
        flush=True,
    )


def fill(
    vectors: Path,
    kept: dict[str, Path],
    missing: dict[str, tuple[str, ...]],
    texts: dict[str, str],
    encoder: Path,
) -> int:
    """Add files that are missing, each as soon as it can be; return how many were embedded."""
    needed = {key: texts[key] for keys in missing.values() for key in keys}
    held = files.known(vectors, kept.values(), needed.keys())
    new = {key: text for key, text in needed.items() if key not in held}
    made = zip(new, embedded(list(new.values()), encoder), strict=True)
    for done, (stem, keys) in enumerate(missing.items(), start=1):
        while not held.keys() >= {*keys}:
            held.update([next(made)])
        kept[stem] = files.put(np.stack([held[key] for key in keys]), vectors, stem)
        if done % 50 == 0:
            print(f"{done:,} of {len(missing):,} files", flush=True)
    return len(new)


def embedded(texts: Sequence[str], encoder: Path) -> Iterator[Array]:
    """The vectors of texts in their order; of many, on all processors."""
    processes = min(len(os.sched_getaffinity(0)), len(texts) // ALONE + 1)
    read = partial(vector_of, encoder)
    if processes == 1:
        yield from map(read, texts)
        return
    # A fork would take the locks of polars' threads along.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, end_with_parent) as pool:
        yield from pool.map(read, texts, chunksize=AT_ONCE)


def end_with_parent() -> None:
    """End this process when the one that started it is gone, be it killed."""

    def follow() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    Thread(target=follow, daemon=True).start()


def vector_of(encoder: Path, text: str) -> Array:
    """The vector of a passage."""
    return opened(encoder).encode(text)


@cache
def opened(encoder: Path) -> Encoder:
    """The encoder of this process, opened once."""
    with nothing_collected():  # of torch
        return Encoder.load(encoder)


if __name__ == "__main__":
    raise SystemExit(step.run(embed_passages))
