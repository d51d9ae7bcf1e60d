"""Stage judge_assistant: whether the assistant of this run may go live, by the gates it is held to.

A refusal is a result as any other: the stage ends well, and its outs say why.
"""

import json
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.errors import DataError
from include.monitoring import gates
from include.monitoring.gates import Gate, Limit
from include.pages import html
from include.serving.hashes import file_md5
from include.step import Out

STRICT = ConfigDict(extra="forbid", frozen=True)
Limits = dict[str, Limit]


class Gates(BaseModel):
    """The gates: limits by name of a number in a file of metrics, each a minimum, a maximum."""

    model_config = STRICT

    search: Limits = Field(description="of metrics/search.json: how well the search finds")
    answers: Limits = Field(description="of metrics/answers.json: support, refusals, hostile set")
    fusion: Limits = Field(description="of metrics/fusion.json: the weight of BM25 that is held")
    investigator: Limits = Field(description="of metrics/investigator.json: planted incidents")
    replay: Limits = Field(description="of metrics/replay.json: transcripts, played again")
    bento_mb: float = Field(gt=0, description="largest bento, MB")


class Promotion(BaseModel):
    """Section promotion of params.yaml."""

    model_config = STRICT

    risk: Literal["low", "high"] = Field(
        description="low: what passes goes live; high: a person approves it in Airflow first"
    )
    gates: Gates = Field(description="what the assistant of a run must reach to go live")


def judge_assistant(
    search: Path,
    answers: Path,
    fusion: Path,
    investigator: Path,
    replay: Path,
    bento: Path,
    repository: Path,
    report: Out,
    page: Out,
    metrics: Out,
    promotion: Promotion,
) -> None:
    """Hold the assistant of the run against each gate, and write the verdict."""
    read = {
        "search": search,
        "answers": answers,
        "fusion": fusion,
        "investigator": investigator,
        "replay": replay,
    }
    numbers = {name: numbers_of(path) for name, path in read.items()}
    found = judged(numbers, bento.stat().st_size / 1_000_000, promotion.gates)
    held = {
        "artifact": named(bento, repository),
        "risk": promotion.risk,
        **gates.verdict(found),
        "asked": {name: numbers["search"].get(name) for name in ("questions", "pages")},
        "files": {named(path, repository): file_md5(path) for path in (*read.values(), bento)},
    }
    report.write_text(json.dumps(held, indent=2) + "\n")
    page.write_text(html.render("assistant/evaluation/promotion.html.j2", v=held), encoding="utf-8")
    failed = sum(not gate.passed for gate in found)
    counts = {"passed": int(not failed), "gates": len(found), "failed_gates": failed}
    metrics.write_text(json.dumps(counts, indent=2) + "\n")
    print(f"{held['verdict']}: {held['reason']}", flush=True)


def judged(numbers: dict[str, dict[str, Any]], bento_mb: float, rules: Gates) -> list[Gate]:
    """Each gate, in the order of the section."""
    limits = {name: getattr(rules, name) for name in numbers}
    found = [
        gate
        for name, held in numbers.items()
        for gate in gates.hold(held, limits[name], f"metrics/{name}.json")
    ]
    size = {"bento_mb": Limit(maximum=rules.bento_mb)}
    return [*found, *gates.hold({"bento_mb": bento_mb}, size, "the bento")]


def numbers_of(path: Path) -> dict[str, Any]:
    """The numbers of a file of metrics.

    Raises:
        DataError: it is none.
    """
    try:
        return {**json.loads(path.read_text())}
    except (ValueError, TypeError) as error:
        raise DataError(f"{path} holds no metrics: {error}.", "run `dvc repro`.") from None


def named(path: Path, repository: Path) -> str:
    """A path from the root of the repository, as who promotes knows it; links are not followed.

    Raises:
        DataError: it is outside.
    """
    found = os.path.relpath(os.path.abspath(path), os.path.abspath(repository))
    if found.startswith(os.pardir):
        what = f"{path} is outside the repository, {repository}."
        raise DataError(what, "name the root of the repository with --repository.")
    return found.replace(os.sep, "/")


if __name__ == "__main__":
    raise SystemExit(step.run(judge_assistant))
