"""What the Data Docs promise: offline, escaped, and written only when there is something new."""

import re
from pathlib import Path

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
        records.write(path, one)
        paths.append(path)
    return paths


def test_a_page_shows_counts_verdicts_values_and_notes() -> None:
    text = re.sub("<[^>]+>", " ", data_docs.page(record()))
    for part in ("2,000 rows", "set aside (0.150%)", "25 rows, 2.500%", "values: ZZ", "a note"):
        assert part in re.sub(" +", " ", text)


def test_values_of_the_data_are_escaped() -> None:
    text = data_docs.page(record(value="<script>alert('&')</script>"))
    assert "<script" not in text
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in text


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
