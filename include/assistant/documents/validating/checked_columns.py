"""Columns that are there to be checked: what the suite asks of a passage, worked out before."""

import re

import polars as pl

from include.assistant.answering.secret_forms import kind_of

LONG = re.compile(r"[\w/+=.-]{16}")


def with_checked_columns(table: pl.DataFrame) -> pl.DataFrame:
    """Add what the suite may name besides the columns of a passage.

    title_count: headings above the passage. text_length: signs, but for blanks at both ends.
    copy: 1 for the first of those that say the same under the same titles, 2 for the next.
    titles becomes one text; whole is that and the text, as both are embedded and shown.
    secret: the kind of one in the section of the passage, if there is any.
    """
    titles = pl.col("titles").list.join(" > ")
    return table.with_columns(
        titles=titles,
        whole=pl.concat_str(titles, "text", separator="\n", ignore_nulls=True),
        title_count=pl.col("titles").list.len().fill_null(0).cast(pl.Int32),
        text_length=pl.col("text").str.strip_chars().str.len_chars().cast(pl.Int32),
        copy=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("titles", "text"),
        secret=pl.Series(secrets_of(table), dtype=pl.String),
    )


def secrets_of(table: pl.DataFrame) -> list[str | None]:
    """For each passage the kind of a secret that its section holds, if it holds one.

    A key is longer than a passage: cut into many, none but the first of them looks like one.
    """
    held: dict[tuple[str, ...], list[str]] = {}
    titles = table["titles"].list.join("\n").fill_null("")
    places = list(table.select("source", "page", "section").iter_rows())
    for place, title, text in zip(places, titles, table["text"], strict=True):
        held.setdefault(place, [title]).append(text or "")
    kinds = {
        place: kind_of("\n".join(texts)) or kind_of(glued(texts[1:]))
        for place, texts in held.items()
    }
    return [kinds[place] or None for place in places]


def glued(texts: list[str]) -> str:
    """Texts put together where a word may have been cut, which only a long one is; else ''."""
    return "".join(texts) if any(LONG.search(text[-16:]) for text in texts[:-1]) else ""
