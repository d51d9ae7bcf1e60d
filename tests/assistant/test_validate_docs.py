"""What the stage validate_docs promises, with passages that are good but for what a test changes."""

import json
from pathlib import Path

import polars as pl
import pytest
from assistant_documents import counts, passage, table

from include.assistant import passages
from include.assistant.documents import counted
from include.assistant.documents.size import Passages
from include.assistant.validate_docs import Params, validate_docs
from include.errors import DataError, ParamsError

SUITE = Path(__file__).parents[2] / "include/assistant/expectations"
GOOD = [passage(text=f"Because of {number}.") for number in range(9)]
TOKEN = "no token or access key"
SECRETS = {
    "AKIA" + "QWERTYUIOPASDFGH": TOKEN,
    "eyJ" + "a1" * 10 + ".eyJ" + "b" * 20 + "." + "c" * 30: TOKEN,
    "postgresql://admin:a1B2c3d4@db.acme.org/x": "no password in an address",
    "-----BEGIN RSA PRIVATE KEY-----\n" + "A" * 64: "no private key",
}


class Place:
    """A folder with a table of passages, and what the stage makes of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.suite = root, SUITE
        self.without: list[dict[str, object]] = []  # pages without a passage

    def pages(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What would be counted of the pages of these passages, and of those without one."""
        pages = rows.group_by("source", "page", maintain_order=True).agg(passages=pl.len())
        told = [{**counts(), **row} for row in pages.to_dicts()]
        return pl.DataFrame([*told, *self.without], schema=counted.SCHEMA, orient="row")

    def run(self, rows: pl.DataFrame, share: float = 0.9, size: int = 200) -> list[tuple[str, str]]:
        """Run the stage; return text and reason of what was set aside."""
        parsed = self.root / "parsed"
        parsed.mkdir(exist_ok=True)
        rows.write_parquet(parsed / "passages.parquet")
        self.pages(rows).write_parquet(parsed / "counts.parquet")
        accepted = self.root / "passages"
        if accepted.exists():
            accepted.rename(self.root / f"before{len(list(self.root.iterdir()))}")
        outs = (accepted, self.root / "metrics.json", self.root / "page.html")
        limits = Params(max_quarantine_share=share)
        validate_docs(parsed, self.suite, *outs, Passages(max_tokens=size), limits)
        aside = pl.read_parquet(accepted / "quarantine.parquet")
        assert aside.columns == [*passages.SCHEMA, "reason"]
        return list(aside.select("text", "reason").iter_rows())

    def kept(self) -> pl.DataFrame:
        return pl.read_parquet(self.root / "passages/passages.parquet")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_good_passages_pass_unchanged(place: Place) -> None:
    rows = table(*GOOD)
    assert place.run(rows, share=0) == []
    assert place.kept().equals(rows)
    assert json.loads((place.root / "metrics.json").read_text()) == {
        "passages": 9,
        "quarantined": 0,
        "quarantined_share": 0.0,
        "broken_rules": {},
        "failed_warnings": {"passages are 40 to 190 tokens long on average": "9.0"},
        "quarantined_of": {},
        "pages_without_passages": 0,
    }


def test_each_passage_that_cannot_be_used_is_set_aside_with_why(place: Place) -> None:
    broken = [
        (passage(text=" \n"), "a passage says something"),
        (passage(text="long", tokens=201), "the encoder takes the passage whole"),
        (passage(text="a" * 2001), "a passage has no more characters than it may"),
        (passage(text="whose", licence=None), "licence is filled"),
        (passage(text="whose?", licence="see page"), "the licence is an SPDX expression"),
        (passage(text="lost \ufffd"), "no byte was lost when the page was read"),
        (passage(text="clear \x1b[2J"), "no sign controls a terminal"),
        (passage(text="turned \u202e"), "no sign hides or turns round what is read"),
        (passage(text="tags \U000e0041"), "no sign hides or turns round what is read"),
        (passage(text="Because of 1."), "what a section says, it says once"),
        (passage(text="untitled", titles=[]), "a passage stands under a title"),
        (passage(text="no titles", titles=None), "a passage stands under a title"),
        (passage(text="odd", id="xyz"), "an id is 16 hex digits"),
        *[
            (passage(text=secret, section=f"{number:016x}"), rule)
            for number, (secret, rule) in enumerate(SECRETS.items())
        ],
    ]
    found = place.run(table(*GOOD, *[row for row, _ in broken]))
    assert found == [(row["text"], rule) for row, rule in broken]
    assert place.kept().equals(table(*GOOD))
    totals = json.loads((place.root / "metrics.json").read_text())
    assert totals["quarantined"] == totals["quarantined_of"]["notes"] == len(broken)
    assert totals["broken_rules"]["no sign hides or turns round what is read"] == 2


def test_titles_keep_the_rules_of_texts_and_are_not_shown_where_they_do_not(place: Place) -> None:
    signs = ["\x1b[2J", "\u202e", "\U000e0041", "\ufffd", *SECRETS]
    titled = [
        passage(text=f"{n}", titles=["Notes", f"Use {s}"], section=f"{n:016x}")
        for n, s in enumerate(signs)
    ]
    rows = table(*GOOD, *titled)
    assert [text for text, _ in place.run(rows)] == [row["text"] for row in titled]
    shown = (place.root / "page.html").read_text()
    assert shown.count("its heading breaks a rule") == len(signs)
    with pytest.raises(DataError) as raised:
        place.run(rows, share=0)
    said = str(raised.value)
    assert ": notes faq.rst (its heading breaks a rule)\n" in said
    assert not [sign for sign in signs if sign in shown or sign in said]


def test_a_key_that_was_cut_into_passages_takes_all_of_its_section_along(place: Place) -> None:
    lines = ["-----BEGIN RSA PRIVATE KEY-----", *["a1B2" * 16] * 3, "-----END RSA PRIVATE KEY-----"]
    token = "ghp_" + "a1B2" * 9
    cut = [("a" * 16, [*lines, "Keep it well."]), ("b" * 16, [token[:20], token[20:]])]
    rows = [
        passage(text=text, section=section, titles=["Notes", f"{at}"])
        for section, texts in cut
        for at, text in enumerate(texts)
    ]
    reasons = ["no private key"] * 6 + [TOKEN] * 2
    found = place.run(table(*GOOD, *rows))
    assert found == [(row["text"], why) for row, why in zip(rows, reasons, strict=True)]
    assert place.kept().equals(table(*GOOD))


def test_a_passage_may_break_several_rules_and_all_copies_of_an_id_go(place: Place) -> None:
    twice = [passage(id="f" * 16, text="one"), passage(id="f" * 16, text="two\x00", tokens=0)]
    assert place.run(table(*GOOD, *twice)) == [
        ("one", "an id is there once"),
        (
            "two\x00",
            "an id is there once; the encoder takes the passage whole; no sign controls a terminal",
        ),
    ]


def test_the_most_tokens_are_those_of_params(place: Place) -> None:
    rows = table(*GOOD, passage(text="long", tokens=51))
    assert place.run(rows) == []
    assert place.run(rows, size=50) == [("long", "the encoder takes the passage whole")]


def test_too_many_stop_the_run_with_where_they_stand(place: Place) -> None:
    with pytest.raises(DataError) as raised:
        place.run(table(*GOOD, passage(text="")), share=0.05)
    assert str(raised.value) == (
        "1 of 10 passages (10.00%) break rules, more than the 5.00% of "
        "validate_docs.max_quarantine_share:\n"
        "  - a passage says something: 1 passages: notes faq.rst (Why?)\n"
        "  Next: mend the pages or leave them out in sources.yaml, or change the rule in its "
        "suite."
    )


def test_a_source_of_which_nothing_is_left_stops_the_run(place: Place) -> None:
    with pytest.raises(DataError, match=r"No passage is left of other:\n  - no byte was lost"):
        place.run(table(*GOOD, passage(source="other", text="\ufffd")))


def test_a_source_that_gives_no_passage_stops_the_run(place: Place) -> None:
    place.without = [counts(source="empty")]
    with pytest.raises(
        DataError, match=r"No passage came of empty:\n  - empty: 1 pages with 0 sec"
    ):
        place.run(table(*GOOD))


def test_a_page_that_gives_no_passage_is_counted_and_shown(place: Place) -> None:
    place.without = [counts(page="b.md", sections=1, sections_without_text=1)]
    place.run(table(*GOOD))
    assert json.loads((place.root / "metrics.json").read_text())["pages_without_passages"] == 1
    shown = (place.root / "page.html").read_text()
    assert "<th>notes b.md</th><td>1 sections, 1 without text</td>" in shown
    assert '<td class="n">2</td><td class="n">9</td>' in shown  # pages and passages of notes


def test_no_passage_at_all_stops_the_run(place: Place) -> None:
    with pytest.raises(
        DataError, match=r"break rules that must hold:\n  - there are passages: it is 0"
    ):
        place.run(table())


def test_another_table_is_refused_before_it_is_checked(place: Place) -> None:
    with pytest.raises(
        DataError, match=r"masked is None, more is unknown\.\n  Next: remove it and run"
    ):
        place.run(table(*GOOD).rename({"masked": "more"}))
    with pytest.raises(DataError, match=r"passages\.parquet cannot be read"):
        validate_docs(
            place.root / "none",
            SUITE,
            *(place.root / name for name in "abc"),
            Passages(max_tokens=200),
            Params(max_quarantine_share=0),
        )


def test_a_rule_that_cannot_be_is_an_error_with_its_name(place: Place) -> None:
    rule = {
        "type": "expect_column_values_to_be_uniqe",
        "kwargs": {"column": "id"},
        "severity": "critical",
        "description": "ids",
    }
    place.suite = place.root / "suite"
    place.suite.mkdir()
    file = place.suite / "passages.json"

    def failure(**changed: object) -> str:
        file.write_text(json.dumps({"name": "p", "expectations": [{**rule, **changed}]}))
        with pytest.raises(ParamsError) as raised:
            place.run(table(*GOOD))
        return str(raised.value)

    assert "Did you mean 'expect_column_values_to_be_unique'?" in failure()
    between, column = "expect_column_values_to_be_between", {"column": "token"}
    assert "names the column 'token'; there are" in failure(type=between, kwargs=column)
    wrong = {"column": "tokens", "max_value": {"$setting": "most"}}
    assert "refers to the setting 'most'; there is max_tokens" in failure(
        type=between, kwargs=wrong
    )
    assert "meta.rows: quarantine needs severity critical" in failure(
        severity="warning", meta={"rows": "quarantine"}
    )
    file.write_text("{")
    with pytest.raises(ParamsError, match=r"passages\.json is not JSON: .* in line 1"):
        place.run(table(*GOOD))


def test_the_page_shows_sources_rules_and_what_was_set_aside(place: Place) -> None:
    place.run(table(*GOOD, passage(text="x\ufffd", titles=["<b>Why?</b>"])))
    page = (place.root / "page.html").read_text()
    assert "<em>9 passages</em> of 1 sources." in page
    assert "&lt;b&gt;Why?&lt;/b&gt;" in page and "<b>Why?" not in page
    assert "no byte was lost when the page was read" in page and "{{" not in page
