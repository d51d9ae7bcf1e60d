"""The trainings before a run, as a value of it: which, until when they saw data, and their cost.

A run takes them once, as it takes what is live: tried again, or cleared after it was closed, it has
those that it had, so that what it decides by them can be replayed.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from include.pipeline.apart import Place
from include.pipeline.cost import together
from include.pipeline.git.command import git
from include.pipeline.git.refs import refs_in
from include.pipeline.history import PastRun, past_runs
from include.pipeline.names import PLAIN
from include.pipeline.opening.live import begun, experiments, parsed
from include.pipeline.params_file import at, located
from include.pipeline.plan import load
from include.pipeline.reproduce import Log

LAST = 100  # trainings that a run is told of


def with_trained(
    place: Place,
    values: Mapping[str, object],
    trained: Mapping[str, str],
    log: Log = print,
) -> dict[str, object]:
    """The values of a run, with the trainings before it; what it was given stands.

    Args:
        trained: names of values that are lists, each with DAG@VALUE: the DAG whose runs train, and
            the value that says until when one of them has seen data, as train@window.end.
            Behind a further @, the metric that says how many labels it knew, as
            train@window.end@metrics/features.json:labelled.
    """
    found = dict(values)
    for name, said in trained.items():
        if is_given(name, values):
            continue
        dag_id, until, labels = parts(said)
        held, how = before(place, name), "as this run took them before"
        if held is None:
            bring(place.repo, place.url, dag_id)
            held = trainings(past_runs(place.repo, dag_id), until, labels)
            how = f"by {dag_id}"
        log(f"{name}: {len(held)} trainings, {how}")
        found[name] = held
    return found


def is_given(name: str, values: Mapping[str, object]) -> bool:
    """Whether a run sets a value, by its own name or in a section of it."""
    if name in values:
        return True
    for section, held in values.items():
        inside = name.removeprefix(f"{section}.")
        if inside != name and isinstance(held, Mapping) and is_given(inside, held):
            return True
    return False


def parts(said: str) -> tuple[str, str, str]:
    """The DAG, the value and the metric that are named; the metric may be absent."""
    dag_id, until, labels = (*said.split("@"), "")[:3]
    return dag_id, until, labels


def trainings(runs: Iterable[PastRun], until: str, labels: str = "") -> list[dict[str, object]]:
    """The runs that trained, the first first: those of whose stages one had something to do."""
    found: list[dict[str, object]] = []
    for run in runs:
        idle = run.cost and not any(cost.ran for cost in run.cost.values())
        day = day_of(run.params.get(until))
        if day and PLAIN.fullmatch(run.name) and not idle and len(found) < LAST:
            money = together(run.cost.values()).money
            cost = None if money is None else round(money, 6)
            known = {"labels": run.metrics.get(labels)} if labels else {}
            found.append({"run": run.name, "until": day, "cost": cost, **known})
    return sorted(found, key=lambda one: (str(one["until"]), str(one["run"])))


def day_of(value: object) -> str:
    """A day as 2013-07-01; empty if a value is none: what is told of other runs is no free text."""
    try:
        return str(datetime.fromisoformat(str(value)).date())
    except ValueError:
        return ""


def before(place: Place, name: str) -> list[Any] | None:
    """What a run took before, if it was opened before, or closed."""
    if held := begun(place):
        taken = held.get(name)
        return list(taken) if isinstance(taken, list) else None
    file, keys = located(name, load(place.repo).values)
    for ref in experiments(place):
        if text := git(place.repo, "show", f"{ref}:./{file}", check=False):
            with suppress(KeyError, TypeError):  # its graph had no such value
                return list(at(parsed(file, text), keys))
    return None


def bring(repo: Path, url: str, dag_id: str) -> None:
    """Fetch the experiments of a DAG that other workers have made, if there are such workers."""
    if not url:
        return
    theirs = refs_in(repo, url, f"refs/exps/*/*/{dag_id}.*")
    ours = refs_in(repo, "", "refs/exps/*/*/*")
    new = [f"+{ref}:{ref}" for ref in theirs if ref not in ours]
    for first in range(0, len(new), 100):
        specs = new[first : first + 100]
        git(repo, "fetch", "--quiet", "--no-tags", "--", url, *specs)
