"""Which numbers of a run to read first, and how they went over the runs."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from dvc_reports_runs import Seen, maker

from include.pages.runs.trend import Trend

IN_A_TREND = 200  # newest runs
FIGURES = 4  # in a line of the list
# The numbers to read first, and the files to take them from.
FIRST = ("auc", "auc_estimated", "accuracy", "f1", "rmse", "mae", "r2", "log_loss", "loss")
TELLING = ("watch", "drift", "evaluation")


def key_figures(metrics: Mapping[str, float]) -> list[tuple[str, float]]:
    """The few numbers to read first, by their short names."""
    found: dict[str, float] = {}
    for name in sorted(metrics, key=weight):
        found.setdefault(short(name), metrics[name])
    return list(found.items())[:FIGURES]


@lru_cache(maxsize=10_000)  # each name is asked for in each run
def weight(name: str) -> tuple[int, int, int]:
    """Where a number stands among others: small is first."""
    inner = short(name)
    stem = file_of(name).rpartition("/")[2].partition(".")[0]
    known = FIRST.index(inner) if inner in FIRST else len(FIRST)
    telling = TELLING.index(stem) if stem in TELLING else len(TELLING)
    return known, telling, inner.count(".")


def short(name: str) -> str:
    """The name of a number without that of its file."""
    return name.partition(":")[2] or name


def file_of(name: str) -> str:
    """The file of a number."""
    return name.partition(":")[0]


def trends(runs: Sequence[Seen], task_id: str = "") -> list[Trend]:
    """The numbers of the newest run over all of them; what moves alike in two files is drawn once.

    Args:
        runs: of one DAG, the newest first.
        task_id: the task that made the numbers; empty for all.
    """
    measured = [run for run in reversed(runs[:IN_A_TREND]) if run.metrics]
    if not measured:
        return []
    newest, days = measured[-1], [run.day for run in measured]
    found: dict[tuple[object, ...], Trend] = {}
    for name in sorted(newest.metrics, key=weight):
        if not task_id or maker(newest, file_of(name)) == task_id:
            values = [run.metrics.get(name) for run in measured]
            trend = Trend(short(name), days, values, file_of(name))
            moves = len(set(values)) > 1  # what never moved may do so in one file and not another
            found.setdefault((trend.name, *values) if moves else (name,), trend)
    return [*found.values()]
