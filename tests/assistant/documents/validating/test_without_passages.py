"""Sources without a passage are errors that say why; pages without one are listed."""

import polars as pl
import pytest
from assistant_documents import counts

from include.assistant.documents import counted
from include.assistant.documents.validating.without_passages import check, pages_of
from include.errors import DataError


def table(*pages: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(pages), schema=counted.SCHEMA, orient="row")


def test_a_source_of_which_no_passage_came_is_named_with_what_was_counted() -> None:
    pages = table(
        counts(source="empty"),
        counts(source="german", page="a.md", sections=2, sections_other_language=2),
        counts(source="german", page="b.rst", sections=1, sections_without_text=1, includes=3),
        counts(page="a.md", sections=1, passages=1),
        counts(page="b.md"),
    )
    with pytest.raises(DataError) as raised:
        check(pages)
    assert str(raised.value) == (
        "No passage came of empty, german:\n"
        "  - empty: 1 pages with 0 sections\n"
        "  - german: 2 pages with 3 sections, 1 without text, 2 in another language, "
        "3 includes, which are not read\n"
        "  Next: name pages with English text in sources.yaml, or leave the source out."
    )


def test_a_page_without_a_passage_is_listed_and_stops_nothing() -> None:
    pages = table(counts(page="a.md", passages=1), counts(page="b.md", includes=1))
    check(pages)
    assert pages_of(pages) == [
        {"source": "notes", "page": "b.md", "why": "0 sections, 1 includes, which are not read"}
    ]
