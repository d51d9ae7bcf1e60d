"""Measure the assistant's search: a question, and a large corpus.

    python -m benchmarks.assistant_search [--passages 100000] [--rounds 200]

Run it after `dvc repro include/assistant/dvc.yaml`. A minute or two. Printed are

- what a search costs beside encoding its question and numpy's own product, by turns in one process,
  for the corpus as it is and for a made one of so many passages;
- the peak of the memory of the process that searches the made one.

What a changed page costs is measured by benchmarks.assistant_page.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import Index, write_index
from include.assistant.retrieval.search import Search, Searcher

REPOSITORY = Path(__file__).parents[1]
PROJECT = REPOSITORY / "include/assistant"
ENCODER, INDEX = Path("models/encoder"), Path("data/index")
BARS = {"ratio": 1.2, "megabytes": 1000}


def main() -> None:
    """Print each figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000, help="of the made corpus")
    parser.add_argument("--rounds", type=int, default=200, help="questions")
    parser.add_argument("--alone", type=Path, help="an index to measure in this process")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(measure(given.alone, given.rounds)))
        return
    with TemporaryDirectory() as folder:
        large = made(Path(folder) / "large", given.passages)
        for index in (PROJECT / INDEX, large):
            tell(asked(index, given.rounds))


def tell(found: dict[str, float]) -> None:
    """Print the figures of one index."""
    print(
        f"{found['passages']:,.0f} passages: search {found['search_ms']:.1f} ms, encode and "
        f"product {found['least_ms']:.1f} ms, ratio {found['ratio']:.2f} (bar {BARS['ratio']}); "
        f"{found['megabytes']:,.0f} MB at most (bar {BARS['megabytes']:,})",
        flush=True,
    )


def asked(index: Path, rounds: int) -> dict[str, float]:
    """What `measure` finds in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.assistant_search", "--alone", str(index)]
    done = subprocess.run(
        [*command, "--rounds", str(rounds)], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """The median milliseconds of a search and of the least it must do, by turns; peak memory."""
    encoder = PROJECT / ENCODER
    searcher = Searcher.load(folder, encoder, encoder, Search(bm25_weight=0.1))
    headings = searcher.index.table["titles"].list.last().unique().sort().head(1000)
    questions = [f"How does {heading} work?" for heading in headings.gather_every(7)]
    searches, least = [], []
    for turn in range(rounds + 10):
        question = questions[turn % len(questions)]
        began = time.perf_counter()
        searcher.search(question)
        between = time.perf_counter()
        searcher.index.vectors @ searcher.encode(question)
        if turn >= 10:
            searches.append(between - began)
            least.append(time.perf_counter() - between)
    return {
        "passages": len(searcher.index.table),
        "search_ms": 1000 * median(searches),
        "least_ms": 1000 * median(least),
        "ratio": median(searches) / median(least),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def made(folder: Path, count: int) -> Path:
    """An index of so many passages: those there are again and again, their words mixed anew."""
    held, random = Index.load(PROJECT / INDEX), np.random.default_rng(7)
    rows = random.integers(len(held.table), size=count)
    texts = held.table["text"].to_list()
    mixed = [" ".join(random.permutation(texts[row].split())) for row in rows]
    table = held.table[rows].with_columns(
        id=pl.Series([f"{number:016x}" for number in range(count)]), text=pl.Series(mixed)
    )
    vectors = held.vectors[rows] + random.normal(scale=0.02, size=(count, held.about.width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began = time.perf_counter()
    write_index(folder, table, vectors.astype(np.float32), identity(PROJECT / ENCODER))
    print(f"{count:,} passages are indexed in {time.perf_counter() - began:.0f} s", flush=True)
    return folder


if __name__ == "__main__":
    main()
