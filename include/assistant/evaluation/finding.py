"""What each way to search finds for each question, and how good that is."""

from collections.abc import Callable, Collection, Mapping

import polars as pl

from include.assistant.evaluation import intervals
from include.assistant.evaluation.intervals import Evaluation
from include.assistant.evaluation.ranking import MEASURES, Scores, measured, ranked
from include.errors import DataError

SYSTEMS = ("product", "tuned", "minilm", "bm25")  # the one that serves, then what it is made of
BASELINE = "minilm"
Ask = Callable[[str], Mapping[str, tuple[Scores, float]]]

# One row per section that was found.
FOUND: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,  # of the question
    "fold": pl.String,
    "system": pl.String,
    "rank": pl.Int32,  # from 1
    "section": pl.String,
    "passage": pl.String,  # id of its best one
    "right": pl.Boolean,
}


def find(questions: pl.DataFrame, passages: pl.DataFrame, ask: Ask) -> pl.DataFrame:
    """The best sections for each question, by each way to search."""
    ids, sections = (passages.get_column(name).to_list() for name in ("id", "section"))
    see_that_there(questions, {*sections})
    rows = []
    for name, question, gold, fold in questions.select("id", "question", "gold", "fold").rows():
        unit = min(gold)
        for system, (scores, above) in ask(question).items():
            for rank, (row, section) in enumerate(ranked(scores, sections, gold, above), 1):
                rows.append((name, fold, system, rank, section, ids[row], section == unit))
    return pl.DataFrame(rows, schema=FOUND, orient="row")


def see_that_there(questions: pl.DataFrame, sections: Collection[str]) -> None:
    """Refuse questions whose answers are not in the index: no search could find them.

    Raises:
        DataError: there are such.
    """
    lost = [
        text
        for text, gold in questions.select("question", "gold").iter_rows()
        if not any(section in sections for section in gold)
    ]
    if lost:
        what = f"The index holds no answer to {len(lost)} questions, such as {lost[0]!r}."
        raise DataError(what, "run `dvc repro evaluate_search`, which makes both anew.")


def measure(
    questions: pl.DataFrame, found: pl.DataFrame, rules: Evaluation
) -> dict[str, float | int]:
    """The numbers of the test fold; behind them those of the other fold, and of both."""
    test = questions.filter(pl.col("fold") == "test")
    chosen = questions.filter(pl.col("fold") == "validation")
    return {
        **counts(test, ""),
        **scored(test, found, rules),
        **counts(chosen, "validation_"),
        **prefixed(scored(chosen, found, rules), "validation_"),
        **counts(questions, "all_"),
        **prefixed(scored(questions, found, rules), "all_"),
    }


def counts(questions: pl.DataFrame, prefix: str) -> dict[str, int]:
    """How many questions numbers rest on, and of how many pages they are."""
    pages = questions.select("source", "page").n_unique()
    return {f"{prefix}questions": questions.height, f"{prefix}pages": pages}


def prefixed(numbers: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Numbers under longer names."""
    return {f"{prefix}{name}": value for name, value in numbers.items()}


def scored(questions: pl.DataFrame, found: pl.DataFrame, rules: Evaluation) -> dict[str, float]:
    """Each measure of what serves, of what it is made of, and the gain over MiniLM alone."""
    held = {system: of_system(questions, found, system) for system in SYSTEMS}
    period, numbers = intervals.draws(questions, rules), dict[str, float]()
    for measure in MEASURES:
        for system in SYSTEMS:
            name = measure if system == "product" else f"{measure}_{system}"
            numbers |= intervals.named(name, intervals.mean(period, held[system][measure], rules))
        pairs = zip(held["product"][measure], held[BASELINE][measure], strict=True)
        gained = [ours - theirs for ours, theirs in pairs]
        gain = intervals.mean(period, gained, rules)
        numbers |= intervals.named(f"{measure}_gain", gain)
    return numbers


def of_system(questions: pl.DataFrame, found: pl.DataFrame, system: str) -> dict[str, list[float]]:
    """Each measure of each question, in their order."""
    gold = {name: min(sections) for name, sections in questions.select("id", "gold").rows()}
    mine = found.filter(pl.col("system") == system).sort("id", "rank")
    rankings: dict[str, list[str]] = {name: [] for name in gold}
    for name, section in mine.select("id", "section").iter_rows():
        if name in rankings:
            rankings[name].append(section)
    return measured(rankings, gold)
