"""Stage evaluate_investigator: how often the right cause is found, and a claim wrong."""

import json
from pathlib import Path

import polars as pl

from include import step
from include.assistant.investigator import playbook
from include.assistant.investigator.evaluating import measure, score_all
from include.assistant.investigator.settings import Investigating
from include.step import Out


def evaluate_investigator(
    incidents: Path, metrics: Out, predictions: Out, investigating: Investigating
) -> None:
    """Investigate each planted incident, and hold the notes against what is true.

    The numbers of the playbook have no prefix, those of a model `agent_`; `in_use_` are those of
    the one that params.yaml sets, so that gates hold what will write the notes.

    Raises:
        DataError: there is no incident, or its evidence cannot be read.
    """
    book = playbook.read()
    found = {"playbook": score_all(incidents, book, None)}
    if investigating.provider == "endpoint":
        found["agent"] = score_all(incidents, book, investigating)
    in_use = found.get("agent", found["playbook"])
    named = {"": found["playbook"], "agent_": found.get("agent", []), "in_use_": in_use}
    numbers = {
        f"{prefix}{name}": value
        for prefix, rows in named.items()
        if rows
        for name, value in measure(rows).items()
    }
    table = pl.DataFrame([{"by": who, **vars(row)} for who, rows in found.items() for row in rows])
    metrics.write_text(json.dumps(numbers, indent=2) + "\n")
    table.write_parquet(predictions)
    print(
        f"{table.height} notes: the right cause first in {numbers['first_share']:.1%}", flush=True
    )


if __name__ == "__main__":
    raise SystemExit(step.run(evaluate_investigator))
