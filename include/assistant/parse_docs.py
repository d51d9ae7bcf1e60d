"""Stage parse_docs: pages cut at their headings into passages that the encoder takes whole.

A page is parsed once: again only if its bytes, what is said of its source, the tokenizer, the
params or this code have changed. So a changed page costs one page.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from include import partitions, step
from include.assistant import passages as columns
from include.assistant.documents import parsing, shelf
from include.assistant.documents.parsing.cutting import Said, cut_page
from include.assistant.documents.parsing.passing import Count
from include.assistant.documents.parsing.tokens import counter
from include.assistant.documents.shelf import Held
from include.assistant.documents.size import Passages
from include.step import Kept, Out

ROOM = Path(parsing.__file__).parent
LIBRARIES = ("beautifulsoup4", "docutils", "markdown-it-py", "py3langid", "pypdf", "tokenizers")
TABLE = "passages.parquet"


@dataclass(frozen=True)
class Page:
    """A fetched page."""

    file: Path
    path: str  # in its source
    said: Said


def parse_docs(docs: Path, tokenizer: Path, parsed: Kept, metrics: Out, passages: Passages) -> None:
    """Parse the pages that are new or changed, and put all passages into one table."""
    sources = shelf.sources_of(docs)
    pages = dict(keyed(docs, tokenizer, sources, passages))
    count: list[Count] = []  # loaded when the first page needs it

    def build(key: str, folder: Path) -> None:
        count[:] = count or [counter(tokenizer)]
        page = pages[key]
        found = cut_page(
            page.file.read_bytes(), page.path, page.said, passages.max_tokens, count[0]
        )
        table(found.rows).write_parquet(folder / f"{key}.parquet")
        (folder / f"{key}.json").write_text(json.dumps(found.counts, sort_keys=True) + "\n")

    made = partitions.update(parsed / "pages", {key: key for key in pages}, build)
    whole = gathered(parsed, pages)
    metrics.write_text(json.dumps(summary(parsed, pages), indent=2) + "\n")
    print(f"{len(pages):,} pages, {len(made):,} parsed now; {whole.height:,} passages", flush=True)


def keyed(
    docs: Path, tokenizer: Path, sources: dict[str, Held], passages: Passages
) -> list[tuple[str, Page]]:
    """The pages in their order, each with a hash of all that decides its passages."""
    code = sorted(ROOM.glob("*.py"))
    kinds = [f"{name} {version(name)}" for name in LIBRARIES]
    common = partitions.content_key(
        *code, Path(__file__), Path(columns.__file__), tokenizer, passages, kinds
    )
    found = []
    for name, source in sorted(sources.items()):
        for path, sha256 in sorted(source.files.items()):
            said = Said(name, source.title, source.licence, source.url)
            key = partitions.content_key(common, said, path, sha256)[:32]
            found.append((key, Page(docs / name / path, path, said)))
    return found


def table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Passages as a table."""
    return pl.DataFrame(rows, schema=columns.SCHEMA, orient="row")


def gathered(parsed: Path, pages: dict[str, Page]) -> pl.DataFrame:
    """Write all passages, sorted by source, page and place; return them."""
    tables = [pl.read_parquet(parsed / "pages" / f"{key}.parquet") for key in pages]
    whole = pl.concat([table([]), *tables])
    work = parsed.with_name(f".{parsed.name}.{os.getpid()}")
    try:
        whole.write_parquet(work)
        work.replace(parsed / TABLE)
    finally:
        work.unlink(missing_ok=True)
    return whole


def summary(parsed: Path, pages: dict[str, Page]) -> dict[str, Any]:
    """Counts of each source, and of all."""
    of_source: dict[str, Counter[str]] = {}
    for key, page in pages.items():
        counts = json.loads((parsed / "pages" / f"{key}.json").read_text())
        of_source.setdefault(page.said.source, Counter()).update({"pages": 1, **counts})
    whole: Counter[str] = Counter()
    for counts in of_source.values():
        whole.update(counts)
    return {**whole, "sources": {name: dict(counts) for name, counts in of_source.items()}}


if __name__ == "__main__":
    raise SystemExit(step.run(parse_docs))
