"""The last row of each key, folded file by file: no more than one file is held beside the result.

The newest file by name comes first, and of an older one only that is read which none after it has:
most keys are found at once, and the rest of history is passed over by its keys and times alone.
"""

import polars as pl

from include.feature_store.sources import collect

OLDER = "__older"


def rows(files: list[pl.LazyFrame], keys: list[str], order: list[str], name: str) -> pl.DataFrame:
    """The last row of each key in `order`; of equal ones, the last row of the last file.

    Args:
        files: the rows of each, with the same columns; the last counts where nothing else decides.
        keys: none for one row in all.
        name: of the source, to name in a message.
    """
    held = collect(last(files[-1], keys, order), name)
    for file in reversed(files[:-1]):
        if has_later(file, held, keys, order, name):
            found = collect(last(file, keys, order), name)
            held = last(pl.concat([found, held]).lazy(), keys, order).collect()
    return held


def last(rows: pl.LazyFrame, keys: list[str], order: list[str]) -> pl.LazyFrame:
    """The last row of each key, or of all if there is no key."""
    ordered = rows.sort(order, nulls_last=False, maintain_order=True)
    return ordered.unique(keys, keep="last", maintain_order=True) if keys else ordered.tail(1)


def has_later(
    file: pl.LazyFrame, held: pl.DataFrame, keys: list[str], order: list[str], name: str
) -> bool:
    """Whether a file has a key that is not held, or a later row of one."""
    asked = list(dict.fromkeys([*keys, *order]))
    found = collect(last(file.select(asked), keys, order), name).with_columns(
        pl.lit(True).alias(OLDER)
    )
    known = held.select(asked).with_columns(pl.lit(False).alias(OLDER))
    merged = last(pl.concat([found, known]).lazy(), keys, order)
    return bool(merged.select(pl.col(OLDER).any()).collect().item())
