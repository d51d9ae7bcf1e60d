"""Stage parse_docs: pages cut at their headings into passages that the encoder takes whole.

A page is parsed once: again only if its bytes, what is said of its source, the tokenizer, the
params or this code have changed. So a changed page costs one page.
"""

import json
import os
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from include import partitions, step
from include.assistant import passages as columns
from include.assistant.documents import parsing, shelf
from include.assistant.documents.parsing.cutting import Page, Said, cut_page
from include.assistant.documents.parsing.pages import RST, ending_of
from include.assistant.documents.parsing.passing import Count, Size
from include.assistant.documents.parsing.references import Titles, references
from include.assistant.documents.parsing.tokens import counter
from include.assistant.documents.shelf import Held
from include.assistant.documents.size import Passages
from include.step import Kept, Out

ROOM = Path(parsing.__file__).parent
LIBRARIES = ("beautifulsoup4", "docutils", "markdown-it-py", "py3langid", "pypdf", "tokenizers")
TABLE = "passages.parquet"


def parse_docs(docs: Path, tokenizer: Path, parsed: Kept, metrics: Out, passages: Passages) -> None:
    """Parse the pages that are new or changed, and put all passages into one table."""
    pages = keyed(docs, tokenizer, passages)
    most = Size(passages.max_tokens, passages.max_characters)
    count: list[Count] = []  # loaded when the first page needs it

    def build(key: str, folder: Path) -> None:
        count[:] = count or [counter(tokenizer)]
        page = pages[key]
        data = (docs / page.said.source / page.path).read_bytes()
        found = cut_page(data, page, most, count[0])
        table(found.rows).write_parquet(folder / f"{key}.parquet")
        (folder / f"{key}.json").write_text(json.dumps(found.counts, sort_keys=True) + "\n")

    made = partitions.update(parsed / "pages", {key: key for key in pages}, build)
    whole = gathered(parsed, pages)
    metrics.write_text(json.dumps(summary(parsed, pages), indent=2) + "\n")
    print(f"{len(pages):,} pages, {len(made):,} parsed now; {whole.height:,} passages", flush=True)


def keyed(docs: Path, tokenizer: Path, passages: Passages) -> dict[str, Page]:
    """The pages in their order, each by a hash of all that decides its passages."""
    kinds = [f"{name} {version(name)}" for name in LIBRARIES]
    common = partitions.content_key(
        *sorted(ROOM.glob("*.py")),
        *(Path(__file__), Path(columns.__file__), tokenizer, passages, kinds),
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


def gathered(parsed: Path, pages: dict[str, Page]) -> pl.DataFrame:
    """Write all passages, sorted by source, page and place; return them."""
    whole = pl.read_parquet([parsed / "pages" / f"{key}.parquet" for key in pages])
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
