"""Stage hold_out_headings: the index that questions are asked of, in which no heading asks them.

Whoever measures with the questions, or chooses by them, searches here instead of in data/index: the
heading of what answers a question is in neither its titles nor its text, its vector nor its words.
"""

from pathlib import Path

import numpy as np
import polars as pl

from include import step
from include.assistant.evaluation.holding_out import in_place
from include.assistant.passages import embedded
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import check_reader
from include.assistant.retrieval.index import Index, write_index
from include.errors import DataError
from include.step import Out


def hold_out_headings(index: Path, questions: Path, encoder: Path, held_out: Out) -> None:
    """Put what is held out in the place of what it replaces, with vectors and words of its own."""
    about, table, vectors, _ = Index.load(index)
    replacing = pl.read_parquet(questions / "held_out.parquet")
    see_that_of(table, replacing)
    check_reader(index, about.encoder, encoder)
    read, changed = Encoder.load(encoder), np.array(vectors)
    places = dict(zip(table["id"], range(len(table)), strict=True))
    for name, titles, text in replacing.select("replaces", "titles", "text").iter_rows():
        changed[places[name]] = read.encode(embedded(titles, text))
    write_index(held_out, in_place(table, replacing), changed, about.encoder)
    print(f"{len(table):,} passages, {len(replacing):,} of them without a heading", flush=True)


def see_that_of(table: pl.DataFrame, replacing: pl.DataFrame) -> None:
    """Refuse questions about other passages than the index holds.

    Raises:
        DataError: they are.
    """
    unknown = set(replacing["replaces"]) - set(table["id"])
    if unknown:
        what = f"{len(unknown)} of {len(replacing)} passages of the questions are not in the index."
        raise DataError(what, "run `dvc repro hold_out_headings`, which makes both anew.")


if __name__ == "__main__":
    raise SystemExit(step.run(hold_out_headings))
