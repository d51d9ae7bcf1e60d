"""All that an evaluation reads, made from the small corpus with an encoder that never learned."""

from pathlib import Path

import numpy as np
import polars as pl
from assistant_encoder import query_encoder, tiny_encoder
from assistant_faq import PARAMS, corpus, write

from include.assistant.evaluation.intervals import Evaluation
from include.assistant.hold_out_headings import hold_out_headings
from include.assistant.make_questions import make_questions
from include.assistant.passages import embedded
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import write_index

RULES = Evaluation(resamples=50, confidence=0.9, seed=3)


def make(folder: Path, table: pl.DataFrame | None = None) -> dict[str, Path]:
    """Paths of what the stages read, by the names of their parameters."""
    table = corpus() if table is None else table
    encoder, questions = tiny_encoder(folder / "encoder"), folder / "questions"
    make_questions(write(folder / "passages", table), questions, folder / "q.json", PARAMS)
    write_index(folder / "index", table, vectors(encoder, table), identity(encoder))
    hold_out_headings(folder / "index", questions, encoder, folder / "held_out")
    return {
        "held_out": folder / "held_out",
        "questions": questions,
        "encoder": encoder,
        "query_encoder": query_encoder(encoder, folder / "query_encoder"),
    }


def vectors(
    encoder: Path, table: pl.DataFrame
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A vector for each passage."""
    read = Encoder.load(encoder)
    rows = table.select("titles", "text").iter_rows()
    return np.stack([read.encode(embedded(titles, text)) for titles, text in rows])
