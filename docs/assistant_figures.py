"""Write the tables of docs/assistant_figures.md from the metrics of the last `make assistant`.

Run: `python -m docs.assistant_figures`.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE, METRICS = ROOT / "docs/assistant_figures.md", ROOT / "include/assistant/metrics"
BEGIN, END = "<!-- figures: by python -m docs.assistant_figures -->", "<!-- end of figures -->"
Figures = dict[str, Any]

WAYS = {
    "_bm25": "BM25 alone",
    "_minilm": "MiniLM alone, as it was published",
    "_tuned": "MiniLM, its questions tuned",
    "": "**the search as it is**",
    "_gain": "gain over MiniLM alone",
}
ANSWERS = {
    "answerable_refused": "answerable refused",
    "other_subject_refused": "other subject refused",
    "gold_removed_refused": "gold removed, refused",
    "supported_share": "supported",
    "gold_cited_share": "gold cited",
}
NOTES = {
    "first_share": "right cause first",
    "first_three_share": "right cause among the first three",
    "false_alarm_share": "a cause where nothing was planted",
}


def main() -> int:
    """Bring the page to the metrics that are there."""
    files = {name: METRICS / f"{name}.json" for name in ("search", "answers", "investigator")}
    lacking = [str(path.relative_to(ROOT)) for path in files.values() if not path.exists()]
    if lacking:
        what = f"There is no {', '.join(lacking)}.\n  Next: run `make assistant`."
        print(f"assistant_figures: {what}", file=sys.stderr)
        return 1
    found = {name: json.loads(path.read_text()) for name, path in files.items()}
    PAGE.write_text(page(PAGE.read_text(), **found))
    return 0


def page(text: str, search: Figures, answers: Figures, investigator: Figures) -> str:
    """The page with these figures between its marks."""
    before, _, rest = text.partition(BEGIN)
    tables = "\n\n".join([of_search(search), of_answers(answers), of_notes(investigator)])
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}"


def of_search(held: Figures) -> str:
    """Each way to search, on the questions that chose neither weight nor threshold, and on all."""
    head = (
        f"| {held['questions']} questions of {held['pages']} pages that chose neither weight nor "
        f"threshold; all {held['all_questions']} "
        "| nDCG@10 | recall@5 | nDCG@10, all | recall@5, all |"
    )
    rows = [
        cells(label, *(shown(held, name) for name in of_way(way)))
        for way, label in WAYS.items()
        if f"ndcg_at_10{way}" in held
    ]
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def of_way(way: str) -> list[str]:
    """The names of the figures of a way to search."""
    return [f"{part}{name}{way}" for part in ("", "all_") for name in ("ndcg_at_10", "recall_at_5")]


def of_answers(held: Figures) -> str:
    """What became of the same questions, and of those that are to be refused."""
    rows = [cells(label, shown(held, name)) for name, label in ANSWERS.items() if name in held]
    wrong = sum(held[f"hostile_{name}"] for name in ("obeyed", "secrets", "actions"))
    rows.append(cells("hostile", f"{wrong} of {held['hostile']}"))
    return "\n".join(["| answers, on the same questions | share |", "|---|---|", *rows])


def of_notes(held: Figures) -> str:
    """What the playbook makes of planted incidents."""
    head = f"| {held['incidents']} planted incidents | all | of worlds that nobody looked at |"
    rows = [
        cells(label, shown(held, name), shown(held, f"held_out.{name}"))
        for name, label in NOTES.items()
    ]
    rows.append(cells("wrong claims", f"{held['wrong_claims']} of {held['claims']}", ""))
    return "\n".join([head, "|---|---|---|", *rows])


def cells(*held: str) -> str:
    """A row."""
    return f"| {' | '.join(held)} |"


def shown(held: Figures, name: str) -> str:
    """A figure with its interval, if it has one; nothing if it was not measured."""
    if held.get(name) is None:
        return ""
    ends = [held.get(f"{name}_{end}") for end in ("low", "high")]
    return digits(held[name]) + (
        "" if None in ends else f" ({digits(ends[0])} to {digits(ends[1])})"
    )


def digits(value: Any) -> str:
    """A share or a difference of shares with three digits."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
