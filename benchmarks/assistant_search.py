"""Measure the assistant's search: a question, a large corpus, and a page that has changed.

    python -m benchmarks.assistant_search [--passages 100000] [--rounds 200]

Run it after `dvc repro include/assistant/dvc.yaml`. A minute or two. Printed are

- what a search costs beside encoding its question and numpy's own product, by turns in one process,
  for the corpus as it is and for a made one of so many passages;
- the peak of the memory of the process that searches the made one;
- the seconds from one page changed in its source to a searcher that is open, with the start of each
  process; and those of the same stages without a change.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import yaml

from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import Index, write_index
from include.assistant.retrieval.search import Search, Searcher

REPOSITORY = Path(__file__).parents[1]
PROJECT = REPOSITORY / "include/assistant"
ENCODER, INDEX = Path("models/encoder"), Path("data/index")
TUNED = Path("models/query_encoder")
CHAIN = ("fetch_docs", "parse_docs", "validate_docs", "embed_passages", "build_index")
BARS = {"ratio": 1.2, "changed_s": 10, "megabytes": 1000}


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
    with TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        searched(copy)  # what dvc would find out of date
        tell_run(copy, "nothing", parsed=0)  # dvc would run no stage
        tell_run(copy, change_a_page(copy), parsed=1)


def tell_run(project: Path, changed: str, parsed: int) -> None:
    """Print what a run costs after a change, and see that it did what the change asks for."""
    used, began = cpu_s(), time.perf_counter()
    said = searched(project)
    took = time.perf_counter() - began
    found = {what: number(said, what) for what in ("parsed now", "embedded")}
    if found["parsed now"] != parsed or (found["embedded"] > 0) != (parsed > 0):
        raise SystemExit(f"{changed} changed, but the stages say:\n{said}")
    print(
        f"{changed} changed: {found['parsed now']} page parsed, {found['embedded']} passages "
        f"embedded, {took:.1f} s (bar {BARS['changed_s']}), {cpu_s() - used:.1f} s of CPU",
        flush=True,
    )


def number(said: str, what: str) -> int:
    """The number that a stage prints beside a word."""
    found = re.search(rf"([\d,]+) {what}|{what} ([\d,]+)", said)
    if not found:
        raise SystemExit(f"no stage says what was {what}:\n{said}")
    return int((found[1] or found[2]).replace(",", ""))


def cpu_s() -> float:
    """What this process and those that it waited for have used."""
    held = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in held)


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


def copied(folder: Path) -> Path:
    """A copy of the repository's pages, the project and its data that stages can change."""
    root = folder / "repository"
    shutil.copytree(PROJECT.parent, root / "include", ignore=shutil.ignore_patterns("models"))
    shutil.copytree(REPOSITORY / "docs", root / "docs")
    for page in REPOSITORY.glob("*.md"):
        shutil.copy(page, root)
    (root / "include/assistant/models").symlink_to(PROJECT / "models")
    return root / "include/assistant"


def change_a_page(project: Path) -> str:
    """Write a sentence into the page of this repository that has the most passages; its name."""
    table = pl.read_parquet(project / "data/passages/passages.parquet").filter(source="leeway")
    page = table.group_by("page").len().sort("len", "page").row(-1)[0]
    with (project.parents[1] / page).open("a") as file:
        file.write("\nThis sentence is new.\n")
    return str(page)


def searched(project: Path) -> str:
    """What the stages say, from the sources to an index that has answered.

    Each is a process as dvc.yaml has it.
    """
    described = yaml.safe_load((project / "dvc.yaml").read_text())
    (prefix,) = (one["stage"] for one in described["vars"] if "stage" in one)
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = ""
    for name in CHAIN:
        command = described["stages"][name]["cmd"].replace("${stage}", prefix)
        done = subprocess.run(
            command, shell=True, cwd=project, env=env, stdout=subprocess.PIPE, text=True
        )
        said += done.stdout
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{said}")
    searcher = Searcher.load(
        project / INDEX, project / ENCODER, project / TUNED, Search(bm25_weight=0.1)
    )
    searcher.search("Which sentence is new?")
    return said


if __name__ == "__main__":
    main()
