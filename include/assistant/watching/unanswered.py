"""Which documents lack what was asked: refused questions by the page that came nearest to them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from include.errors import DataError

TOLD = 5  # requests of a section that are named
LONGEST = 300  # characters of what was asked


@dataclass(frozen=True)
class Gap:
    """Refused questions that came nearest to one section, or to none that the index still has.

    Args:
        source, page, section, url: of the section; empty if there is none.
        questions: how many.
        ids: of the latest requests, by which the log has the rest.
        texts: what these asked, if the log keeps words.
    """

    source: str
    page: str
    section: str
    url: str
    questions: int
    ids: tuple[str, ...]
    texts: tuple[str, ...]


def gaps(refused: pl.DataFrame, index: Path, most: int) -> list[Gap]:
    """The sections that most refused questions came nearest to, at most so many.

    Args:
        refused: rows with id, nearest (id of a passage) and question, the earliest first.

    Raises:
        DataError: the index has no passages.
    """
    places = places_of(set(refused["nearest"].drop_nulls()), index)
    held: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in refused.iter_rows(named=True):
        held.setdefault(places.get(row["nearest"], ("", "", "", "")), []).append(row)
    ordered = sorted(held.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [gap(place, rows) for place, rows in ordered[:most]]


def places_of(passages: set[str], index: Path) -> dict[str, tuple[str, ...]]:
    """Source, page, titles and address of passages, by their ids.

    Raises:
        DataError: the index has no passages.
    """
    table = index / "passages.parquet"
    try:
        rows = pl.scan_parquet(table).filter(pl.col("id").is_in(sorted(passages)))
        titles = pl.col("titles").list.join(" > ")
        held = rows.select("id", "source", "page", titles, "url").collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{table} cannot be read: {error}.", "run `dvc repro` anew.") from None
    return {name: tuple(map(str, place)) for name, *place in held.iter_rows()}


def gap(place: tuple[str, ...], rows: list[dict[str, Any]]) -> Gap:
    """Questions that came nearest to one place, the latest of them by name."""
    latest = rows[: -TOLD - 1 : -1]
    texts = (" ".join(row["question"].split()) for row in latest if row["question"])
    cut = (text if len(text) <= LONGEST else f"{text[:LONGEST]}..." for text in texts)
    source, page, section, url = place
    return Gap(
        source, page, section, url, len(rows), tuple(row["id"] for row in latest), tuple(cut)
    )
