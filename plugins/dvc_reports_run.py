"""What the page of one run shows: what each task says, what changed, and what it cost."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dvc_reports_list import address, entry, title
from dvc_reports_numbers import short, weight
from dvc_reports_runs import Seen, maker, published, repo_of
from dvc_reports_windows import windows_of

from include.errors import PlatformError
from include.pages.runs.content import Change, Changes, CostTable, Figure, Link, RunPage, Topic
from include.pages.runs.trend import number
from include.pipeline.changes import Locked, changed, locked, made_anew, sources
from include.pipeline.workspace import reports_of

if TYPE_CHECKING:
    from include.pipeline.cost import Cost


TABS = 12  # beside the summary, which has all reports


def run_page(
    run: Seen, before: Seen | None, home: Path, ticket: str, task_id: str = "", show: str = ""
) -> RunPage:
    """The page of a run, or one of its reports in a frame.

    Args:
        before: the run to compare it with.
        ticket: what opens its reports.
        task_id: the task whose part is shown; empty for all.
        show: the report.
    """
    run = replace(run, card=published(home, run))
    place = {"dag_id": run.dag_id, "run_id": run.run_id}
    place |= {"task_id": task_id} if task_id else {}
    paths = paths_of(run, home, task_id)
    show = show if show in paths else ""
    tabs = [Link("summary", address("run", **place), here=not show)]
    pages = [path for path in paths if path.endswith(".html")][:TABS]
    shown = pages if show in ("", *pages) else [*pages, show]
    tabs += [Link(title(p), address("run", **place, show=p), here=p == show) for p in shown]
    if show:
        framed = Link(title(show), f"./~/{ticket}/{quote(show)}")
        return RunPage(entry(run, home), tabs, shown=framed)
    windows, drawn = windows_of(reports_of(home, run.dag_id, run.run_id), paths)
    links = {path: Link(path, address("run", **place, show=path)) for path in paths}
    costs = run.past.cost if run.past else {}
    return RunPage(
        entry(run, home),
        tabs,
        windows,
        drawn,
        topics=topics(run, before, links, task_id),
        changes=None if task_id else changes(run, before),
        cost=cost_table({n: c for n, c in costs.items() if task_id in ("", n)}),
    )


def paths_of(run: Seen, home: Path, task_id: str = "") -> list[str]:
    """The reports of a run, or of one of its tasks."""
    held = replace(run, card=published(home, run))
    return [path for path in held.reports if task_id in ("", maker(held, path))]


def topics(run: Seen, before: Seen | None, links: dict[str, Link], task_id: str) -> list[Topic]:
    """What each task of a run says: those with a verdict first, then those with a page."""
    files = [*links, *(name.partition(":")[0] for name in run.metrics)]
    tasks = dict.fromkeys(maker(run, path) for path in files)
    found = [topic(run, before, links, task) for task in tasks if task_id in ("", task)]
    pages = {one.task: any(link.text.endswith(".html") for link in one.reports) for one in found}
    return sorted(found, key=lambda one: (not one.told, not pages[one.task]))


def topic(run: Seen, before: Seen | None, links: dict[str, Link], task: str) -> Topic:
    """What one task of a run says."""
    reports = [link for path, link in links.items() if maker(run, path) == task]
    told = any(maker(run, found.report) == task for found in run.findings)
    numbers = figures(run, before, task)
    names = sorted((link.text for link in reports), key=lambda p: p.endswith("/index.html"))
    name = title(names[0]) if names else task.replace("_", " ") or "numbers"
    return Topic(name, task, told, numbers, reports)


def figures(run: Seen, before: Seen | None, task: str) -> list[Figure]:
    """The numbers of a task, beside those of the run before."""
    old = before.metrics if before else {}
    names = [name for name in run.metrics if maker(run, name.partition(":")[0]) == task]
    return [figure(name, run.metrics[name], old.get(name)) for name in sorted(names, key=weight)]


def figure(name: str, value: float, was: float | None) -> Figure:
    """A number, as it was and as it is."""
    if was is None:
        return Figure(short(name), number(value))
    sign = "+" if value > was else "−"
    change = "same" if value == was else f"{sign}{number(abs(value - was))}"
    return Figure(short(name), number(value), number(was), change)


def changes(run: Seen, before: Seen | None) -> Changes:
    """What is not as it was in the run before."""
    if before is None or before.past is None or run.past is None:
        return Changes()
    link = Link(before.run_id, address("run", dag_id=before.dag_id, run_id=before.run_id))
    params = changed(before.past.params, run.past.params)
    repo, commits = repo_of(run.card), (before.past.commit, run.past.commit)
    try:
        old, new = (locked(repo, commit) if repo else Locked() for commit in commits)
    except PlatformError:
        old = new = Locked()  # a repository that is not whole
    return Changes(
        link,
        [Change(name, told(old_), told(new_)) for name, (old_, new_) in params.items()],
        [Change(name, *pair) for name, pair in sources(old, new).items()],
        made_anew(old, new),
    )


def told(value: object) -> str:
    """A value of params as a person reads it."""
    return "-" if value is None else str(value)


def cost_table(costs: "dict[str, Cost]") -> CostTable | None:
    """What the stages of a run took; None where nothing was measured."""
    from include.pipeline.cost import together

    if not costs:
        return None
    rows = [(name, cost) for name, cost in costs.items()] + [("all", together(costs.values()))]
    columns = ("stage", "seconds", "CPU s", "GPU s", "peak GB", "GB in", "GB out", "Wh", "money")
    return CostTable(columns, [[name, *measured(cost)] for name, cost in rows])


def measured(cost: "Cost") -> Sequence[str]:
    """The cells of what a stage took."""
    sizes = (cost.bytes_in / 1e9, cost.bytes_out / 1e9)
    found = (cost.wall_s, cost.cpu_s, cost.gpu_s, cost.peak_gb, *sizes, cost.energy_wh, cost.money)
    return ["-" if value is None else number(round(value, 4)) for value in found]
