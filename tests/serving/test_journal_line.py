"""What the line of a request holds."""

import json
from datetime import UTC, datetime

from include.serving.journal import line, reply_line

AT = datetime(2013, 12, 31, 22, 0, 0, 125000, tzinfo=UTC)


def test_a_line_holds_the_request_as_it_came() -> None:
    body = b'[\r\n  {"distance": 1.50, "note": "a\\nb"}\n]\n'
    made = line("7f", AT, "delays:1", "features", body, [0.25])
    assert made == (
        b'{"id":"7f","at":"2013-12-31T22:00:00.125000Z","role":"champion","model":"delays:1",'
        b'"kind":"features","request":[    {"distance": 1.50, "note": "a\\nb"} ] ,'
        b'"probabilities":[0.25]}\n'
    )


def test_a_line_holds_what_was_looked_up_and_how_old_it_was() -> None:
    made = line(
        "7f",
        AT,
        "delays:2",
        "entities",
        b"null",
        [0.25, 0.5],
        role="challenger",
        features=[[1.5, "UA"], [float("nan"), None]],
        ages={"weather": [60.0, None]},
    )
    assert made.count(b"\n") == 1 and made.endswith(b"\n")
    assert json.loads(made) == {
        "id": "7f",
        "at": "2013-12-31T22:00:00.125000Z",
        "role": "challenger",
        "model": "delays:2",
        "kind": "entities",
        "request": None,
        "probabilities": [0.25, 0.5],
        "features": [[1.5, "UA"], [None, None]],
        "ages": {"weather": [60.0, None]},
    }


def test_the_line_of_a_reply_says_when_where_how_and_how_long() -> None:
    assert reply_line(AT, "/predict/features", 503, 0.0123456) == (
        b'{"kind":"reply","at":"2013-12-31T22:00:00.125000Z","path":"/predict/features",'
        b'"status":503,"ms":12.346}\n'
    )
