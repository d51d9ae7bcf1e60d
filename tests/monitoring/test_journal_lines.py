"""Which lines of a log can be read, and what the columns are."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from include.monitoring.journal_lines import read_lines, table_of
from include.serving.journal import line

NIGHT = datetime(2013, 12, 31, 23, 59, tzinfo=UTC)
FLIGHT = b'{"carrier": "UA", "flight": 15}'
NAMES = b'{"kind":"names","model":"delays:1","features":["distance","carrier"]}\n'


def ready_made(request: str, *rows: dict[str, object]) -> bytes:
    body = json.dumps(rows).encode()
    return line(request, NIGHT, "delays:1", "features", body, [0.25] * len(rows))


def looked_up(request: str) -> bytes:
    found, ages = [[719.0, "UA"]], {"weather": [60.5], "planes": [None]}
    return line(request, NIGHT, "delays:1", "entities", FLIGHT, [0.5], features=found, ages=ages)


BAD = {
    "a reply without a status": (
        b'{"kind":"reply","at":"2013-12-31T23:59:00Z","path":"/predict","ms":2.5}\n',
        "status: Field required",
    ),
    "a reply of another kind": (
        b'{"kind":"reply","at":"soon","path":"/predict","status":200,"ms":2.5}\n',
        "at: Input should be a valid datetime, input is too short",
    ),
    "a reply whose status is no number of HTTP": (
        b'{"kind":"reply","at":"2013-12-31T23:59:00Z","path":"/","status":99999,"ms":2.5}\n',
        "status: Input should be less than or equal to 599",
    ),
    "text": (b"hello\n", "Invalid JSON: expected value at line 1 column 1"),
    "zeros of a lost page": (b"\0" * 8 + b"\n", "Invalid JSON: expected value at line 1 column 1"),
    "another role": (
        looked_up("b").replace(b"champion", b"observer"),
        "role: Input should be 'champion' or 'challenger'",
    ),
    "a field too many": (
        looked_up("b").replace(b'"id"', b'"ip":1,"id"'),
        "ip: Extra inputs are not permitted",
    ),
    "a time without a zone": (
        looked_up("b").replace(b"00Z", b"00"),
        "at: Input should have timezone info",
    ),
    "rows without an answer": (
        ready_made("b", {"distance": 1}, {"distance": 2}).replace(b"[0.25,0.25]", b"[0.25]"),
        "request has 2 rows, and probabilities 1",
    ),
    "ages of other rows": (
        looked_up("b").replace(b"[60.5]", b"[60.5,1.0]"),
        "ages.weather has 2 rows, and probabilities 1",
    ),
    "a model without names": (
        looked_up("b").replace(b"delays:1", b"delays:3"),
        "no line before it names the features of delays:3",
    ),
    "features of another model": (
        looked_up("b").replace(b'[[719.0,"UA"]]', b"[[719.0]]"),
        "row 0 has 1 features, and delays:1 2",
    ),
    "names of nothing": (b'{"kind":"names","model":"delays:1"}\n', "features: Field required"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD)
def test_a_line_that_cannot_be_read_is_told_with_the_reason(bad: bytes, reason: str) -> None:
    found = read_lines(NAMES + looked_up("a") + bad + looked_up("c"))
    assert found.faults == [(3, reason, bad[:-1])]
    assert [row["id"] for row in found.rows] == ["a", "c"]
    assert found.count == 4


def test_a_column_has_one_type_whatever_its_values() -> None:
    rows = [
        {"number": 1, "truth": True, "mixed": 1, "deep": [1], "large": 2**53 + 1, "empty": None},
        {"number": 0.5, "truth": None, "mixed": "1", "deep": None, "large": 1, "empty": None},
    ]
    table = table_of(read_lines(ready_made("a", *rows)).rows)
    table = table.select(pl.col("^feature\\..*$").name.map(lambda name: name[8:]))
    assert table.to_dict(as_series=False) == {
        "deep": ["[1]", None],
        "empty": [None, None],
        "large": ["9007199254740993", "1"],
        "mixed": ["1", '"1"'],
        "number": [1.0, 0.5],
        "truth": [True, None],
    }
