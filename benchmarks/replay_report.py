"""What a replayed year says: a table and a picture, for the README."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from include.pages.charts import Axis, Line, lines

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "docs/replay.svg"
BEGIN, END = "<!-- replay: by make replay -->", "<!-- end of replay -->"
NAMES = {"never": "never again", "always": "each month", "policy": "by the policy"}
STYLE = """<style>
svg { background: #fff; font: 13px system-ui, sans-serif }
text { fill: #333 } .grid { stroke: #e3e3e3 } .axis { stroke: #888 }
.line { fill: none; stroke-width: 2.5 }
.line.never { stroke: #b4442f } .line.always { stroke: #8a8a8a; stroke-dasharray: 5 4 }
.line.policy { stroke: #1b6ca8 }
.dot.never { fill: #b4442f } .dot.always { fill: #8a8a8a } .dot.policy { fill: #1b6ca8 }
text.never { fill: #b4442f } text.always { fill: #666 } text.policy { fill: #1b6ca8 }
</style>"""
Lived = Mapping[str, Sequence[Mapping[str, Any]]]


def write(lived: Lived) -> None:
    """Put the table into the README, and the picture beside the docs."""
    PICTURE.write_text(picture(lived))
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    shown = f"![AUC of each month: {', '.join(NAMES.values())}](docs/{PICTURE.name})"
    parts = (BEGIN, shown, table(lived), sentence(lived), END)
    README.write_text(before + "\n\n".join(parts) + after)


def table(lived: Lived) -> str:
    """The AUC of each month by each way; bold where a model had just gone live."""
    rows = [
        "| AUC in | " + " | ".join(NAMES[way] for way in lived) + " |",
        "|---|" + "---|" * len(lived),
    ]
    for number, month in enumerate(next(iter(lived.values()))):
        cells = [cell(months, number) for months in lived.values()]
        rows.append(f"| {month['month']} | {' | '.join(cells)} |")
    rows.append("| mean | " + " | ".join(f"{mean(months):.3f}" for months in lived.values()) + " |")
    counts = (f"{live(months)} of {trained(months)}" for months in lived.values())
    rows.append("| trainings that went live | " + " | ".join(counts) + " |")
    return "\n".join(rows)


def cell(months: Sequence[Mapping[str, Any]], number: int) -> str:
    """The AUC of a month, bold if its model is not that of the month before."""
    auc = months[number]["auc"]
    if auc is None:
        return "-"
    new = number and months[number]["model"] != months[number - 1]["model"]
    return f"**{auc:.3f}**" if new else f"{auc:.3f}"


def sentence(lived: Lived) -> str:
    """What the policy regained, and for how many trainings."""
    never, always, policy = (mean(lived[way]) for way in ("never", "always", "policy"))
    few, many = trained(lived["policy"]), trained(lived["always"])
    if always <= never:
        return f"To train each month gains nothing here ({always - never:+.4f} AUC in the mean)."
    share = (policy - never) / (always - never)
    return (
        f"Bold: a new model had gone live. The policy regains {share:.0%} of what training each "
        f"month gains ({always - never:+.4f} AUC in the mean), by {few} trainings of {many}."
    )


def mean(months: Sequence[Mapping[str, Any]]) -> float:
    """The mean AUC of the months that have one."""
    found = [month["auc"] for month in months if month["auc"] is not None]
    return sum(found) / len(found)


def trained(months: Sequence[Mapping[str, Any]]) -> int:
    """How often a model was trained that a later month could have used."""
    return sum(month["trained"] for month in months)


def live(months: Sequence[Mapping[str, Any]]) -> int:
    """How many of them went live."""
    return sum(month["promoted"] is not None for month in months)


def picture(lived: Lived) -> str:
    """The AUC of the months as lines."""
    months = [month["month"] for month in next(iter(lived.values()))]
    found = [month["auc"] for way in lived.values() for month in way if month["auc"] is not None]
    low, high = int(min(found) * 100 - 1) / 100, int(max(found) * 100 + 2) / 100
    ticks = [low + step / 100 for step in range(round((high - low) * 100) + 1)]
    x = Axis(
        "month of 2013", 0, len(months) - 0.4, range(len(months)), lambda at: months[int(at)][5:]
    )
    y = Axis("AUC", low, high, ticks, lambda value: f"{value:.2f}")
    drawn = [
        Line(way, [(n, m["auc"]) for n, m in enumerate(held) if m["auc"] is not None], dots=True)
        for way, held in lived.items()
    ]
    svg = str(lines("AUC of each month, by when models were trained", x, y, drawn, (760, 320)))
    legend = "".join(
        f'<text class="{way}" x="{90 + 150 * n}" y="24">{NAMES[way]}</text>'
        for n, way in enumerate(lived)
    )
    head, rest = svg.split(">", 1)
    head = head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{head}>{STYLE}{rest.removesuffix('</svg>')}{legend}</svg>\n"
