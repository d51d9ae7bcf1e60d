"""A small corpus with a FAQ on three pages, as tables of passages that a test may change."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from include.assistant.make_questions import Params
from include.assistant.passages import SCHEMA

PARAMS = Params(least=2, least_words=3, least_answer_words=5, near_copy_share=0.5, test_share=0.5)
WORKERS = "A worker that is lost gives its tasks back to the queue, where any other of them takes them up."


def passage(
    page: str, titles: Sequence[str], text: str, source: str = "docs", position: int = 0
) -> dict[str, object]:
    """One row of a table of passages."""
    section = digest(source, page, *titles)
    return {
        "id": digest(section, str(position), text),
        "source": source,
        "page": page,
        "section": section,
        "titles": [*titles],
        "position": position,
        "text": text,
        "tokens": len(text.split()),
        "licence": "Apache-2.0",
        "url": f"https://docs.example/{page}",
        "masked": 0,
    }


def digest(*parts: str) -> str:
    """16 hex digits of some texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def section_of(page: str, *titles: str, source: str = "docs") -> str:
    """The id of a section."""
    return digest(source, page, *titles)


def corpus(*more: dict[str, object]) -> pl.DataFrame:
    """Three questions on two pages, a page that is no FAQ, and what is added."""
    rows = [
        passage("faq.md", ["FAQ", "What happens if a worker is lost?"], WORKERS),
        passage("faq.md", ["FAQ", "How is a queue named"], "By the setting queue of its stage."),
        passage("faq.md", ["FAQ", "Names of things"], "A stage has one name everywhere."),
        passage(
            "help/faq.md",
            ["Help", "Why is my stage skipped?"],
            "Why is my stage skipped? Nothing that it reads has changed since it ran.",
        ),
        passage("guide.md", ["Guide", "How do I begin?"], "Install it, then call make."),
        *more,
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def write(folder: Path, table: pl.DataFrame) -> Path:
    """The table as validate_docs leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    table.write_parquet(folder / "passages.parquet")
    return folder
