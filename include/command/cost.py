"""`leeway cost`: what each stage of a run took, and what it would have taken."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from include.command.history import add_choice, as_json, chosen, shown, total_of
from include.command.words import Add, table
from include.errors import PipelineError, did_you_mean
from include.pipeline.cost import Cost, together
from include.pipeline.cost_settings import Costs
from include.pipeline.cost_words import beyond_budget, in_words, number, per_thousand, priced
from include.pipeline.graph import CLOSE, OPEN
from include.pipeline.history import PastRun

EXAMPLES = """
  leeway cost                              the last run
  leeway cost --dag train                  the last run of a DAG
  leeway cost EXPERIMENT                   the run of an experiment: `leeway history` lists them
"""
HEADS = ("STAGE", "DID", "S", "CPU S", "GPU S", "GB", "MB IN", "MB OUT", "WH")


def add_to(add: Add) -> None:
    """Add the command, and what it may be told."""
    told = add("cost", "say what each stage of a run took, and what was saved", EXAMPLES)
    told.add_argument("name", nargs="?", default="", help="of an experiment, or of its run")
    add_choice(told)
    told.add_argument("--json", action="store_true", help="as JSON")
    told.set_defaults(carry_out=cost)


def cost(words: argparse.Namespace) -> int:
    """Print what a run took."""
    runs, instead, rules = chosen(words)
    index = wanted(runs, words.name)
    run, idle = runs[index], instead[index]
    run = replace(run, cost={stage: one_of(one, rules) for stage, one in run.cost.items()})
    print(as_json(for_programs(run, idle, rules)) if words.json else for_people(run, idle, rules))
    return 0


def wanted(runs: Sequence[PastRun], name: str) -> int:
    """Which of some runs a name means: the last one whose cost was measured, if it is empty.

    Raises:
        PipelineError: there is none, or nothing was measured.
    """
    for index, run in enumerate(runs):
        if run.cost and name in ("", run.name, run.run_id):
            return index
    known = [run.name for run in runs if run.cost]
    if name and name in {other for run in runs for other in (run.name, run.run_id)}:
        raise PipelineError(f"Nobody measured what {name} took.", "see `leeway history`.")
    what = f"There is no run {name!r} with a cost.{did_you_mean(name, known)}"
    raise PipelineError(what if name else "No run has a cost yet.", "see `leeway history`.")


def one_of(cost: Cost, rules: Costs) -> Cost:
    """A cost at the prices that were recorded, else at those of now."""
    return cost if cost.money is not None else priced(cost, rules)


def for_people(run: PastRun, idle: dict[str, Cost], rules: Costs) -> str:
    """A table of the stages, and what they come to."""
    rows: list[tuple[str, ...]] = [(*HEADS, rules.currency)]
    rows += [line_of(stage, one) for stage, one in run.cost.items()]
    total = total_of(run, rules)
    lines = [f"{shown(run.name)}, opened {run.created:%Y-%m-%d %H:%M} UTC", table(rows)]
    lines.append(f"The run: {in_words(total, rules.currency)}.")
    if idle:
        spared = in_words(together(idle.values()), rules.currency)
        stages = run.cost.keys() - {OPEN, CLOSE}
        share = f"{len(idle)} of {len(stages)} stages"
        lines.append(f"Saved by the cache: {spared}, as {share} took when they ran last.")
    if (thousand := per_thousand(run.cost)) is not None:
        lines.append(f"A thousand predictions: {in_words(thousand, rules.currency)}.")
    if over := beyond_budget(total, rules.budget, rules.currency):
        lines.append(f"Beyond its budget: {', '.join(over)}.")
    return "\n".join(lines)


def line_of(stage: str, cost: Cost) -> tuple[str, ...]:
    """What a stage took, as cells."""
    did = "ran" if cost.ran else "" if stage in (OPEN, CLOSE) else "cached"
    did += f" in {cost.tries} tries" if cost.tries > 1 and cost.ran else ""
    numbers = [cost.wall_s, cost.cpu_s, cost.gpu_s, cost.peak_gb]
    numbers += [cost.bytes_in / 1e6, cost.bytes_out / 1e6, cost.energy_wh or 0.0]
    cells = (number(value) if value else "-" for value in (*numbers, cost.money))
    return (shown(stage), did, *cells)


def for_programs(run: PastRun, idle: dict[str, Cost], rules: Costs) -> dict[str, object]:
    """The same, as JSON holds it."""
    thousand, total = per_thousand(run.cost), total_of(run, rules)
    return {
        "name": run.name,
        "currency": rules.currency,
        "stages": {stage: one.to_json() for stage, one in run.cost.items()},
        "total": total.to_json(),
        "saved": {stage: one.to_json() for stage, one in idle.items()},
        "per_thousand_predictions": thousand.to_json() if thousand else None,
        "beyond_budget": beyond_budget(total, rules.budget, rules.currency),
    }
