"""Whether a period still looks like the one that the model was trained on, and whether it hurts.

Columns that drift are no reason alone to retrain: seasons move them every month. So each counts by
what the model uses of it, and the verdict asks how the model did on the rows whose outcome is
known by now.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from include.errors import DataError
from include.monitoring import comparison, contents, groups, trends
from include.monitoring.comparison import METHODS
from include.monitoring.contents import Contents
from include.monitoring.drift_checks import checks_of
from include.monitoring.drift_limits import Check, Column, rounded
from include.monitoring.groups import Group
from include.monitoring.outcomes import Outcomes, measure
from include.monitoring.periods import Periods, Terms
from include.monitoring.plain_columns import Kind
from include.monitoring.shapes import Shape, shape_of
from include.monitoring.trends import Point, threshold
from include.monitoring.verdict import Verdict, verdict
from include.monitoring.weights import shares

INPUTS = {"drift_weighted", "unknown_share"}  # checks of what the model sees
MOST_SHAPES = 24  # more charts than these nobody looks at


@dataclass(frozen=True)
class Drift:
    """How far every column moved, how the model did, what fails, and what it comes to."""

    columns: dict[str, Column]
    outcomes: dict[str, Outcomes]  # of current, reference, and unseen
    checks: list[Check]
    points: list[Point]
    groups: dict[str, list[Group]]
    facts: list[str]
    shapes: dict[str, Shape]  # of the columns that drifted

    @property
    def verdict(self) -> Verdict:
        """One state, one sentence, one thing to do."""
        return verdict(self.checks)

    @property
    def alarm(self) -> bool:
        """Whether the model is hurt, nobody can tell, or what it uses is not as it was.

        Predictions and outcomes that moved are no alarm: a model that is right of a rough month
        expects more than of a calm one.
        """
        failed = {check.name for check in self.checks if not check.passed}
        return self.verdict.state in ("hurts", "blind") or bool(failed & INPUTS)

    @property
    def reasons(self) -> list[str]:
        """Why the period is not steady, one sentence a failed check; none if it is."""
        return [check.reason for check in self.checks if not check.passed]

    def as_json(self) -> dict[str, object]:
        """The verdict, each check and each column."""
        drifted = [name for name, column in self.columns.items() if column.drifted]
        return {
            "verdict": {**asdict(self.verdict), "drifted": self.alarm},
            "reasons": self.reasons,
            "checks": [asdict(check) for check in self.checks],
            "facts": self.facts,
            "outcomes": {name: held.as_json() for name, held in self.outcomes.items()},
            "summary": {"columns": len(self.columns), "drifted_columns": len(drifted)},
            "columns": {
                name: {**asdict(column), "drifted": column.drifted}
                for name, column in self.columns.items()
            },
            "months": [point.as_json() for point in self.points],
            "groups": groups.as_json(self.groups),
        }

    def as_metrics(self) -> dict[str, float | None]:
        """A few flat numbers: drifted is 1 or 0, and so is hurts, also where nobody can tell."""
        drifted = sum(column.drifted for column in self.columns.values())
        return {
            "drifted": int(self.alarm),
            "hurts": int(self.verdict.state in ("hurts", "blind")),
            "drifted_columns_share": rounded(drifted / len(self.columns)),
            **{check.name: check.value for check in self.checks},
            "log_loss": self.outcomes["current"].log_loss,
            "log_loss_saved": self.outcomes["current"].log_loss_saved,
        }


def score(periods: Periods, terms: Terms) -> tuple[Drift, str]:
    """Compare two periods, and hold every number against its limit.

    Returns:
        The numbers, and Evidently's page of charts.

    Raises:
        DataError: a period has no row or lacks a column, or a score or an outcome is missing.
    """
    kinds, words = terms.kinds, terms.words
    before, now = counted(periods, terms)
    learned = periods.learned or before
    told = {name: measure(name, part.outcomes, words) for name, part in periods.named().items()}
    statistics, page = compared(periods, terms)
    weights = shares(terms.weights, kinds)
    columns = {
        name: judge(kind, statistics.get(name), (before[name], now[name]), terms, weights[name])
        for name, kind in kinds.items()
    }
    points = trended(periods, columns, told["current"], weights, terms)
    columns = {
        name: replace(column, since=trends.since(name, points)) if column.drifted else column
        for name, column in columns.items()
    }
    psi = rounded(statistics[words.score])
    drift = Drift(
        columns=columns,
        outcomes=told,
        checks=checks_of(columns, unknown(kinds, learned, now), psi, told, terms.limits, words),
        points=points,
        groups=grouped(periods, terms),
        facts=contents.facts(before, now, learned),
        shapes=shapes_of(columns, periods),
    )
    return drift, page


def counted(
    periods: Periods, terms: Terms
) -> tuple[Mapping[str, Contents], Mapping[str, Contents]]:
    """What is in the columns of the reference and of the current period."""
    for part in (periods.reference, periods.current, *periods.months):
        contents.check_columns(part.name, part.sample.columns, [*terms.kinds, terms.words.score])
    if periods.counted:
        return periods.counted
    return (
        contents.count("reference", periods.reference.sample.lazy(), terms.kinds),
        contents.count("current", periods.current.sample.lazy(), terms.kinds),
    )


def compared(periods: Periods, terms: Terms) -> tuple[dict[str, float], str]:
    """Evidently's statistics of the columns and of the score, and its page."""
    words, limits = terms.words, terms.limits
    thresholds = {name: threshold(kind, limits) for name, kind in terms.kinds.items()}
    reference, current = periods.reference.sample, periods.current.sample
    for name, table in (("reference", reference), ("current", current)):
        if comparison.finite(table[words.score]).is_empty():
            what = f"The sample of the {name} period has no value of {words.score!r}."
            raise DataError(what, "score its rows, or draw more of them.")
    return comparison.compare(
        reference,
        current,
        {words.score: "number", **terms.kinds},
        {words.score: limits.prediction_psi_max, **thresholds},
    )


def judge(
    kind: Kind,
    statistic: float | None,
    held: tuple[Contents, Contents],
    terms: Terms,
    weight: float,
) -> Column:
    """Hold one column's statistic, and its shares of empty values, against their limits."""
    before, now = held
    return Column(
        kind=kind,
        method=METHODS[kind],
        statistic=None if statistic is None else rounded(statistic),
        threshold=threshold(kind, terms.limits),
        empty_share_reference=rounded(before.empty_share),
        empty_share_current=rounded(now.empty_share),
        empty_share_threshold=terms.limits.empty_share_change,
        weight=rounded(weight),
    )


def trended(
    periods: Periods,
    columns: Mapping[str, Column],
    outcomes: Outcomes,
    weights: Mapping[str, float],
    terms: Terms,
) -> list[Point]:
    """The periods of the window, with what is known of the current one by now."""
    moved = {name: held.severity for name, held in columns.items()}
    known = {periods.current.name: (moved, outcomes)}
    reference = periods.reference.sample
    return trends.trend(
        periods.months, reference, known, terms.kinds, terms.limits, weights, terms.words
    )


def unknown(
    kinds: Mapping[str, Kind], learned: Mapping[str, Contents], now: Mapping[str, Contents]
) -> dict[str, float]:
    """Category to the share of the current rows whose value the model does not know."""
    names = [name for name, kind in kinds.items() if kind == "category"]
    return {name: contents.new_share(learned[name], now[name]) for name in names}


def grouped(periods: Periods, terms: Terms) -> dict[str, list[Group]]:
    """How the model does for each group."""
    now = periods.current.outcomes
    before = periods.unseen.outcomes if periods.unseen else None
    for name, part in periods.named().items():
        contents.check_columns(name, part.outcomes.columns, terms.grouped)
    return {
        column: groups.groups_of(column, now, before, terms.words, terms.group_rows)
        for column in terms.grouped
    }


def shapes_of(columns: Mapping[str, Column], periods: Periods) -> dict[str, Shape]:
    """The shapes of the columns that drifted, those that weigh most first."""
    drifted = [name for name, column in columns.items() if column.drifted]
    drifted.sort(key=lambda name: (-columns[name].weight, -columns[name].severity, name))
    reference, current = periods.reference.sample, periods.current.sample
    found = {
        name: shape_of(columns[name].kind, reference[name], current[name])
        for name in drifted[:MOST_SHAPES]
    }
    return {name: shape for name, shape in found.items() if shape}
