"""Stage show_flowers: a page with the flowers and the rule."""

import json
from pathlib import Path

import polars as pl

from include import step
from include.pages import charts
from include.step import Out


def show_flowers(flowers: Path, rule: Path, page: Out) -> None:
    """Draw the lengths of both kinds in order, and the length at which the rule decides."""
    limit = float(json.loads(rule.read_text())["from_cm"])
    table = pl.read_csv(flowers).sort("petal_cm")
    drawn = [charts.Line("ideal", [(0, limit), (100, limit)])]
    for style, part in (
        ("main", table.filter("virginica")),
        ("plain", table.remove("virginica")),
    ):
        drawn.append(charts.Line(style, list(enumerate(part["petal_cm"].to_list()))))
    x = charts.Axis("flowers", 0, 100, range(0, 101, 20), str)
    y = charts.Axis("petal, cm", 0, 7, range(8), str)
    page.write_text(f"<title>Flowers</title>{charts.lines('Lengths of petals', x, y, drawn)}\n")


if __name__ == "__main__":
    raise SystemExit(step.run(show_flowers))
