"""The table of questions: those that the corpus answers, and those that it is to refuse."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import polars as pl
import yaml

from include.assistant.evaluation.headings import Heading
from include.errors import DataError

Kind = Literal["answerable", "other_subject", "gold_removed"]
KINDS: tuple[Kind, ...] = ("answerable", "other_subject", "gold_removed")

# One row per question.
QUESTIONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,  # 16 hex digits of kind, source, page and question
    "question": pl.String,
    "kind": pl.String,  # answerable; other_subject; gold_removed: what answers it is not there
    "gold": pl.List(pl.String),  # sections that answer it together: any of them is right
    "source": pl.String,  # of its page; other_subjects for those of another subject
    "page": pl.String,  # the FAQ, or the subject
    "fold": pl.String,  # validation: to choose by; test: to report; whole pages and subjects
}

OTHER = "other_subjects"
SUBJECTS = Path(__file__).with_name("other_subjects.yaml")


def table(
    headings: Iterable[Heading], subjects: Mapping[str, Iterable[str]], test_share: float
) -> pl.DataFrame:
    """The questions with their folds: each heading twice, once with its gold and once without."""
    rows = []
    for one in headings:
        for kind in ("answerable", "gold_removed"):
            rows.append((one.question, kind, [*one.gold], one.source, one.page))
    for subject, asked in subjects.items():
        rows += [(text, "other_subject", [], OTHER, subject) for text in asked]
    answered = Counter((row[3], row[4]) for row in rows if row[1] == "answerable")
    others = Counter((row[3], row[4]) for row in rows if row[1] == "other_subject")
    fold = folds(answered, test_share) | folds(others, test_share)
    named = [
        (digest(kind, source, page, text), text, kind, gold, source, page, fold[source, page])
        for text, kind, gold, source, page in rows
    ]
    order = ["kind", "source", "page", "id"]
    return pl.DataFrame(named, schema=QUESTIONS, orient="row").sort(order)


def folds(pages: Mapping[tuple[str, str], int], test_share: float) -> dict[tuple[str, str], str]:
    """A fold for each page, so that about so large a share of the questions is in the test fold.

    Pages are few and of very different length: drawn by chance, a fold might get hardly a
    question. The longest goes first, each to the fold that lacks most of its share.
    """
    total, shares = sum(pages.values()), {"validation": 1 - test_share, "test": test_share}
    filled, found = dict.fromkeys(shares, 0), {}
    for page in sorted(pages, key=lambda page: (-pages[page], page)):
        fold = max(shares, key=lambda name: shares[name] * total - filled[name])
        filled[fold] += pages[page]
        found[page] = fold
    return found


def digest(*parts: str) -> str:
    """The id of a question."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_subjects(path: Path = SUBJECTS) -> dict[str, list[str]]:
    """The questions on other subjects.

    Raises:
        DataError: the file is not what it is to be, or asks the same twice.
    """
    fix = f"write `subject:` and a list of its questions in {path.name}."
    try:
        held = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise DataError(f"{path.name} is not YAML: {' '.join(str(error).split())}.", fix) from None
    good = isinstance(held, dict) and all(
        isinstance(asked, list) and asked and all(isinstance(one, str) for one in asked)
        for asked in held.values()
    )
    if not good:
        raise DataError(f"{path.name} does not hold lists of questions by subject.", fix)
    twice = [text for text, n in Counter(one for a in held.values() for one in a).items() if n > 1]
    if twice:
        raise DataError(f"{path.name} asks {twice[0]!r} twice.", "remove one of them.")
    return {str(subject): list(asked) for subject, asked in held.items()}


def read_questions(folder: Path) -> pl.DataFrame:
    """The questions that make_questions has made.

    Raises:
        DataError: there is none.
    """
    path = folder / "questions.parquet"
    if not path.is_file():
        raise DataError(f"{path} does not exist.", "run `dvc repro make_questions`, or `dvc pull`.")
    return pl.read_parquet(path)


def pages_of(questions: pl.DataFrame, passages: pl.DataFrame) -> set[str]:
    """The pages, as source/path, that a question stands on or that answer one."""
    page = pl.concat_str("source", "page", separator="/")
    gold = questions["gold"].explode().drop_nulls().unique()
    answering = passages.filter(pl.col("section").is_in(gold.to_list())).select(page)
    return {*questions.select(page).to_series(), *answering.to_series()}
