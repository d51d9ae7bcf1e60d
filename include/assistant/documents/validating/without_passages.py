"""Pages of which no passage came, with what was counted of them, and sources that have no other."""

from typing import Any

import polars as pl

from include.assistant.documents.counted import COUNTED
from include.errors import DataError, at_most_ten

WORDS = {
    "sections": "sections",
    "sections_without_text": "without text",
    "sections_other_language": "in another language",
    "includes": "includes, which are not read",
}


def check(counts: pl.DataFrame) -> None:
    """Stop if there is a source without a passage.

    Args:
        counts: one row per page.

    Raises:
        DataError: with these sources, and why they have none.
    """
    of_source = counts.group_by("source", maintain_order=True).agg(
        pl.len().alias("pages"), pl.col(COUNTED).sum()
    )
    lost = of_source.filter(passages=0).to_dicts()
    if lost:
        told = "".join(
            f"\n  - {one['source']}: {one['pages']:,} pages with {why(one)}" for one in lost[:10]
        )
        raise DataError(
            f"No passage came of {at_most_ten(one['source'] for one in lost)}:{told}",
            "name pages with English text in sources.yaml, or leave the source out.",
        )


def pages_of(counts: pl.DataFrame) -> list[dict[str, Any]]:
    """A row for each page without a passage: its source, its path and why."""
    pages = counts.filter(passages=0).to_dicts()
    return [{"source": one["source"], "page": one["page"], "why": why(one)} for one in pages]


def why(counts: dict[str, Any]) -> str:
    """What was counted, in words."""
    return ", ".join(
        f"{counts[name]:,} {words}"
        for name, words in WORDS.items()
        if counts[name] or name == "sections"
    )
