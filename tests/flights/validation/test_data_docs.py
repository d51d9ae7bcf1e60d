"""What the Data Docs promise: offline, escaped, and written only when there is something new."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from include.flights.validation import data_docs, records
from include.flights.validation.records import Record, RuleRecord


def record(label: str = "2013-01", value: str = "ZZ", holds: bool = False) -> Record:
    rule = RuleRecord(
        rule="the carrier is in the list of airlines",
        type="expect_column_values_to_be_in_set",
        kwargs={"column": "carrier", "value_set": {"$reference": "airlines.carrier"}},
        severity="warning",
        columns=["carrier"],
        action="warn",
        notes="a note",
        holds=holds,
        checked=1000,
        unexpected=0 if holds else 25,
        observed="",
        values=[] if holds else [value],
        rows=[],
    )
    return Record(table="flights", label=label, rows=2000, quarantined=3, rules=[rule])


def put(folder: Path, *written: Record) -> list[Path]:
    paths = []
    for one in written:
        path = folder / "flights" / f"{one.label}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        records.write_record(path, one)
        paths.append(path)
    return paths


def test_a_page_shows_counts_verdicts_values_and_notes() -> None:
    text = re.sub("<[^>]+>", " ", data_docs.page(record()))
    for part in ("2,000 rows", "set aside (0.150%)", "25 rows, 2.500%", "values: ZZ", "a note"):
        assert part in re.sub(" +", " ", text)


HOSTILE = """</td></style></title><script>alert("'&'")</script>"""


def hostile(**change: object) -> Record:
    """A record all of whose texts are code, each with the name of its field before it."""
    rule: dict[str, object] = {
        name: f"{name}{HOSTILE}" for name in ("rule", "type", "severity", "notes")
    }
    rule |= {name: [f"{name}{HOSTILE}"] for name in ("columns", "values", "rows")}
    kwargs = {f"key{HOSTILE}": [f"kwarg{HOSTILE}"]}
    numbers = {"checked": 1000, "unexpected": 25, "observed": "", "holds": False, "action": "stop"}
    one = RuleRecord.model_validate({**rule, "kwargs": kwargs, **numbers, **change})
    table, label = f"table{HOSTILE}", f"label{HOSTILE}"
    return Record(table=table, label=label, rows=2000, quarantined=3, rules=[one])


class Shown(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(name for name, _ in attrs)]))
        self.links += [str(value) for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


# What our pages are made of; nothing in them has a handler or a script.
OURS = {
    "html lang",
    "head",
    "meta charset",
    "meta name content",
    "title",
    "style",
    "body",
    "a href",
}
OURS |= {"h1", "h2", "p", "p class", "div class", "span class", "b", "br", "code"}
OURS |= {"table", "tr", "th", "th class", "td", "td class"}


@pytest.mark.parametrize("action", ["quarantine", "warn", "stop"])
@pytest.mark.parametrize("observed", ["", f"observed{HOSTILE}"], ids=["by rows", "as a whole"])
def test_every_value_of_every_page_is_text(observed: str, action: str) -> None:
    one = hostile(observed=observed, action=action)
    page, index = Shown(data_docs.page(one)), Shown(data_docs.index([one]))
    assert {*page.tags, *index.tags} <= OURS
    of_both = ["table", "label", "rule"] + ["observed"] * bool(observed)
    of_page = ["type", "severity", "notes", "values", "rows"]
    assert [name for name in of_both if f"{name}{HOSTILE}" not in index.text] == []
    assert [name for name in of_both + of_page if f"{name}{HOSTILE}" not in page.text] == []
    assert "kwarg</td>" in page.text and "key</td>" in page.text


def test_a_link_leads_to_the_page_whatever_a_table_is_called() -> None:
    one = hostile().model_copy(update={"table": "a?b#c", "label": "100%&<d>"})
    assert [unquote(link) for link in Shown(data_docs.index([one])).links] == [
        "a?b#c-100%&<d>.html"
    ]


def test_pages_fetch_nothing() -> None:
    for text in (data_docs.page(record()), data_docs.index([record()])):
        assert not re.search(r"https?:|<script|<link|src=|@import|url\(", text)


def test_the_index_links_every_page(tmp_path: Path) -> None:
    written = put(tmp_path, record("2013-01"), record("2013-02", holds=True))
    assert data_docs.update(tmp_path / "docs", written) == [
        "flights-2013-01",
        "flights-2013-02",
        "index",
    ]
    links = re.findall('href="([^"]+)"', (tmp_path / "docs" / "index.html").read_text())
    assert links == ["flights-2013-01.html", "flights-2013-02.html"]
    assert all((tmp_path / "docs" / link).exists() for link in links)


def test_an_old_page_is_not_written_again(tmp_path: Path) -> None:
    data_docs.update(tmp_path / "docs", put(tmp_path, record("2013-01")))
    written = put(tmp_path, record("2013-01"), record("2013-02"))
    assert data_docs.update(tmp_path / "docs", written) == ["flights-2013-02", "index"]
    assert data_docs.update(tmp_path / "docs", written) == []


def test_a_page_of_a_failure_goes_with_the_next_good_run(tmp_path: Path) -> None:
    page = data_docs.write_failed(tmp_path / "docs", record())
    assert page == tmp_path / "docs" / "failed-flights-2013-01.html"
    data_docs.update(tmp_path / "docs", put(tmp_path, record()))
    assert not page.exists()
