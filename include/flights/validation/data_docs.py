"""Data Docs: what was checked, as pages that need no network, no script and no clock.

Every value gets into a page by `Markup.format` or `Markup.join`, which escape it.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from include import partitions
from include.flights.validation import records
from include.flights.validation.records import Record, RuleRecord

STYLE = """
:root{--ink:#1c2430;--dim:#667085;--line:#e3e7ee;--soft:#f6f8fb;--good:#0f7b4f;--warn:#a15c00;
--bad:#b42318}
*{box-sizing:border-box}
body{margin:0 auto;max-width:80rem;padding:2rem 1.5rem 4rem;color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
h1{font-size:1.6rem;margin:.2rem 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}
a{color:#175cd3}p{margin:.3rem 0}.dim{color:var(--dim)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
th{background:var(--soft);font-weight:600;font-size:.85rem;white-space:nowrap}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:.8rem/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.tag{display:inline-block;border-radius:99px;padding:0 .6rem;font-size:.8rem;white-space:nowrap}
.holds{color:var(--good);background:#e9f7f0}.warned{color:var(--warn);background:#fff4e0}
.aside{color:#344ea0;background:#ebefff}.stopped{color:var(--bad);background:#ffebe9}
.tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0}
.tile{border:1px solid var(--line);border-radius:8px;padding:.6rem 1rem;min-width:9rem}
.tile b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}
"""
VERDICTS = {  # what happened where a rule was broken
    "quarantine": ("aside", "set aside"),
    "stop": ("stopped", "stops the run"),
    "warn": ("warned", "warning"),
}
LEGEND = (
    "set aside: rows that broke the rule are in the quarantine with the reason, and not used. "
    "warning: counted, and used. stops the run: nothing of the table is used."
)


def update(folder: Path, written: Sequence[Path]) -> list[str]:
    """Write the index, and the pages of the records that are new or changed."""
    code = (Path(__file__), Path(records.__file__))
    files = {page_name(path): path for path in written}
    keys = {name: partitions.content_key(path, *code) for name, path in files.items()}
    everything = partitions.content_key(*sorted(keys.items()))

    def build(name: str, work: Path) -> None:
        if name == "index":
            text = index([records.record_in(path) for path in written])
        else:
            text = page(records.record_in(files[name]))
        (work / f"{name}.html").write_text(text)

    return partitions.update(folder, {**keys, "index": everything}, build)


def page_name(record: Path) -> str:
    """The name of the page of a record: flights-2013-02, or planes."""
    folder, label = record.parent.name, record.stem
    return label if folder == "reference" else f"{folder}-{label}"


def write_failed(folder: Path, record: Record) -> Path:
    """Write the page of a table that stops the run; the next run that ends well removes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"failed-{title(record.table, record.label, '-')}.html"
    path.write_text(page(record))
    return path


def title(table: str, label: str, joint: str = " of ") -> str:
    """What a table is called."""
    return table if table == label else f"{table}{joint}{label}"


def index(found: Sequence[Record]) -> str:
    """The first page: every table and month, its counts, and its broken rules."""
    totals = records.summary(found)
    tiles = join(
        tile(f"{total['quarantined']:,}", f"of {total['rows']:,} rows of {name} set aside")
        for name, total in totals.items()
    )
    head = cells("th", ("table", "rows*", "set aside*", "share*", "warnings*", "broken rules"))
    body = Markup(
        "<h1>Data Docs</h1><p class=dim>{}</p><div class=tiles>{}</div>"
        "<div class=scroll><table><tr>{}</tr>{}</table></div>"
    )
    return document("Data Docs", body.format(LEGEND, tiles, head, join(map(index_row, found))))


def index_row(record: Record) -> Markup:
    """One table or month of the index."""
    page = quote(f"{title(record.table, record.label, '-')}.html")
    link = Markup('<a href="{}">{}</a>').format(page, title(record.table, record.label))
    counts = cells(
        "td",
        (
            f"{record.rows:,}*",
            f"{record.quarantined:,}*",
            f"{share(record.quarantined, record.rows)}*",
            f"{len(record.warnings):,}*",
        ),
    )
    broken = [rule for rule in record.rules if not rule.holds]
    shown = (Markup("{} {} ({})").format(tag(rule), rule.rule, extent(rule)) for rule in broken)
    row = Markup("<tr><td>{}</td>{}<td>{}</td></tr>")
    return row.format(link, counts, Markup("<br>").join(shown))


def page(record: Record) -> str:
    """One table or month: broken rules first."""
    name = title(record.table, record.label)
    tiles = (
        tile(f"{record.rows:,}", "rows"),
        tile(f"{record.quarantined:,}", f"set aside ({share(record.quarantined, record.rows)})"),
        tile(f"{len(record.warnings):,}", "warnings"),
        tile(f"{sum(rule.holds for rule in record.rules)} of {len(record.rules)}", "rules hold"),
    )
    body = Markup(
        '<p><a href="index.html">Data Docs</a></p><h1>{}</h1>'
        "<p class=dim>{}</p><div class=tiles>{}</div>"
    ).format(name, LEGEND, join(tiles))
    for heading, holds in (("Broken rules", False), ("Rules that hold", True)):
        rules = [rule for rule in record.rules if rule.holds is holds]
        if rules:
            body += Markup("<h2>{}</h2>{}").format(heading, rule_table(rules))
    return document(f"{name} - Data Docs", body)


def rule_table(rules: Sequence[RuleRecord]) -> Markup:
    """Rules with what they found."""
    head = cells("th", ("", "rule", "checked*", "found", "expectation", "note"))
    table = Markup("<div class=scroll><table><tr>{}</tr>{}</table></div>")
    return table.format(head, join(map(rule_row, rules)))


def rule_row(rule: RuleRecord) -> Markup:
    """One rule."""
    more = Markup("<br><span class=dim>{}: {}</span>")
    named = (("values", rule.values), ("rows", rule.rows))
    found = join(more.format(name, ", ".join(texts)) for name, texts in named if texts)
    return Markup(
        "<tr><td>{}</td><td>{}</td><td class=number>{:,}</td><td>{}{}</td>"
        "<td><code>{}<br>{}</code><br><span class=dim>{}</span></td><td>{}</td></tr>"
    ).format(
        *(tag(rule), rule.rule, rule.checked, extent(rule), found),
        *(rule.type, json.dumps(rule.kwargs, ensure_ascii=False), rule.severity, rule.notes),
    )


def tag(rule: RuleRecord) -> Markup:
    """The verdict on a rule."""
    kind, text = ("holds", "holds") if rule.holds else VERDICTS[rule.action]
    return Markup('<span class="tag {}">{}</span>').format(kind, text)


def extent(rule: RuleRecord) -> str:
    """How many rows break a rule, or what a column comes to."""
    if rule.observed:
        return f"is {rule.observed}"
    return f"{rule.unexpected:,} rows, {share(rule.unexpected, rule.checked)}"


def share(part: int, whole: int) -> str:
    """A share in per cent."""
    return f"{part / whole:.3%}" if whole else "none"


def tile(number: str, text: str) -> Markup:
    """A number to see first."""
    return Markup("<div class=tile><b>{}</b>{}</div>").format(number, text)


def cells(kind: str, texts: Sequence[str]) -> Markup:
    """Cells of a row; a text that ends in * is a number."""
    cell, number = Markup("<{0}>{1}</{0}>"), Markup("<{0} class=number>{1}</{0}>")
    return join(
        number.format(kind, text[:-1]) if text.endswith("*") else cell.format(kind, text)
        for text in texts
    )


def join(parts: Iterable[Markup]) -> Markup:
    """Parts of a page, one behind the other."""
    return Markup("").join(parts)


def document(name: str, body: Markup) -> str:
    """A whole page."""
    whole = Markup(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>{}</title><style>{}</style></head>\n<body>{}</body></html>\n"
    )
    return str(whole.format(name, Markup(STYLE), body))
