"""A page is read in the letters that it is written in, where it says which they are."""

import pytest

from include.assistant.documents.parsing.pages import sections_of

DECLARED = '<meta charset="{}"><p>“Café”</p>'


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.html", DECLARED.format("windows-1252").encode("cp1252")),
        ("a.HTM", DECLARED.format("ISO-8859-1").encode("cp1252")),
        ("a.html", DECLARED.format("iso-8859-1").encode()),
        ("a.html", f'<?xml version="1.0" encoding="cp1252"?>{DECLARED}'.encode("cp1252")),
        ("a.html", DECLARED.encode("utf-16")),
        ("a.md", "“Café”".encode("utf-16")),
        ("a.rst", "\ufeff“Café”".encode("utf-16-be")),
        ("a.txt", "\ufeff“Café”".encode()),
    ],
)
def test_letters_are_read_as_they_are_written(path: str, data: bytes) -> None:
    assert [block.text for one in sections_of(path, data, {}) for block in one.blocks] == ["“Café”"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"caf\xe9", "it is not UTF-8 at byte 3"),
        (b"<meta charset=klingon>\xe9", "it is neither UTF-8 nor 'klingon', as it says"),
        (b"<meta charset=zip>\xe9", "it is neither UTF-8 nor 'zip', as it says"),
        (b"<meta charset=utf-8>\xe9", "it is neither UTF-8 nor 'utf-8', as it says"),
    ],
)
def test_letters_that_nobody_can_read_are_an_error(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        sections_of("a.html", data, {})
