"""Stage calibrate_refusal: from which confidence on a question is answered."""

import json
from collections.abc import Sequence
from dataclasses import astuple
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.answering.refusal import (
    LOOKED_AT,
    NAMES,
    Features,
    Refusal,
    Weight,
    features,
)
from include.assistant.answering.words import stems
from include.assistant.passages import Hit
from include.assistant.retrieval.search import Search, Searcher
from include.errors import DataError
from include.step import Out

FOLDS, KINDS = ("validation", "test"), ("answerable", "other_subject", "gold_removed")
DIGITS = 6  # further ones differ between machines
Floats = NDArray[np.float64]


class Params(BaseModel):
    """Section calibrate_refusal of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refused_share: float = Field(
        ge=0, lt=1, description="most of the answerable validation questions that are refused"
    )
    ridge: float = Field(gt=0, description="pull of the weights to zero")


def calibrate_refusal(
    held_out: Path,
    questions: Path,
    encoder: Path,
    query_encoder: Path,
    refusal: Out,
    metrics: Out,
    search: Search,
    params: Params,
) -> None:
    """Fit the confidence on validation questions, and write what it would refuse."""
    asked = pl.read_parquet(questions / "questions.parquet").sort("id")
    searcher = Searcher.load(held_out, encoder, query_encoder, search)
    encode = cache(searcher.encode)  # the most of the time; two kinds ask the same questions
    table, unseen = [], 0
    for id, question, kind, gold, fold in asked.select(
        "id", "question", "kind", "gold", "fold"
    ).iter_rows():
        without = frozenset(gold) if kind == "gold_removed" else frozenset[str]()
        hits = searcher.search(question, LOOKED_AT, without, encode(question))
        if not hits or not stems(question):
            unseen += 1  # refused without a look at the threshold
            continue
        table.append((id, kind, fold, seen(question, hits)))
    rows = pl.DataFrame(table, schema=["id", "kind", "fold", "features"], orient="row")
    fitted = fit(rows, params)
    fitted.save(refusal)
    found = {**shares(rows, fitted), "threshold": fitted.threshold, "nothing_found": unseen}
    metrics.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found), flush=True)


def seen(question: str, hits: Sequence[Hit]) -> list[float]:
    """The features of a question, in the order of NAMES."""
    return list(astuple(features(question, hits)))


def fit(rows: pl.DataFrame, params: Params) -> Refusal:
    """Fit on the validation questions: answerable or not.

    Args:
        rows: kind, fold and features of each question.

    Raises:
        DataError: there are none that are answerable, or none that are not.
    """
    from sklearn.linear_model import LogisticRegression

    held = rows.filter(pl.col("fold") == "validation")
    values, answerable = matrix(held), (held["kind"] == "answerable").to_numpy()
    if not answerable.any() or answerable.all():
        what = f"{int(answerable.sum())} of {held.height} validation questions are answerable."
        raise DataError(what, "let make_questions make answerable ones and others.")
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    model = LogisticRegression(C=1 / params.ridge, tol=1e-8, max_iter=1000)
    model.fit((values - mean) / scale, answerable)
    weights = {
        name: Weight(mean=round(m, DIGITS), scale=round(s, DIGITS) or 1.0, weight=round(w, DIGITS))
        for name, m, s, w in zip(
            NAMES, mean.tolist(), scale.tolist(), model.coef_[0].tolist(), strict=True
        )
    }
    fitted = Refusal(
        threshold=0, intercept=round(float(model.intercept_[0]), DIGITS), weights=weights
    )
    threshold = lowest(confidences(held.filter(answerable), fitted), params.refused_share)
    return fitted.model_copy(update={"threshold": threshold})


def lowest(answerable: Floats, refused_share: float) -> float:
    """The highest threshold that refuses at most this share of the answerable."""
    at = int(refused_share * len(answerable) + 1e-9)
    # Rounded down: the question that sets it is answered.
    return float(np.floor(np.sort(answerable)[at] * 10**DIGITS) / 10**DIGITS)


def shares(rows: pl.DataFrame, fitted: Refusal) -> dict[str, float]:
    """The share that is refused of each kind and fold, and how many questions that is of."""
    refused = rows.with_columns(refused=confidences(rows, fitted) < fitted.threshold)
    found: dict[str, float] = {}
    for fold in FOLDS:
        for kind in KINDS:
            part = refused.filter(pl.col("fold") == fold, pl.col("kind") == kind)
            found[f"{fold}_{kind}_questions"] = part.height
            if part.height:
                found[f"{fold}_{kind}_refused"] = round(float(part["refused"].mean()), DIGITS)  # type: ignore[arg-type]
    return found


def confidences(rows: pl.DataFrame, fitted: Refusal) -> Floats:
    """The confidence of each question."""
    return np.array([fitted.of(Features(*row)) for row in rows["features"]], dtype=np.float64)


def matrix(rows: pl.DataFrame) -> Floats:
    """The features as (questions, features)."""
    return np.array(rows["features"].to_list(), dtype=np.float64).reshape(rows.height, len(NAMES))


if __name__ == "__main__":
    raise SystemExit(step.run(calibrate_refusal))
