"""Stage make_questions: what the assistant is judged by, from the FAQs among its documents."""

import json
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.evaluation import asked, headings
from include.assistant.evaluation.gold import with_gold
from include.assistant.evaluation.holding_out import hold_out
from include.errors import DataError
from include.step import Out


class Params(BaseModel):
    """Section make_questions of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least: int = Field(ge=2, description="fewest questions that an evaluation may rest on")
    least_words: int = Field(ge=1, description="fewest words of a heading that is a question")
    least_answer_words: int = Field(
        ge=0, description="fewest words of an answer, its heading left out"
    )
    near_copy_share: float = Field(
        gt=0, le=1, description="share of a section from which another that holds it is a near copy"
    )
    test_share: float = Field(gt=0, lt=1, description="share of the questions in the test fold")


def make_questions(passages: Path, questions: Out, metrics: Out, params: Params) -> None:
    """Find the questions, part them by page, and hold their headings out of their answers."""
    table, held_out, counts = build(pl.read_parquet(passages / "passages.parquet"), params)
    questions.mkdir()
    table.write_parquet(questions / "questions.parquet")
    held_out.write_parquet(questions / "held_out.parquet")
    metrics.write_text(json.dumps(counts, indent=2) + "\n")
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()), flush=True)


def build(
    passages: pl.DataFrame, params: Params
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """The questions, the passages that stand for those which answer them, and counts.

    Raises:
        DataError: there are too few questions.
    """
    found = headings.find(passages, params.least_words)
    alone = headings.only_here(found, passages)
    answered = with_gold(alone, passages, params.least_answer_words, params.near_copy_share)
    kept, held_out = hold_out(answered, passages)
    pages = {(one.source, one.page) for one in kept}
    if len(kept) < params.least or len(pages) < 2:
        what = (
            f"The documents have {len(kept)} questions on {len(pages)} pages, of {len(found)} "
            f"headings that ask; {params.least} on 2 pages are needed."
        )
        fix = "name a source with a FAQ in sources.yaml, or lower make_questions.least."
        raise DataError(what, fix)
    table = asked.table(kept, asked.read_subjects(), params.test_share)
    answerable = table.filter(pl.col("kind") == "answerable")
    test = answerable.filter(pl.col("fold") == "test")
    counts = {
        "questions": len(kept),
        "pages": len(pages),
        "test": test.height,
        "test_pages": test.select("source", "page").n_unique(),
        "other_subjects": int((table["kind"] == "other_subject").sum()),
        "headings_that_ask": len(found),
        "dropped_stands_elsewhere": len(found) - len(alone),
        "dropped_too_short_an_answer": len(alone) - len(answered),
        "dropped_not_held_out": len(answered) - len(kept),
        "passages_held_out": held_out.height,
    }
    return table, held_out, counts


if __name__ == "__main__":
    raise SystemExit(step.run(make_questions))
