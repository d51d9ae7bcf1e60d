"""Stage materialize_index: a copy of the index in a store that others can read, row by row.

Only what changed is written. The copy is then asked real questions, and must find what the index
itself has for them.
"""

import json
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.retrieval.copying import bring_up, recall
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import WEIGHTS
from include.assistant.retrieval.index import Index
from include.assistant.retrieval.stores import Kind, open_store
from include.errors import DataError
from include.step import Kept, Out


class Params(BaseModel):
    """Section materialize_index of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Kind = Field(
        description="lancedb, or pgvector at the URL in the environment variable LEEWAY_VECTOR_URL"
    )
    approximate_from: int = Field(
        ge=1, description="passages from which the store gets an approximate index"
    )
    recall_min: float = Field(
        gt=0, le=1, description="share of the nearest passages that the store must find"
    )
    nearest: int = Field(ge=1, le=1000, description="passages a question, of which it is the share")
    questions: int = Field(ge=1, description="most questions to measure it with")


def materialize_index(
    index: Path,
    questions: Path,
    encoder: Path,
    query_encoder: Path,
    lancedb: Kept,
    receipt: Out,
    params: Params,
) -> None:
    """Bring the store up to the index, and write what it holds and finds.

    Raises:
        DataError: the store holds or finds less than it must.
    """
    truth = Index.load(index)
    reader = Encoder.load(encoder, query_encoder / WEIGHTS)
    asked = pl.read_parquet(questions / "questions.parquet")["question"].unique().sort()
    asked = asked.gather_every(-(-len(asked) // params.questions))
    vectors = [reader.encode(text) for text in asked]
    if params.store != "lancedb":
        step.remove(lancedb)
    lancedb.mkdir(parents=True, exist_ok=True)
    with open_store(params.store, lancedb, truth.about.width) as store:
        changes = bring_up(store, truth, params.approximate_from)
        held, found = store.count(), recall(store, truth, vectors, params.nearest)
        check(held, found, len(truth.table), params)
    about = {"store": params.store, "passages": held, "recall": round(found, 4)}
    receipt.write_text(json.dumps({**about, "encoder": truth.about.encoder}, indent=2) + "\n")
    print(
        f"{params.store}: {changes.written:,} passages written, {changes.removed:,} removed, "
        f"{changes.kept:,} kept; finds {found:.1%} of the {params.nearest} nearest",
        flush=True,
    )


def check(held: int, found: float, wanted: int, params: Params) -> None:
    """See that a store is what it must be.

    Raises:
        DataError: it is not.
    """
    if held != wanted:
        what = f"{params.store} holds {held:,} passages; the index has {wanted:,}."
        raise DataError(what, "empty the store, then run the stage again.")
    if found < params.recall_min:
        what = (
            f"{params.store} finds {found:.1%} of the {params.nearest} nearest passages; "
            f"materialize_index.recall_min is {params.recall_min:.1%}."
        )
        fix = "raise materialize_index.approximate_from above the number of passages: exact search."
        raise DataError(what, fix)


if __name__ == "__main__":
    raise SystemExit(step.run(materialize_index))
