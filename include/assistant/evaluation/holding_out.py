"""What is left of a passage when the question that it answers is taken out of it."""

import hashlib
from collections.abc import Iterable

import polars as pl

from include.assistant.evaluation import wording
from include.assistant.evaluation.headings import Heading
from include.assistant.passages import SCHEMA, embedded

# `replaces` is the id of the passage in whose place it stands, whose tokens it had at most.
HELD_OUT = {**SCHEMA, "replaces": pl.String}


def hold_out(
    headings: Iterable[Heading], passages: pl.DataFrame
) -> tuple[list[Heading], pl.DataFrame]:
    """Take each heading out of the titles and the text of the passages below it.

    Returns:
        The headings of which nothing is left, and the passages that stand for those below them.
    """
    headings = [*headings]
    while True:
        below: dict[int, list[Heading]] = {}
        for one in headings:
            for row in one.rows:
                below.setdefault(row, []).append(one)
        rows = {row: passages.row(row, named=True) for row in below}
        held = {row: bare(rows[row], asked) for row, asked in below.items()}
        clear = [one for one in headings if not any(left(one, held[row]) for row in one.rows)]
        if len(clear) == len(headings):
            return clear, pl.DataFrame([held[row] for row in sorted(held)], schema=HELD_OUT)
        headings = clear


def bare(passage: dict[str, object], asked: list[Heading]) -> dict[str, object]:
    """A passage without the headings that ask for it."""
    dropped = {one.depth for one in asked}
    titles = [title for at, title in enumerate(titles_of(passage)) if at not in dropped]
    text = str(passage["text"])
    for one in asked:
        text = wording.without(text, one.question)
        titles = [shorter for title in titles if (shorter := wording.without(title, one.question))]
    name = f"held out\n{passage['id']}\n{embedded(titles, text)}"
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return {**passage, "id": digest, "titles": titles, "text": text, "replaces": passage["id"]}


def titles_of(passage: dict[str, object]) -> list[str]:
    """The titles of a passage."""
    titles = passage["titles"]
    assert isinstance(titles, list)
    return [str(title) for title in titles]


def left(one: Heading, passage: dict[str, object]) -> bool:
    """Whether a heading can still be read in a passage, be it across its titles and its text."""
    text = embedded(titles_of(passage), str(passage["text"]))
    return wording.words(one.question) in wording.words(text)


def in_place(passages: pl.DataFrame, held_out: pl.DataFrame) -> pl.DataFrame:
    """The passages, with those that are held out in the place of what they replace."""
    stands = dict(zip(held_out["replaces"], held_out.drop("replaces").rows(), strict=True))
    rows = [stands.get(row[0], row) for row in passages.select([*SCHEMA]).iter_rows()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
