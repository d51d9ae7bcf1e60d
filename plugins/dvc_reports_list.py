"""What the list of runs shows: the newest of each DAG, trends, and the runs by pages."""

import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlencode

from dvc_reports_numbers import key_figures, trends
from dvc_reports_runs import Seen, moment, published

from include.pages.runs.content import Entry, Filters, Link, RunList, Verdict
from include.pages.runs.trend import number
from include.pipeline.closing.card import Finding, worst_first

ON_A_PAGE = 50  # runs
TRENDS = 6  # that are drawn unasked
LINKS = 12  # to reports, in a line


def run_list(
    runs: Sequence[Seen], home: Path, filters: Filters, page: int = 1, whole: bool = False
) -> RunList:
    """A page of runs; the first also has the newest of each DAG, and the trends of one.

    Args:
        whole: whether all numbers are drawn.
    """
    kept = [run for run in runs if fits(run, filters)]
    begin = (page - 1) * ON_A_PAGE
    drawn = trends(kept, filters.task_id) if page == 1 and of_one_dag(kept) else []
    left_out = 0 if whole else len(drawn[TRENDS:])
    told = ", ".join(filter(None, (filters.dag_id, filters.task_id)))
    return RunList(
        title=f"Reports of {told}" if told else "Reports",
        action=address(""),
        filters=filters,
        newest=[entry(run, home) for run in newest(runs)] if page == 1 else (),
        entries=[entry(run, home) for run in kept[begin : begin + ON_A_PAGE]],
        trends=drawn if whole else drawn[:TRENDS],
        more=all_trends(filters, len(drawn)) if left_out else None,
        count=len(kept),
        first=begin + 1,
        pages=pages(filters, page, len(kept)),
    )


def fits(run: Seen, filters: Filters) -> bool:
    """Whether a run is asked for."""
    since, until = filters.since or run.day, filters.until or run.day
    return since <= run.day <= until and filters.state in ("", state_of(run))


def state_of(run: Seen) -> str:
    """What a run is found by: the verdict of its reports if it ended well, else Airflow's own word.

    One that was cleared, or that failed once it was closed, has a verdict of a try before.
    """
    found = worst_first(run.findings) if run.state == "success" else []
    return found[0].state if found else run.state


def of_one_dag(runs: Sequence[Seen]) -> bool:
    """Whether runs can be compared."""
    return len({run.dag_id for run in runs}) == 1


def newest(runs: Sequence[Seen]) -> list[Seen]:
    """What each DAG is headed by."""
    found: dict[str, list[Seen]] = {}
    for run in runs:
        found.setdefault(run.dag_id, []).append(run)
    return [run for own in found.values() for run in heads(own)]


def heads(runs: Sequence[Seen]) -> list[Seen]:
    """The newest run of a DAG with a verdict, or else with reports; before it a later failed one.

    Runs that have not ended yet say nothing.
    """
    last = next((run for run in runs if run.state in ("success", "failed")), None)
    told = next((run for run in runs if run.findings and run.state == "success"), None)
    told = told or next((run for run in runs if run.card), None)
    failed = last if last and last.state == "failed" else None
    return [run for run in (failed, told if told is not failed else None) if run]


def entry(run: Seen, home: Path) -> Entry:
    """A run as a line."""
    card, place = published(home, run), {"dag_id": run.dag_id, "run_id": run.run_id}
    pages = [path for path in card.reports if path.endswith(".html")]
    return Entry(
        dag=Link(run.dag_id, address("", dag_id=run.dag_id)),
        run=Link(run.run_id, address("run", **place)),
        when=moment(run.when),
        window=run.window,
        outcome=run.state,
        verdicts=[verdict_of(found, pages, place) for found in worst_first(card.findings)],
        figures=[(name, number(value)) for name, value in key_figures(run.metrics)],
        reports=[Link(title(p), address("run", **place, show=p)) for p in pages[:LINKS]],
    )


def verdict_of(found: Finding, pages: Sequence[str], run: dict[str, str]) -> Verdict:
    """What a report of a run comes to, and where to read it: its page, if it has one."""
    page = str(PurePosixPath(found.report).with_suffix(".html"))
    shown = page if page in pages else found.report
    source = Link(title(shown), address("run", **run, show=shown))
    return Verdict(found.state, found.sentence, found.to_do, source)


def all_trends(filters: Filters, count: int) -> Link:
    """Where all trends are drawn."""
    return Link(f"all {count} numbers", address("", **asked(filters), whole="1"))


def pages(filters: Filters, page: int, count: int) -> list[Link]:
    """Links to the first page, the last, and those around this one."""
    last = max(math.ceil(count / ON_A_PAGE), 1)
    near = range(max(page - 2, 1), min(page + 2, last) + 1)
    shown = sorted({1, last, *near}) if last > 1 else []
    held = asked(filters)
    return [Link(str(n), address("", **held, page=str(n)), here=n == page) for n in shown]


def asked(filters: Filters) -> dict[str, str]:
    """The filters as they stand in an address."""
    names = ("dag_id", "task_id", "since", "until", "state")
    return {name: value for name in names if (value := getattr(filters, name))}


def address(place: str, **query: str) -> str:
    """The address of a page, as all pages of ours have it: they lie beside each other."""
    found = urlencode(query, quote_via=quote)
    return f"./{place}?{found}" if found else f"./{place}"


def title(path: str) -> str:
    """What a report is called: its name, or that of its set of pages."""
    found = PurePosixPath(path)
    name = found.parent.name if found.name == "index.html" and found.parent.name else found.stem
    return name.replace("_", " ")
