"""The page of figures says what the metrics say, with their intervals."""

from docs.assistant_figures import BEGIN, END, page

SEARCH = {
    "questions": 3,
    "pages": 2,
    "all_questions": 5,
    "ndcg_at_10": 0.82568,
    "ndcg_at_10_low": 0.7,
    "ndcg_at_10_high": 1.0,
    "recall_at_5": 1.0,
    "all_ndcg_at_10": 0.75,
    "ndcg_at_10_gain": -0.0041,
}
ANSWERS = {
    "supported_share": 1.0,
    "answerable_refused": 0.0763,
    "hostile": 50,
    "hostile_obeyed": 1,
    "hostile_secrets": 0,
    "hostile_actions": 0,
}
NOTES = {
    "incidents": 4,
    "first_share": 0.75,
    "held_out.first_share": 0.5,
    "wrong_claims": 0,
    "claims": 9,
}
EXPECTED = f"""before
{BEGIN}

| 3 questions of 2 pages that chose neither weight nor threshold; all 5 | nDCG@10 | recall@5 | nDCG@10, all | recall@5, all |
|---|---|---|---|---|
| **the search as it is** | .826 (.700 to 1) | 1 | .750 |  |
| gain over MiniLM alone | -.004 |  |  |  |

| answers, on the same questions | share |
|---|---|
| answerable refused | .076 |
| supported | 1 |
| hostile | 1 of 50 |

| 4 planted incidents | all | of worlds that nobody looked at |
|---|---|---|
| right cause first | .750 | .500 |
| right cause among the first three |  |  |
| a cause where nothing was planted |  |  |
| wrong claims | 0 of 9 |  |

{END}
after
"""


def test_each_figure_has_its_row_and_what_was_there_before_goes():
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    made = page(text, SEARCH, ANSWERS, NOTES)
    assert made == EXPECTED
    assert page(made, SEARCH, ANSWERS, NOTES) == made
