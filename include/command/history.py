"""`leeway history`: the runs of a repository, the newest first, with numbers to compare."""

import argparse
import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from include.airflow_site.settings import Site
from include.command.repository import see_that_repository
from include.command.words import Add, table
from include.errors import PipelineError, at_most_ten, did_you_mean
from include.pipeline.closing.card import place_of, read_card
from include.pipeline.cost import Cost, together
from include.pipeline.cost_settings import Costs, costs_of
from include.pipeline.cost_words import number, priced
from include.pipeline.history import PastRun, past_runs, saved
from include.pipeline.past.fetching import fetch_experiments
from include.pipeline.registry.turns import remote_of

EXAMPLES = """
  leeway history                           all runs that this clone knows
  leeway history --metric auc              and each metric that ends in :auc
  leeway history --metric metrics/drift.json:psi --dag train
  leeway history --since 2026-01-01 --json --param train.depth
  leeway history --fetch                   ask the remote for the experiments of others first

It reads the experiments in git, and no report. What no run measured is a dash, and so is a window
that its params do not name, of a run that was closed on another machine.
"""
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for one begins so
WINDOW = ("window.start", "window.end")


def add_to(add: Add) -> None:
    """Add the command, and what it may be told."""
    told = add("history", "list the runs that have ended, with metrics and cost", EXAMPLES)
    add_choice(told)
    told.add_argument("--metric", action="append", default=[], metavar="NAME", help="a column")
    told.add_argument("--param", action="append", default=[], metavar="NAME", help="a column")
    told.add_argument("--limit", type=int, default=0, metavar="N", help="most runs; 0: all")
    form = told.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON, with all metrics and costs")
    form.add_argument("--csv", action="store_true", help="as CSV")
    told.set_defaults(carry_out=history)


def add_choice(told: argparse.ArgumentParser) -> None:
    """Let a command be about some runs."""
    told.add_argument("--dag", metavar="DAG", help="runs of this DAG alone")
    told.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="its begin, in UTC")
    told.add_argument("--fetch", action="store_true", help="ask the remote before reading")


def history(words: argparse.Namespace) -> int:
    """Print the runs."""
    runs, instead, rules = chosen(words)
    runs = since(runs, words.since)
    runs = runs[: words.limit] if words.limit > 0 else runs
    if words.json:
        print(as_json([about(run, rules, idle) for run, idle in zip(runs, instead, strict=False)]))
        return 0
    if not runs:
        print("No run has ended here; `leeway history --fetch` brings those of others.")
        return 0
    metrics = [name for asked in words.metric for name in named(asked, runs)]
    home = Site.of(words.repo).leeway
    rows = [
        heads(metrics, words.param, rules),
        *(
            row(run, idle, metrics, words.param, rules, home, plain=words.csv)
            for run, idle in zip(runs, instead, strict=False)
        ),
    ]
    print(as_csv(rows) if words.csv else table([tuple(map(shown, cells)) for cells in rows]))
    return 0


def chosen(words: argparse.Namespace) -> tuple[list[PastRun], list[dict[str, Cost]], Costs]:
    """The runs that a command is about, what the cache saved in each, and the prices.

    What a stage would have taken is known by runs of any DAG.

    Raises:
        PipelineError: there is no run of that DAG.
    """
    see_that_repository(words.repo)
    if words.fetch:
        fetch_experiments(words.repo, remote_of(words.repo))
    rules = prices_of(words.repo)
    everything = past_runs(words.repo)
    pairs = zip(everything, saved(everything), strict=True)
    found = [pair for pair in pairs if words.dag in (None, pair[0].dag_id)]
    if not found and everything:
        known = sorted({run.dag_id for run in everything if run.dag_id})
        what = f"{words.repo} has no run of the DAG {words.dag!r}.{did_you_mean(words.dag, known)}"
        raise PipelineError(what, f"name one of {at_most_ten(known) or 'those that you trigger'}.")
    return [run for run, _ in found], [idle for _, idle in found], rules


def prices_of(repo: Path) -> Costs:
    """The prices of a repository.

    Raises:
        PipelineError: they cannot be read.
    """
    rules, problem = costs_of(repo)
    if problem:
        raise PipelineError(problem, "mend section costs of params.yaml, or give it another name.")
    return rules


def since(runs: Sequence[PastRun], first: date | None) -> list[PastRun]:
    """The runs from a day on."""
    begin = datetime.combine(first or date(1970, 1, 1), time(), UTC)
    return [run for run in runs if run.created >= begin]


def named(asked: str, runs: Iterable[PastRun]) -> list[str]:
    """The metrics that a name means: its own, or those that end in it: auc, drift.json:auc.

    Raises:
        PipelineError: no run has such a metric.
    """
    known = sorted({name for run in runs for name in run.metrics})
    ends = tuple(f"{sign}{asked}" for sign in "/:")
    found = [name for name in known if name == asked or name.endswith(ends)]
    if not found:
        short = {name.rpartition(":")[2]: name for name in known}
        what = f"No run has a metric {asked!r}.{did_you_mean(asked, [*known, *short])}"
        raise PipelineError(what, f"name one of {at_most_ten(known) or 'those that you write'}.")
    return found


def heads(metrics: Sequence[str], params: Sequence[str], rules: Costs) -> list[object]:
    """The names of the columns."""
    cost = ["CPU S", "SAVED S", rules.currency]
    return ["OPENED", "DAG", "RUN", "WINDOW", *params, *metrics, *cost, "NOTE"]


def row(
    run: PastRun,
    idle: dict[str, Cost],
    metrics: Sequence[str],
    params: Sequence[str],
    rules: Costs,
    home: Path,
    *,
    plain: bool,
) -> list[object]:
    """What a run is, as cells.

    Args:
        idle: what its stages would have taken that did not run.
        home: where runs that were closed on this machine keep their reports.
        plain: whether numbers keep all digits.
    """
    total = total_of(run, rules)
    numbers = [run.metrics.get(name) for name in metrics]
    numbers += [total.cpu_s, together(idle.values()).cpu_s, total.money] if run.cost else [None] * 3
    note = run.problem or ("" if run.kind == "run" else f"{run.kind}: no cost was recorded")
    return [
        f"{run.created:%Y-%m-%d %H:%M}",
        run.dag_id or None,
        run.run_id or run.name,
        window_of(run, home),
        *(run.params.get(name) for name in params),
        *(value if plain or value is None else digits(value) for value in numbers),
        note,
    ]


def total_of(run: PastRun, rules: Costs) -> Cost:
    """What a run took, at the prices that it recorded, else at those of now."""
    each = run.cost.values()
    return together(one if one.money is not None else priced(one, rules) for one in each)


def window_of(run: PastRun, home: Path) -> str | None:
    """The days that a run saw, if its params say so; else the last of them, if its card does.

    Which other value is the last day, the DAG knows alone, and tells it to the card.
    """
    first, last = (run.params.get(name) for name in WINDOW)
    if last is not None:
        return f"{first or ''}..{last}"
    card = read_card(place_of(home, run.dag_id, run.run_id)) if run.run_id else None
    return f"..{card.window}" if card and card.window and card.experiment == run.name else None


def digits(value: float) -> str:
    """A number as people read it."""
    return number(value) if abs(value) >= 10 or not math.isfinite(value) else f"{value:.4g}"


def shown(cell: object) -> str:
    """A cell of a table: one line, and nothing that moves the cursor or turns the text around."""
    if cell is None or cell == "":
        return "-" if cell is None else ""
    return "".join(letter if letter.isprintable() else "?" for letter in str(cell))


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV; a text that a spreadsheet would take for a formula begins with a quote."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for cells in rows:
        writer.writerow(
            [f"'{c}" if isinstance(c, str) and c.startswith(FORMULA) else c for c in cells]
        )
    return text.getvalue().rstrip("\n")


def about(run: PastRun, rules: Costs, idle: dict[str, Cost]) -> dict[str, Any]:
    """All that is known of a run."""
    cost = {stage: one.to_json() for stage, one in run.cost.items()}
    instead = {stage: one.to_json() for stage, one in idle.items()}
    held = {"created": run.created.isoformat(), "cost": cost, "saved": instead}
    return {**vars(run), **held, "total": total_of(run, rules).to_json()}


def as_json(answer: object) -> str:
    """An answer for programs: what is no number to JSON is null."""
    plain = json.loads(json.dumps(answer, default=str), parse_constant=lambda text: None)
    return json.dumps(plain, indent=2, ensure_ascii=False)
