"""Stage tune_queries: an encoder of questions that has read the headings of these documents.

The passages keep their vectors, and so the index stays as it is. Nothing is learned from a page
that a question stands on, or an answer to one: all of them stay unseen.
"""

import json
from pathlib import Path

import numpy as np
from pydantic import ConfigDict, Field
from safetensors.torch import save_file

from include import step
from include.assistant.evaluation.asked import pages_of, read_questions
from include.assistant.retrieval.contrastive import Schedule, train
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import ABOUT, WEIGHTS, identity
from include.assistant.retrieval.index import Index
from include.assistant.retrieval.pairs import Pair, headings
from include.errors import DataError
from include.step import Out


class Params(Schedule):
    """Section tune_queries of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    heading_words_min: int = Field(ge=1, description="words of a heading that is learned from")
    passage_tokens_min: int = Field(ge=0, description="tokens of a passage that is learned from")
    named_share: float = Field(
        ge=0, le=1, description="of the headings, that are asked with the name of their source"
    )
    pairs_min: int = Field(ge=2, description="pairs below which nothing is learned from them")


def tune_queries(
    index: Path, questions: Path, encoder: Path, query_encoder: Out, metrics: Out, params: Params
) -> None:
    """Train on headings and what stands below them; write the weights and the losses."""
    table, base = Index.load(index).table, identity(encoder)
    without = pages_of(read_questions(questions), table)
    pairs = headings(table, without, params.heading_words_min, params.passage_tokens_min)
    if len(pairs) < params.pairs_min:
        what = f"Only {len(pairs)} headings can be learned from, outside {len(without)} pages."
        raise DataError(what, "add documents, or lower tune_queries.pairs_min in params.yaml.")
    tuned = Encoder.load(encoder)
    passages = np.stack([tuned.encode(pair.text) for pair in pairs])
    texts = [tuned.tokens(text) for text in asked(pairs, params)]
    pages = [pair.page for pair in pairs]
    losses = train(tuned.network, texts, passages, pages, params)
    query_encoder.mkdir(parents=True)
    save_file(tuned.network.state_dict(), query_encoder / WEIGHTS)
    numbers = {"pairs": len(pairs), "pages_left_out": len(without)}
    about = {"base": base, **numbers}
    (query_encoder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
    scores = {**numbers, "loss_first": losses.first, "loss_last": losses.last}
    metrics.write_text(json.dumps(scores, indent=2) + "\n")
    print(f"{len(pairs):,} pairs: loss {losses.first:.3f}, then {losses.last:.3f}", flush=True)


def asked(pairs: list[Pair], params: Params) -> list[str]:
    """What is asked for each pair: people name what they ask about, and often they do not."""
    named = np.random.default_rng(params.seed).random(len(pairs)) < params.named_share
    return [
        f"{pair.subject} {pair.heading}" if with_name else pair.heading
        for pair, with_name in zip(pairs, named, strict=True)
    ]


if __name__ == "__main__":
    raise SystemExit(step.run(tune_queries))
