"""Stage parse_docs: pages cut at their headings into passages that the encoder takes whole.

A page is parsed once: again only if its bytes, what is said of its source, the tokenizer, the
params or this code have changed. So a changed page costs one page.
"""

import json
import os
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from include import partitions, step
from include.assistant import passages as columns
from include.assistant.alone import alone
from include.assistant.documents import counted, parsing, shelf
from include.assistant.documents.parsing import made
from include.assistant.documents.parsing.cutting import Page, Said, cut_page
from include.assistant.documents.parsing.pages import RST, ending_of
from include.assistant.documents.parsing.passing import Count, Size
from include.assistant.documents.parsing.references import Titles, references
from include.assistant.documents.parsing.tokens import check_length, counter
from include.assistant.documents.shelf import Held
from include.assistant.documents.size import Passages
from include.step import Kept, Out

ROOM = Path(parsing.__file__).parent
LIBRARIES = ("beautifulsoup4", "docutils", "markdown-it-py", "py3langid", "pypdf", "tokenizers")
PAGES, TABLE, COUNTS = "pages", "passages.parquet", "counts.parquet"


def parse_docs(
    docs: Path, tokenizer: Path, length: Path, parsed: Kept, metrics: Out, passages: Passages
) -> None:
    """Parse the pages that are new or changed, and put all passages into one table."""
    check_length(passages.max_tokens, length)
    pages, folder = keyed(docs, tokenizer, passages), parsed / PAGES
    most = Size(passages.max_tokens, passages.max_characters)
    count: list[Count] = []  # loaded when the first page needs it

    def build(key: str, place: Path) -> None:
        count[:] = count or [counter(tokenizer)]
        page = pages[key]
        data = (docs / page.said.source / page.path).read_bytes()
        found = cut_page(data, page, most, count[0])
        made.put(place, key, table(found.rows), found.counts)

    with alone(parsed):
        tidy(parsed, pages)
        now = partitions.update(folder, {key: key for key in pages}, build)
        whole = pl.read_parquet([made.table_of(folder, key) for key in pages])
        put(parsed, TABLE, whole)
        counts = counts_of(folder, pages)
        put(parsed, COUNTS, counts)
    metrics.write_text(json.dumps(summary(counts), indent=2) + "\n")
    print(f"{len(pages):,} pages, {len(now):,} parsed now; {whole.height:,} passages", flush=True)


def keyed(docs: Path, tokenizer: Path, passages: Passages) -> dict[str, Page]:
    """The pages in their order, each by a hash of all that decides its passages."""
    kinds = [f"{name} {version(name)}" for name in LIBRARIES]
    common = partitions.content_key(
        *sorted(ROOM.glob("*.py")),
        *map(Path, (__file__, columns.__file__, counted.__file__)),
        *(tokenizer, passages, kinds),
    )
    found = {}
    for name, source in sorted(shelf.sources_of(docs).items()):
        said = Said(name, source.title, source.licence, source.url)
        titles = titles_in(docs / name, source)
        for path, sha256 in sorted(source.files.items()):
            page = Page(path, said, tuple(titles.get(path, {}).items()))
            found[partitions.content_key(common, page, sha256)[:32]] = page
    return found


def titles_in(folder: Path, source: Held) -> dict[str, Titles]:
    """For each page of a source, the titles of what it refers to in others."""
    rst = [path for path in source.files if ending_of(path) in RST]
    # A page that is not UTF-8 is refused where it is parsed.
    texts = {path: (folder / path).read_bytes().decode(errors="replace") for path in sorted(rst)}
    return references(texts)


def table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Passages as a table."""
    return pl.DataFrame(rows, schema=columns.SCHEMA, orient="row")


def tidy(parsed: Path, pages: Iterable[str]) -> None:
    """Remove what a killed run left, and pages that are not as they were written."""
    for path in parsed.glob("*"):
        if path.name not in (PAGES, TABLE, COUNTS):
            step.remove(path)
    for key in pages:
        if not made.is_whole(parsed / PAGES, key):
            step.remove(made.table_of(parsed / PAGES, key))
            step.remove(made.counts_file(parsed / PAGES, key))


def put(parsed: Path, name: str, table: pl.DataFrame) -> None:
    """Write a table in one step."""
    work = parsed.with_name(f".{parsed.name}.{os.getpid()}")
    try:
        table.write_parquet(work)
        work.replace(parsed / name)
    finally:
        work.unlink(missing_ok=True)


def counts_of(folder: Path, pages: Mapping[str, Page]) -> pl.DataFrame:
    """What was counted of each page, in their order."""
    rows = [
        {"source": page.said.source, "page": page.path, **made.counts_of(folder, key)}
        for key, page in pages.items()
    ]
    return pl.DataFrame(rows, schema=counted.SCHEMA, orient="row")


def summary(counts: pl.DataFrame) -> dict[str, Any]:
    """Counts of all pages, and of those of each source."""
    totals = (
        pl.len().alias("pages"),
        (pl.col("passages") == 0).sum().alias("pages_without_passages"),
        pl.col(counted.COUNTED).sum(),
    )
    of_source = counts.group_by("source", maintain_order=True).agg(*totals).to_dicts()
    sources = {row.pop("source"): row for row in of_source}
    return {**counts.select(*totals).row(0, named=True), "sources": sources}


if __name__ == "__main__":
    raise SystemExit(step.run(parse_docs))
