"""Stage report_assistant: the evaluation as one page, verdict first, with examples."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from include import step
from include.assistant.evaluation import report as evaluation_report
from include.assistant.evaluation.asked import read_questions
from include.assistant.evaluation.report import Told
from include.step import Out


def report_assistant(
    questions: Path, searched: Path, answered: Path, search: Path, answers: Path, report: Out
) -> None:
    """Show how well the assistant finds, answers and refuses."""
    told = Told(
        questions=read_questions(questions),
        found=pl.read_parquet(searched),
        answers=pl.read_parquet(answered),
        search=numbers(search),
        said=numbers(answers),
    )
    report.write_text(evaluation_report.page(told), encoding="utf-8")


def numbers(path: Path) -> dict[str, Any]:
    """The numbers of a file of metrics."""
    return {**json.loads(path.read_text())}


if __name__ == "__main__":
    raise SystemExit(step.run(report_assistant))
