"""The page of a drift report: verdict first, then what moved, whether it hurts, and the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.monitoring.drift import Drift
from include.monitoring.drift_charts import cards, trends
from include.monitoring.drift_tables import (
    LETTERS,
    Table,
    column_rows,
    emptied_rows,
    group_tables,
    number,
    percent,
    points,
)
from include.monitoring.periods import Terms
from include.monitoring.verdict import State
from include.pages import html, small_charts

WORDS: dict[State, str] = {
    "steady": "Steady",
    "moved": "Moved",
    "hurts": "It hurts",
    "blind": "Unknown",
}
TONES: dict[State, str] = {"steady": "good", "moved": "open", "hurts": "bad", "blind": "bad"}
MOST_FACTS = 20


@dataclass(frozen=True)
class Told:
    """What the page says beyond the numbers.

    Args:
        title: what was compared.
        periods: a sentence for each period, and others of the kind.
        season: with what the period is compared, in a sentence.
        weighed: what the weights of the columns are, in a sentence.
        details: address of Evidently's own report.
        meanings: column to its meaning, for those who do not know it by name.
        headings: column of groups to its title.
    """

    title: str
    periods: Sequence[str]
    season: str
    weighed: str
    details: str
    meanings: Mapping[str, str]
    headings: Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """A number of the head of the page."""

    name: str
    value: str
    beside: str


def page(drift: Drift, terms: Terms, told: Told) -> str:
    """The report as HTML, with its charts inside."""
    state = drift.verdict.state
    facts = [small_charts.cut(fact, LETTERS) for fact in drift.facts]
    more = len(facts) - MOST_FACTS
    return html.render(
        "monitoring/drift_page.html.j2",
        drift=drift,
        limits=terms.limits,
        title=told.title,
        periods=told.periods,
        season=told.season,
        details=told.details,
        word=WORDS[state],
        tone=TONES[state],
        rows=terms.words.rows,
        outcome=terms.words.outcome,
        otherwise=terms.words.otherwise,
        figures=figures(drift, terms),
        moved=moved(drift),
        cards=cards(drift, told.meanings),
        trends=trends(drift, terms),
        groups=groups(drift, told),
        small=f"Groups of fewer than {terms.group_rows:,} {terms.words.rows} are left out.",
        facts=facts[:MOST_FACTS] + ([f"And {more:,} more, in the JSON."] if more > 0 else []),
        emptied=emptied_rows(drift.columns),
        columns=column_rows(drift.columns),
        weighed=told.weighed,
    )


def figures(drift: Drift, terms: Terms) -> list[Figure]:
    """The four numbers of the head."""
    now, reference = drift.outcomes["current"], drift.outcomes["reference"]
    unseen = drift.outcomes.get("unseen")
    weight = next(check for check in drift.checks if check.name == "drift_weighted")
    before = f"{number(unseen.auc)} on rows that the model never saw" if unseen else ""
    return [
        Figure("AUC", number(now.auc), before),
        Figure(
            "Predicted less observed",
            points(now.calibration_gap),
            f"points: {percent(now.mean_probability)} expected, {percent(now.share)} were",
        ),
        Figure(
            "Drifted, of what the model uses",
            percent(weight.value or 0.0),
            f"at most {percent(weight.limit)} may",
        ),
        Figure(
            f"Share {terms.words.outcome}",
            percent(now.share),
            f"{percent(reference.share)} in the reference",
        ),
    ]


def moved(drift: Drift) -> str:
    """How many columns drifted, and how much of what the model uses they are."""
    held = [column for column in drift.columns.values() if column.drifted]
    if not held:
        return f"None of the {len(drift.columns)} columns drifted."
    weight = percent(sum(column.weight for column in held))
    shown = f" The {len(drift.shapes)} that weigh most are shown." * (len(held) > len(drift.shapes))
    return (
        f"{len(held)} of {len(drift.columns)} columns drifted; they are {weight} of what the model "
        f"uses.{shown}"
    )


def groups(drift: Drift, told: Told) -> list[Table]:
    """A table per column of groups."""
    return [
        group_tables(told.headings.get(column, column), held)
        for column, held in drift.groups.items()
        if held
    ]
