"""The trainings before a run, as a value of it: which, until when they saw data, and which is live.

A run takes them once, as it takes what is live: tried again, or cleared after it was closed, it has
those that it had, so that what it decides by them can be replayed.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.errors import ParamsError, at_most_ten, did_you_mean
from include.pipeline.apart import Place
from include.pipeline.cost import together
from include.pipeline.git.command import git
from include.pipeline.history import PastRun, past_runs
from include.pipeline.names import PLAIN
from include.pipeline.opening.live import begun, experiments, parsed
from include.pipeline.params_file import at, located
from include.pipeline.past.fetching import fetch_experiments
from include.pipeline.plan import load
from include.pipeline.registry.pinned import NONE
from include.pipeline.reproduce import Log

LAST = 100  # trainings that a run is told of


@dataclass(frozen=True)
class Trains:
    """What trainings are, and what a run is told of them."""

    dag_id: str
    until: str  # the value that says until when a run has seen data
    labels: str = ""  # the metric that says how many labels it knew; empty: that is not told
    stages: tuple[str, ...] = ()  # that train; none: any stage of the DAG
    cost: bool = False  # whether its cost is told, which is another one in each clone

    @classmethod
    def said(cls, text: str) -> "Trains":
        """As DAG@VALUE@FILE:METRIC@STAGE,STAGE@cost says it; what is last may be left out.

        Raises:
            ParamsError: the text says something else.
        """
        dag_id, until, labels, stages, cost, *more = (*text.split("@"), "", "", "", "")[:6]
        if not dag_id or not until or cost not in ("", "cost") or any(more):
            what = f"trained says {text!r}, which is not DAG@VALUE@FILE:METRIC@STAGE,STAGE@cost."
            raise ParamsError(what, "see docs/retraining.md; what is last may be left out.")
        return cls(dag_id, until, labels, tuple(filter(None, stages.split(","))), bool(cost))

    def trained(self, run: PastRun) -> bool:
        """Whether one of the stages had something to do; of a run not measured nobody knows."""
        told = [cost for stage, cost in run.cost.items() if self.trains(stage)]
        return not run.cost or any(cost.ran for cost in told)

    def trains(self, stage: str) -> bool:
        """Whether a stage is one of those; of one that is foreach, all its parts are."""
        return not self.stages or stage in self.stages or stage.partition("@")[0] in self.stages

    def more(self, run: PastRun) -> dict[str, object]:
        """What is told of a training beside its name and day."""
        held: dict[str, object] = {"labels": run.metrics.get(self.labels)} if self.labels else {}
        if self.cost:
            money = together(run.cost.values()).money
            held["cost"] = None if money is None else round(money, 6)
        return held

    def see_that_known(self, stages: Collection[str]) -> None:
        """Raise an error if it names a stage that the graph has not: nothing would be a training.

        Raises:
            ParamsError: it does.
        """
        known = {*stages, *(stage.partition("@")[0] for stage in stages)}
        for stage in self.stages:
            if stage not in known:
                hint = did_you_mean(stage, known)
                what = f"trained names the stage {stage!r}, which dvc.yaml has not.{hint}"
                raise ParamsError(what, f"name stages that train: {at_most_ten(sorted(known))}.")


def with_trained(
    place: Place,
    values: Mapping[str, object],
    trained: Mapping[str, str],
    log: Log = print,
    live: Collection[str] = (),
) -> dict[str, object]:
    """The values of a run, with the trainings before it; what it was given stands.

    Args:
        trained: names of values that are lists, each with a text that `Trains.said` reads.
        live: sections of the values with the version that the run takes for live, and its commit.
    """
    found = dict(values)
    for name, said in trained.items():
        if is_given(name, values):
            continue
        rule = Trains.said(said)
        rule.see_that_known([stage.name for stage in load(place.repo).stages])
        held, how = before(place, name), "as this run took them before"
        if held is None:
            fetch_experiments(place.repo, place.url)
            commits = {str(values.get(f"{section}.commit", NONE)) for section in live} - {NONE}
            held = trainings(past_runs(place.repo, rule.dag_id), rule, commits)
            how = f"by {rule.dag_id}"
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


def trainings(
    runs: Iterable[PastRun], rule: Trains, live: Collection[str] = ()
) -> list[dict[str, object]]:
    """The runs that trained, the first first.

    Args:
        live: the commits of what is live, if anything is. That may be of a run that found its model
            in the cache: the training that has seen the same days is the live one, and where there
            is none the run itself stands for it.
    """
    dated = [(run, day_of(run.params.get(rule.until))) for run in runs]
    held = [(run, day) for run, day in dated if day and PLAIN.fullmatch(run.name)]
    seen = {day: run for run, day in held if run.commit in live}
    made = [(run, day) for run, day in held if rule.trained(run)][:LAST]
    made += [(run, day) for day, run in seen.items() if day not in {day for _, day in made}]
    found = [{"run": run.name, "until": day, **rule.more(run)} for run, day in made]
    if seen:
        found = [{**one, "live": one["until"] in seen} for one in found]
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
