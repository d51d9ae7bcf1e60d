"""What a client may send, and what is said of what it may not."""

import pytest

from include.assistant.service.asked import Feedback, Question, read
from include.errors import DataError

SCHEMA = "GET /openapi.json says what may be sent."
LETTERS = "send letters, digits and spaces as people write them."
WRONG = {
    "no JSON": (b"why?", "The body is not JSON.", f"send an object; {SCHEMA}"),
    "half a letter": (b'{"question": "\\ud800"}', "The body is not JSON.", f"send an object; {SCHEMA}"),
    "a list": (b"[]", "The body is not a JSON object.", f"send one; {SCHEMA}"),
    "nothing": (b"{}", "The body lacks question.", f"add it; {SCHEMA}"),
    "spaces": (
        b'{"question": " \\n "}',
        "The question is not as it should be: string should have at least 1 character.",
        SCHEMA,
    ),
    "too long": (
        b'{"question": "%b"}' % (b"x" * 2001),
        "The question is not as it should be: string should have at most 2000 characters.",
        SCHEMA,
    ),
    "what steers a terminal": (
        b'{"question": "\\u001b[2J"}',
        "The question holds characters that are none of a text.",
        LETTERS,
    ),
    "a number": (
        b'{"question": 7}',
        "The question is not as it should be: input should be a valid string.",
        SCHEMA,
    ),
    "a number as text": (
        b'{"question": "a", "limit": "3"}',
        "The limit is not as it should be: input should be a valid integer.",
        SCHEMA,
    ),
    "too many": (
        b'{"question": "a", "limit": 21}',
        "The limit is not as it should be: input should be less than or equal to 20.",
        SCHEMA,
    ),
    "an unknown field": (
        b'{"question": "a", "limits": 3}',
        "The body has an unknown field 'limits'. Did you mean 'limit'?",
        SCHEMA,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "what", "fix"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_is_refused_with_its_fault(body, what, fix):
    with pytest.raises(DataError) as caught:
        read(Question, body)
    assert (caught.value.what, caught.value.fix) == (what, fix)


def test_a_question_may_have_2000_letters_of_any_script_and_several_lines():
    assert read(Question, '{"question": " Wie geht\\n das, 東京? "}'.encode()).question == (
        "Wie geht\n das, 東京?"
    )
    longest = "ä" * 2000
    assert read(Question, f'{{"question": "{longest}"}}'.encode()).question == longest


def test_feedback_is_yes_or_no_for_a_request_with_a_short_comment():
    held = read(Feedback, b'{"request_id": "a-1", "useful": false, "comment": "old page"}')
    assert (held.request_id, held.useful, held.comment) == ("a-1", False, "old page")
    for wrong in (
        b'{"request_id": "a b", "useful": true}',
        b'{"request_id": "a", "useful": 1}',
        b'{"request_id": "a", "useful": true, "comment": "%b"}' % (b"x" * 1001),
    ):
        with pytest.raises(DataError):
            read(Feedback, wrong)
