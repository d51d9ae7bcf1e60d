"""Evidently's comparison of two tables: a statistic per column, and one page that works offline.

Evidently names its charts at random, shows numbers to the last digit, in which processors differ,
and writes values into a script as they are. All is mended here, so that the same tables give the
same bytes, and no value of a column is run as code.
"""

import itertools
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from include.monitoring.plain_columns import Kind, plain

if TYPE_CHECKING:
    import pandas
    from plotly.graph_objects import Figure

# Population stability index, and Jensen-Shannon distance with natural logarithms.
METHODS: dict[Kind, str] = {"number": "psi", "category": "jensenshannon"}
# The width of a processor's vectors decides in which order numpy sums, and so the last digits.
LONG_NUMBER = re.compile(r"-?\d+\.\d{6,}(?:e[+-]?\d+)?")
DIGITS = 12


def compare(
    reference: pl.DataFrame,
    current: pl.DataFrame,
    kinds: Mapping[str, Kind],
    thresholds: Mapping[str, float],
) -> tuple[dict[str, float], str]:
    """Compare the columns of two tables.

    Args:
        kinds: column to its kind; a column without a value in one of the tables is left out.
        thresholds: column to the statistic at which Evidently calls it drifted.

    Returns:
        Column to statistic (PSI of numbers, Jensen-Shannon distance of categories), and the page.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    kinds = {name: kind for name, kind in kinds.items() if has_values(name, reference, current)}
    pairs = [plain(kind, reference[name], current[name]) for name, kind in kinds.items()]
    shown = {pair[0].name: kind for pair, kind in zip(pairs, kinds.values(), strict=True)}
    definition = DataDefinition(
        numerical_columns=[name for name, kind in shown.items() if kind == "number"],
        categorical_columns=[name for name, kind in shown.items() if kind == "category"],
    )
    tables = [beside([pair[side] for pair in pairs]) for side in (1, 0)]
    drift = [
        ValueDrift(column=column, method=METHODS[kind], threshold=thresholds[name])
        for name, (column, kind) in zip(kinds, shown.items(), strict=True)
    ]
    with repeatable():
        datasets = [Dataset.from_pandas(table, definition) for table in tables]
        snapshot = Report(drift).run(*datasets)
        page = mended(snapshot.get_html_str(as_iframe=False))
    found = [float(metric["value"]) for metric in snapshot.dict()["metrics"]]
    return dict(zip(kinds, found, strict=True)), page


def statistic(kind: Kind, reference: pl.Series, current: pl.Series) -> float | None:
    """The number that `compare` gives for one column, without a page; None without a value.

    It is Evidently's function on the values as Evidently cleans them.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently.legacy.calculations import stattests
    from evidently.legacy.core import ColumnType

    before, now = (finite(column) for column in (reference, current))
    if before.is_empty() or now.is_empty():
        return None
    before, now = (column.to_pandas() for column in plain(kind, before, now))
    sort = ColumnType.Numerical if kind == "number" else ColumnType.Categorical
    test = stattests.get_stattest(before, now, sort, METHODS[kind])
    return float(test(before, now, sort, threshold=None).drift_score)


def finite(values: pl.Series) -> pl.Series:
    """The values that are there, and no infinite number."""
    if values.dtype.is_float():
        return values.filter(values.is_finite().fill_null(False))
    return values.drop_nulls()


def beside(columns: Iterable[pl.Series]) -> "pandas.DataFrame":
    """Columns as a table of Evidently's; booleans are numbers there."""
    return pl.DataFrame(list(columns)).cast({pl.Boolean: pl.Float64}).to_pandas()


def has_values(name: str, *tables: pl.DataFrame) -> bool:
    """Whether a column has a finite value, or a text, in every table."""
    return not any(finite(table[name]).is_empty() for table in tables)


@contextmanager
def repeatable() -> Iterator[None]:
    """Let Evidently count its charts instead of naming them at random, and draw them plainly.

    Its own command line sets the same functions (evidently/cli/ui.py). Without plotly's template,
    which is copied into every chart, the page takes a fifth less time and space. A third of the
    time goes with laying out the same empty chart again for each column, and with quantiles and
    counts of the tables that no statistic here asks for.
    """
    import plotly.io
    import uuid6
    from evidently.core import datasets
    from evidently.legacy.renderers import html_widgets
    from evidently.legacy.utils import visualizations

    numbers = itertools.count(1)

    def next_id() -> uuid.UUID:
        return uuid.UUID(int=next(numbers))

    new: list[tuple[object, str, object]] = [
        (uuid, "uuid4", next_id),
        (uuid6, "uuid7", next_id),
        (html_widgets, "uuid7", next_id),
        (plotly.io.templates, "default", None),
        (datasets, "_collect_numerical_stats", lambda column: None),
        (datasets, "_collect_categorical_stats", lambda column: None),
        (visualizations, "make_subplots", laid_out_once(visualizations.make_subplots)),
    ]
    held = [getattr(place, name) for place, name, _ in new]
    try:
        for place, name, value in new:
            setattr(place, name, value)
        yield
    finally:
        for (place, name, _), value in zip(new, held, strict=True):
            setattr(place, name, value)


def laid_out_once(make: Callable[..., "Figure"]) -> Callable[..., "Figure"]:
    """The function, with a copy for those who ask for the same again."""
    from plotly.graph_objects import Figure

    made: dict[str, Figure] = {}

    def copied(**wanted: object) -> Figure:
        key = repr(sorted(wanted.items()))
        if key not in made:
            made[key] = make(**wanted)
        figure = Figure(made[key])
        # Where each trace goes; nobody writes into it.
        figure._grid_ref = made[key]._grid_ref  # plotly copies all but this
        return figure

    return copied


def mended(page: str) -> str:
    """Evidently's page with data that are safe in a script, and the same on every machine.

    The data are two lines of JSON. There < stands inside texts only: as an escape, it cannot end
    the script that it is in.
    """
    lines = page.split("\n")
    return "\n".join(
        LONG_NUMBER.sub(rounded, line).replace("<", "\\u003c")
        if line.startswith(("    var metric_", "    var additional_graphs_metric_"))
        else line
        for line in lines
    )


def rounded(number: re.Match[str]) -> str:
    """A number without its last digits."""
    return f"{float(number[0]):.{DIGITS}g}"
