"""What the stage calibrate_refusal promises, on questions whose answers can be counted."""

import json

import numpy as np
import polars as pl
import pytest
from assistant_encoder import query_encoder, tiny_encoder

from include.assistant.answering.refusal import NAMES, Refusal
from include.assistant.calibrate_refusal import Params, calibrate_refusal, fit, lowest, shares
from include.assistant.passages import SCHEMA, embedded
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import write_index
from include.assistant.retrieval.search import Search
from include.errors import DataError

PARAMS = Params(refused_share=0.1, ridge=10)


def rows(kind: str, fold: str, cosines: list[float]) -> list[tuple[object, ...]]:
    """Questions that differ in the cosine alone."""
    return [
        (f"{kind}{fold}{i}", kind, fold, [cosine, *[0.5] * (len(NAMES) - 1)])
        for i, cosine in enumerate(cosines)
    ]


def table(*parts: list[tuple[object, ...]]) -> pl.DataFrame:
    names = ["id", "kind", "fold", "features"]
    return pl.DataFrame([row for part in parts for row in part], schema=names, orient="row")


TWENTY = [0.5 + number / 100 for number in range(20)]


def test_at_most_a_tenth_of_the_answerable_is_refused_and_all_that_is_far():
    held = table(
        rows("answerable", "validation", TWENTY),
        rows("other_subject", "validation", [0.1, 0.2, 0.3]),
        rows("gold_removed", "validation", [0.515, 0.6]),
        rows("answerable", "test", [0.4, 0.6]),
    )
    found = shares(held, fit(held, PARAMS))
    assert found["validation_answerable_refused"] == 0.1  # 0.50 and 0.51 of twenty
    assert found["validation_other_subject_refused"] == 1
    assert found["validation_gold_removed_refused"] == 0.5  # 0.515 is below 0.52
    assert (found["test_answerable_refused"], found["test_answerable_questions"]) == (0.5, 2)
    assert found["test_other_subject_questions"] == 0
    assert "test_other_subject_refused" not in found


def test_the_test_questions_change_nothing():
    seen = [rows("answerable", "validation", TWENTY), rows("other_subject", "validation", [0.1])]
    assert fit(table(*seen), PARAMS) == fit(
        table(*seen, rows("answerable", "test", [0.0] * 9)), PARAMS
    )


@pytest.mark.parametrize(
    ("share", "threshold"), [(0.0, 1.0), (0.1, 1.0), (0.2, 2.0), (0.39, 2.0), (0.4, 3.0)]
)
def test_the_question_that_sets_the_threshold_is_answered(share, threshold):
    assert lowest(np.array([4.0, 1.0, 3.0, 2.0, 5.0]), share) == threshold


def test_without_questions_that_have_no_answer_there_is_no_threshold():
    with pytest.raises(
        DataError, match=r"20 of 20 validation questions are answerable.\n  Next: let"
    ):
        fit(table(rows("answerable", "validation", TWENTY)), PARAMS)


TEXTS = {
    "airflow task run fails": "restart the scheduler and the worker",
    "dvc cache pull": "push the stage and the params",
    "model train data": "metrics of the drift report",
}


def write_inputs(folder) -> None:
    """Three sections and the encoder; each is asked for once, and once something else."""
    encoder = tiny_encoder(folder / "encoder")
    query_encoder(encoder, folder / "query")
    passages = pl.DataFrame(
        [
            {
                "id": f"{n:016x}", "source": "docs", "page": f"{n}.md", "section": f"section-{n}",
                "titles": ["docs"], "position": 0, "text": f"{asked} {text}", "tokens": 9,
                "licence": "Apache-2.0", "url": "", "masked": 0,
            }
            for n, (asked, text) in enumerate(TEXTS.items())
        ],
        schema=SCHEMA,
    )  # fmt: skip
    held = Encoder.load(encoder)
    vectors = np.stack(
        [held.encode(embedded(*row)) for row in passages.select("titles", "text").rows()]
    )
    write_index(folder / "held_out", passages, vectors, identity(encoder))
    questions = [
        (f"{fold}{n}{kind}", asked if kind != "other_subject" else "zebra crossing bread", kind,
         [] if kind == "other_subject" else [f"section-{n}"], fold)
        for fold in ("validation", "test")
        for n, asked in enumerate(TEXTS)
        for kind in ("answerable", "other_subject", "gold_removed")
    ]  # fmt: skip
    names = ["id", "question", "kind", "gold", "fold"]
    (folder / "questions").mkdir()
    pl.DataFrame(questions, schema=names, orient="row").write_parquet(
        folder / "questions/questions.parquet"
    )


def test_the_stage_reads_the_index_and_writes_the_same_bytes_twice(tmp_path):
    write_inputs(tmp_path)
    for name in ("a", "b"):
        calibrate_refusal(
            tmp_path / "held_out", tmp_path / "questions", tmp_path / "encoder", tmp_path / "query",
            tmp_path / name, tmp_path / f"{name}.json", Search(bm25_weight=0.2), PARAMS,
        )  # fmt: skip
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["validation_answerable_refused"] == 0 and found["test_other_subject_refused"] == 1
    assert found["validation_gold_removed_questions"] == 3 and found["nothing_found"] == 0
    assert Refusal.load(tmp_path / "a").threshold == found["threshold"]
    assert (tmp_path / "a/refusal.json").read_bytes() == (tmp_path / "b/refusal.json").read_bytes()
