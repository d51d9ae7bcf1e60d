"""Months of parcels, made up so that seasons move them, with a model whose probabilities hold."""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from include.monitoring import watch
from include.monitoring.drift_limits import Check
from include.monitoring.plain_columns import Kind
from include.monitoring.service import Replies, Service
from include.monitoring.watch import Facts, Sampling
from include.monitoring.watch_checks import failed
from include.monitoring.watch_limits import Hurting, Looking, Serving, WatchLimits
from include.monitoring.watch_verdict import Judged, judge
from include.monitoring.windows import Names, Window

ROWS = 6000
FIRMS = {"AA": 0.4, "BB": 0.3, "CC": 0.2, "DD": 0.07, "VX": 0.03}
CITIES = {f"C{number:02}": 1 / 16 for number in range(16)}
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("distance", "seats", "temp", "queue", "rain"), "number"),
    **dict.fromkeys(("firm", "city"), "category"),
}
KNOWN = {"firm": frozenset(FIRMS), "city": frozenset(CITIES)}
NAMES = Names(
    rows="parcels",
    id="id",
    day="day",
    score="probability",
    outcome="late",
    model="model",
    groups=("firm", "city"),
    known=KNOWN,
)
SAMPLING = Sampling(rows=3000, seed=7)
WEIGHTS = dict.fromkeys(KINDS, 1 / len(KINDS))
LIMITS = WatchLimits(
    looking=Looking(
        jump_times=10,
        jump_psi=5,
        usual_least=0.02,
        drifted_psi=0.2,
        drifted_distance=0.1,
        drift_weighted_max=0.8,
        prediction_psi_max=1,
        category_share=0.01,
        empty_share_change=0.2,
        explained_least=0.3,
        explained_kept=0.15,
        unknown_share_max=0.02,
    ),
    hurting=Hurting(
        labelled_share_min=0.95,
        auc_min=0.6,
        auc_shortfall_max=0.06,
        calibration_gap_max=0.06,
        group_gap_max=0.12,
        group_rows=100,
    ),
    serving=Serving(
        stale_share_max=0.05, lacking_share_max=0.5, error_rate_max=0.01, latency_p99_ms_max=250
    ),
)
Change = Callable[[pl.DataFrame], pl.DataFrame]


def window_of(month: int) -> Window:
    return Window(date(2013, month, 1), date(2013 + month // 12, month % 12 + 1, 1))


def parcels(month: int, rows: int = ROWS) -> pl.DataFrame:
    """The parcels of a month of 2013, always the same."""
    draw = np.random.default_rng(month)
    firm = draw.choice(list(FIRMS), rows, p=list(FIRMS.values()))
    city = draw.choice(list(CITIES), rows)
    size = np.select([firm == name for name in FIRMS], [50, 120, 180, 250, 320])
    place = np.array([int(name[1:]) for name in city])
    temp = 55 - 25 * np.cos(2 * np.pi * (month - 0.5) / 12) + draw.normal(0, 9, rows)
    queue = draw.gamma(2, 5, rows) * (1.2 + 0.4 * np.sin(month))
    late = 1 / (1 + np.exp(-(-2.2 + queue / 12 + (place % 4 - 1.5) / 4)))
    return pl.DataFrame(
        {
            "id": [f"{month}-{row}" for row in range(rows)],
            "day": [date(2013, month, 1 + row % 28) for row in range(rows)],
            "distance": 100.0 + 150 * place + draw.normal(0, 20, rows),
            "seats": size + draw.normal(0, 15, rows),
            "temp": temp,
            "queue": queue,
            "rain": np.where(draw.random(rows) < 0.8, 0.0, draw.gamma(1, 0.2, rows)),
            "firm": firm,
            "city": city,
            "probability": late,
            "late": draw.random(rows) < late,
            "model": "v0.0.1",
        }
    )


def facts_of(
    month: int,
    now: pl.DataFrame,
    before: pl.DataFrame | None,
    service: Service | None = None,
    replies: Replies | None = None,
) -> Facts:
    """What is measured of a month."""
    window, then = window_of(month), None if before is None else before.lazy()
    return Facts(
        start=window.start,
        end=window.end,
        looks=watch.looks(then, now.lazy(), KINDS, SAMPLING),
        scored=watch.scored(now.lazy(), then, window, NAMES, SAMPLING, LIMITS.hurting.group_rows),
        service=service,
        replies=replies,
    )


def year(months_of_it: int = 12) -> list[Facts]:
    """The facts of the first months of a year in which nothing befell."""
    months = [parcels(month) for month in range(1, months_of_it + 1)]
    return [
        facts_of(month, now, months[month - 2] if month > 1 else None)
        for month, now in enumerate(months, 1)
    ]


def judged(facts: list[Facts]) -> list[Judged]:
    return judge(facts, KINDS, WEIGHTS, LIMITS, rows="parcels")


def alarms(one: Judged) -> dict[str, str]:
    """The names of the alarms, each with its sentence."""
    held: list[Check] = failed(one.checks)
    return {check.name: check.reason for check in held}
