"""Columns that are there to be checked: what the suite asks of a passage, worked out before."""

import polars as pl


def with_checked_columns(table: pl.DataFrame) -> pl.DataFrame:
    """Add what the suite may name besides the columns of a passage.

    title_count: headings above the passage. text_length: signs, but for blanks at both ends.
    copy: 1 for the first of those that say the same under the same titles, 2 for the next.
    titles becomes one text; whole is that and the text, as both are embedded and shown.
    """
    titles = pl.col("titles").list.join(" > ")
    return table.with_columns(
        titles=titles,
        whole=pl.concat_str(titles, "text", separator="\n", ignore_nulls=True),
        title_count=pl.col("titles").list.len().fill_null(0).cast(pl.Int32),
        text_length=pl.col("text").str.strip_chars().str.len_chars().cast(pl.Int32),
        copy=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("titles", "text"),
    )
