"""The budget of a run as a gate: what took too much does not go live by itself.

What was measured is in no file that a stage could read, for two runs would then differ. So the
gate is not one of the verdict's: it is asked where the experiment with its record is at hand.
"""

from pathlib import Path

from include.errors import ParamsError
from include.pipeline.cost import together
from include.pipeline.cost_settings import costs_in
from include.pipeline.cost_words import beyond_budget, priced
from include.pipeline.git.command import git
from include.pipeline.history import idle_in, last_costs
from include.pipeline.params_file import DEFAULT
from include.pipeline.past.record import record_in
from include.pipeline.registry.verdicts import BY_HAND, NotPromoted


def see_that_within_budget(repo: Path, commit: str) -> None:
    """Refuse what is beyond the budget of the repository, if that is a gate there.

    A stage that was cached counts as it did when it ran the last time: a model is not cheaper for
    having been made by an earlier run.

    Raises:
        NotPromoted: it is beyond it, or nobody measured what it took.
    """
    try:  # as it is committed: what an experiment sets stays in it
        rules = costs_in(git(repo, "show", f"HEAD:./{DEFAULT}", check=False))
    except ParamsError as error:
        raise NotPromoted(error.what, error.fix) from None
    if not rules.budget.gate:
        return
    record = record_in(git(repo, "show", "-s", "--format=%B", commit))
    if record is None or not record.cost:
        what = "The budget is a gate, and nobody measured what this experiment took."
        raise NotPromoted(what, f"let the DAG run it; or {BY_HAND}")
    each = record.cost | last_costs(repo, idle_in(record.cost))
    total = together(priced(cost, rules) for cost in each.values())
    if over := beyond_budget(total, rules.budget, rules.currency):
        what = f"It is beyond the budget: {', '.join(over)}."
        raise NotPromoted(what, f"raise costs.budget of {DEFAULT}, and commit it; or {BY_HAND}")
