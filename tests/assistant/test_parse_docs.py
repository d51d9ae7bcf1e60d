"""What the stage parse_docs promises, on a few small pages."""

import json
from collections.abc import Callable
from pathlib import Path

import assistant_documents
import polars as pl
import pytest
from assistant_documents import SAID, tokenizer

from include.assistant import passages
from include.assistant.alone import alone
from include.assistant.documents.size import Passages
from include.assistant.parse_docs import parse_docs
from include.errors import DataError, ParamsError, PipelineError

SIZE = Passages(max_tokens=40)


class Place:
    """A folder with pages, and what the stages make of them."""

    def __init__(self, root: Path) -> None:
        self.root, self.own = root, root / "own"
        self.own.mkdir(parents=True)
        self.tokenizer = tokenizer(root / "encoder/tokenizer.json")
        self.length = root / "encoder/sentence_bert_config.json"
        self.length.write_text('{"max_seq_length": 40}')
        for number in range(3):
            self.put(f"{number}.md", f"# Page {number}\n\n" + f"Sentence {number} ends. " * 20)

    def put(self, name: str, text: str) -> None:
        (self.own / name).write_text(text)

    def run(self, size: Passages = SIZE) -> pl.DataFrame:
        own = {"kind": "files", "folder": str(self.own), "pages": ["*"], **SAID}
        assistant_documents.fetch(self.root, {"own": own})
        self.parse(size)
        return pl.read_parquet(self.root / "parsed/passages.parquet")

    def parse(self, size: Passages = SIZE) -> None:
        encoder = (self.tokenizer, self.length)
        outs = (self.root / "parsed", self.root / "metrics.json")
        parse_docs(self.root / "docs", *encoder, *outs, size)

    def files(self) -> dict[str, bytes]:
        parsed = self.root / "parsed"
        found = [path for path in parsed.rglob("*") if path.is_file()]
        return {str(path.relative_to(parsed)): path.read_bytes() for path in found}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "first")


def test_pages_become_one_table_in_reading_order(place: Place) -> None:
    table = place.run()
    assert dict(table.schema) == dict(pl.DataFrame(schema=passages.SCHEMA).schema)
    assert table["page"].unique(maintain_order=True).to_list() == ["0.md", "1.md", "2.md"]
    assert table.filter(page="1.md")["position"].to_list() == [0, 1, 2]  # 8, 8 and 4 sentences
    assert table["tokens"].max() <= 40
    counts = json.loads((place.root / "metrics.json").read_text())
    assert counts["pages"] == 3 and counts["passages"] == table.height == 9
    assert counts["pages_without_passages"] == 0
    assert counts["sources"]["own"]["sections"] == 3


def test_a_changed_page_costs_one_page_and_is_as_from_nothing(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run()
    place.put("1.md", "# Page 1\n\nAll else.\n")
    place.put("3.md", "# Page 3\n\nNew.\n")
    (place.own / "0.md").unlink()
    place.run()
    assert "3 pages, 2 parsed now; 5 passages" in capsys.readouterr().out
    place.run()
    assert "3 pages, 0 parsed now; 5 passages" in capsys.readouterr().out
    cold = Place(tmp_path / "second")
    (cold.own / "0.md").unlink()
    for name in ("1.md", "3.md"):
        cold.put(name, (place.own / name).read_text())
    cold.run()
    assert place.files() == cold.files()


def test_a_page_changed_by_hand_where_it_was_fetched_to_is_noticed(place: Place) -> None:
    place.run()
    (place.root / "docs/own/1.md").write_text("# Page 1\n\nAll else.\n")
    with pytest.raises(DataError, match=r"changed since they were fetched: .*own/1\.md") as raised:
        place.parse()
    assert "Next: run `dvc repro`, which fetches them again; a page is" in str(raised.value)
    assert place.run().height == 9  # fetch_docs puts it right


def test_another_size_is_another_result(place: Place) -> None:
    assert place.run().height < place.run(Passages(max_tokens=32)).height


def test_a_page_that_cannot_be_read_stops_the_stage_and_the_others_are_kept(place: Place) -> None:
    (place.own / "9.md").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"The page 9\.md of own cannot be read: it is not UTF-8"):
        place.run()
    place.put("9.md", "# Page 9\n\nMended.\n")
    assert place.run().height == 10


def test_a_second_run_leaves_what_the_first_writes(place: Place) -> None:
    place.run()
    work = place.root / "parsed/.pages.0.1"
    work.mkdir()
    with alone(place.root / "parsed"), pytest.raises(PipelineError) as raised:
        place.parse()
    assert str(raised.value) == (
        f"Another process is writing {place.root / 'parsed'}.\n"
        "  Next: wait until it has ended, then run it again."
    )
    assert work.exists()
    place.parse()
    assert not work.exists()


def test_without_docs_or_tokenizer_the_next_step_is_named(place: Place) -> None:
    place.run()
    (place.root / "docs/sources.json").unlink()
    with pytest.raises(DataError, match=r"sources\.json does not exist.*\n  Next: run `dvc repro`"):
        place.parse()
    place.tokenizer.write_text("{}")
    with pytest.raises(DataError, match=r"tokenizer\.json is not the file of a tokenizer"):
        place.run()


def test_a_page_without_a_passage_is_counted_beside_the_others(place: Place) -> None:
    place.put("3.md", "")
    place.put("4.rst", ".. include:: all.rst\n")
    place.run()
    counts = pl.read_parquet(place.root / "parsed/counts.parquet")
    told = counts.select("source", "page", "sections", "includes", "passages").rows()
    assert told == [
        *[("own", f"{number}.md", 1, 0, 3) for number in range(3)],
        ("own", "3.md", 0, 0, 0),
        ("own", "4.rst", 0, 1, 0),
    ]
    totals = json.loads((place.root / "metrics.json").read_text())
    assert totals["sources"]["own"]["pages_without_passages"] == 2 == totals["includes"] + 1


def test_passages_longer_than_the_encoder_takes_are_refused(place: Place) -> None:
    with pytest.raises(ParamsError) as raised:
        place.run(Passages(max_tokens=41))
    assert str(raised.value) == (
        "params.yaml sets passages.max_tokens to 41, and the encoder takes 40 by its "
        "sentence_bert_config.json: the end of what is longer would be in no vector.\n"
        "  Next: set passages.max_tokens to at most 40 in params.yaml."
    )
    place.length.write_text("[]")
    with pytest.raises(DataError, match=r"config\.json does not say how many tokens the encoder"):
        place.run()


def test_what_a_killed_run_left_is_removed(place: Place) -> None:
    place.run()
    whole = place.files()
    left = place.root / "parsed/.pages.0123.77/0123.parquet"
    left.parent.mkdir()
    left.write_bytes(b"half")
    (place.root / "parsed/.pages.keys.77").write_text("{}")
    place.run()
    assert place.files() == whole and not left.parent.exists()


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        (".json", lambda path: path.write_text(path.read_text().replace("3", "8", 1))),
        (".json", lambda path: path.write_text("{")),
        (".json", Path.unlink),
        (".parquet", lambda path: path.write_bytes(path.read_bytes()[:-9])),
        (".parquet", Path.unlink),
    ],
    ids=["other counts", "no JSON", "no counts", "cut off", "no passages"],
)
def test_a_page_that_is_not_as_it_was_written_is_parsed_again(
    place: Place,
    capsys: pytest.CaptureFixture[str],
    ending: str,
    damage: Callable[[Path], object],
) -> None:
    place.run()
    whole, metrics = place.files(), (place.root / "metrics.json").read_text()
    damage(sorted((place.root / "parsed/pages").glob(f"[0-9a-f]*{ending}"))[1])
    place.run()
    assert "3 pages, 1 parsed now; 9 passages" in capsys.readouterr().out
    assert place.files() == whole and (place.root / "metrics.json").read_text() == metrics
