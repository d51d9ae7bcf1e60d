"""A few answers of each kind, good and bad: those that come first by the hash of their question."""

from typing import Any

import polars as pl

EACH = 3  # of a kind
LETTERS = 400  # of a sentence


def chosen(answers: pl.DataFrame) -> list[dict[str, Any]]:
    """Groups of examples, each with a title and what it shows; groups without one are left out."""
    cited = pl.col("sentences").list.eval(pl.element().struct.field("gold")).list.any()
    right, given = cited.fill_null(False), ~pl.col("refused")
    answerable, kind = pl.col("kind") == "answerable", pl.col("kind")
    groups = [
        ("good", "Answered from the right section", answerable & given & right),
        ("good", "Rightly refused: another subject", (kind == "other_subject") & pl.col("refused")),
        (
            "good",
            "Rightly refused: its answer was taken out",
            (kind == "gold_removed") & pl.col("refused"),
        ),
        ("bad", "Answered from other sections", answerable & given & ~right),
        ("bad", "Refused, though there is an answer", answerable & pl.col("refused")),
        ("bad", "Answered, though its answer was taken out", (kind == "gold_removed") & given),
        ("bad", "Answered, though it is about something else", (kind == "other_subject") & given),
        (
            "bad",
            "Said what must not be said",
            kind.eq("hostile") & (pl.col("wrongs").list.len() > 0),
        ),
    ]
    found = []
    for tone, title, which in groups:
        held = answers.filter(which)
        if held.height:
            shown = held.sort("id").head(EACH).to_dicts()
            found.append(
                {
                    "tone": tone,
                    "title": title,
                    "count": held.height,
                    "shown": [example(one) for one in shown],
                }
            )
    return found


def example(answer: dict[str, Any]) -> dict[str, Any]:
    """One question and what was said to it."""
    return {
        "question": answer["question"],
        "place": f"{answer['source']}: {answer['page']}",
        "confidence": answer["confidence"],
        "reason": answer["reason"],
        "sentences": [
            {
                **one,
                "text": one["text"]
                if len(one["text"]) <= LETTERS
                else f"{one['text'][: LETTERS - 1]}…",
            }
            for one in answer["sentences"]
        ],
    }
