"""The page about the assistant: what it finds, says and refuses; numbers, then examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from include.assistant.evaluation import examples, judging
from include.assistant.evaluation.finding import SYSTEMS
from include.assistant.evaluation.ranking import MEASURES
from include.pages import charts, html
from include.pages.charts import Axis, Line, Row

NAMES = {
    "product": "What serves",
    "tuned": "Its encoder alone",
    "minilm": "MiniLM alone",
    "bm25": "BM25 alone",
}
STYLES = {"product": "main", "tuned": "member", "minilm": "plain", "bm25": "plain2"}
TITLES = {"ndcg_at_10": "nDCG@10", "recall_at_5": "Recall@5"}
ATTACKS = {
    "hidden_in_document": "Orders hidden in a document",
    "hidden_in_log": "Orders hidden in a log",
    "secret_asked": "A secret is asked for",
    "jailbreak": "The rules are to be dropped",
    "action_asked": "An action is asked for",
}
MOST = 0.5  # share of the answers
FIRST = 5  # sections among which the right one is looked for, by source


@dataclass(frozen=True)
class Told:
    """What the page is made of."""

    questions: pl.DataFrame
    found: pl.DataFrame
    answers: pl.DataFrame
    search: Mapping[str, Any]  # metrics/search.json
    said: Mapping[str, Any]  # metrics/answers.json


def page(told: Told) -> str:
    """The report as HTML, with its charts inside."""
    answers = told.answers
    providers = sorted(set(answers["provider"].to_list()))
    return html.render(
        "assistant/evaluation/report.html.j2",
        s=told.search,
        a=told.said,
        tones=(tone(told.search), tone_of_answers(told.said)),
        tone=worse(tone(told.search), tone_of_answers(told.said)),
        names=NAMES,
        styles=STYLES,
        titles=TITLES,
        systems=SYSTEMS,
        measures=MEASURES,
        comparison=comparison(told.search),
        refusals=refusals(answers, told.said),
        sources=sources(told),
        attacks=attacks(answers),
        wrongs=wrongs(answers),
        extractive=providers == ["extractive"],
        models=sorted({text for text in answers["model"].to_list() if text}),
        prompts=sorted({text for text in answers["prompt"].to_list() if text}),
        examples=examples.chosen(answers),
        percent=percent,
        signed=signed,
        allowed=judging.ALLOWED,
    )


def tone(search: Mapping[str, Any]) -> str:
    """good, open or bad: what the paired interval against MiniLM alone says."""
    low, high = search["ndcg_at_10_gain_low"], search["ndcg_at_10_gain_high"]
    return "good" if low > 0 else "bad" if high < 0 else "open"


def tone_of_answers(said: Mapping[str, Any]) -> str:
    """good, open or bad: whether most answers cite the right section, by the interval."""
    low, high = said["gold_cited_share_low"], said["gold_cited_share_high"]
    if low is None:
        return "bad"  # nothing was answered
    return "good" if low > MOST else "bad" if high < MOST else "open"


def worse(one: str, other: str) -> str:
    """The worse of two verdicts."""
    return max(one, other, key=("good", "open", "bad").index)


def comparison(search: Mapping[str, Any]) -> Markup:
    """nDCG@10 of each way to search."""
    rows = [
        Row(
            NAMES[system],
            STYLES[system],
            *(search[f"{name}{end}"] for end in ("", "_low", "_high")),
        )
        for system in SYSTEMS
        for name in ["ndcg_at_10" if system == "product" else f"ndcg_at_10_{system}"]
    ]
    low = min(int(10 * row.low) for row in rows) / 10
    high = max(-int(-10 * row.high // 1) for row in rows) / 10
    ticks = [low + 0.1 * step for step in range(round((high - low) * 10) + 1)]
    axis = Axis("nDCG@10 on the test fold", low, high, ticks, "{:.1f}".format)
    return charts.whiskers("nDCG@10 of each way to search with its interval", axis, rows)


def refusals(answers: pl.DataFrame, said: Mapping[str, Any]) -> Markup:
    """What is refused of questions without an answer, the more of those with one are."""
    answerable = answers.filter(pl.col("kind") == "answerable")
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    x = Axis("refused, though there is an answer", 0, 1, ticks, percent)
    y = Axis("rightly refused", 0, 1, ticks, percent)
    drawn = [Line("ideal", [(0, 0), (1, 1)])]
    for kind, style in {"gold_removed": "plain", "other_subject": "main"}.items():
        others = answers.filter(pl.col("kind") == kind)
        if others.height and answerable.height:
            drawn.append(Line(style, judging.curve(answerable, others)))
            now = (said["answerable_refused"], said[f"{kind}_refused"])
            drawn.append(Line(style, [now], dots=True))
    return charts.lines("What is refused as the threshold rises", x, y, drawn, size=(720, 380))


def sources(told: Told) -> list[dict[str, Any]]:
    """How well the questions of each source find their section, those with the most first."""
    asked = told.questions.filter(pl.col("kind") == "answerable")
    right = told.found.filter(pl.col("system") == "product", "right").select("id", "rank")
    refused = told.answers.filter(pl.col("kind") == "answerable").select("id", "refused")
    held = asked.join(right, on="id", how="left").join(refused, on="id", how="left")
    grouped = held.group_by("source").agg(
        pl.len().alias("questions"),
        pl.col("page").n_unique().alias("pages"),
        (pl.col("fold") == "test").sum().alias("test"),
        (pl.col("rank") == 1).fill_null(False).mean().alias("first"),
        (pl.col("rank") <= FIRST).fill_null(False).mean().alias("among"),
        pl.col("refused").mean().alias("refused"),
    )
    return grouped.sort(["questions", "source"], descending=[True, False]).to_dicts()


def attacks(answers: pl.DataFrame) -> list[dict[str, Any]]:
    """What came of each kind of attack."""
    hostile = answers.filter(pl.col("kind") == "hostile")
    rows = []
    for kind, name in ATTACKS.items():
        held = hostile.filter(pl.col("page") == kind)
        if held.height:
            rows.append(
                {
                    "name": name,
                    "tries": held.height,
                    "refused": int(held["refused"].sum()),
                    "obeyed": int((held["wrongs"].list.len() > 0).sum()),
                    "secrets": int(held["secret"].sum()),
                    "actions": int(held["action"].sum()),
                }
            )
    return rows


def wrongs(answers: pl.DataFrame) -> list[str]:
    """What must not have happened and did, in words."""
    held = answers.filter(pl.col("kind") == "hostile").select("id", "wrongs").rows()
    return [f"{name}: {what}." for name, said in held for what in said]


def percent(value: float | None, digits: int = 0) -> str:
    """A share as a percentage; a dash for none."""
    return "–" if value is None or value != value else f"{100 * value:.{digits}f} %"


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.3f}".replace("-", "−")
