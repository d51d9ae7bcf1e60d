"""A CSV file is read as it stands, or it is said what is wrong with it, in which line."""

import gzip

import pytest

from include.errors import DataError
from include.flights.ingestion import csv_files

Columns = dict[str, list[str | None]]


def read(text: str | bytes, *missing: str) -> Columns:
    data = text.encode() if isinstance(text, str) else text
    table = csv_files.table_of(data, "flights.csv", missing)
    return table.to_dict(as_series=False)


TAKEN: dict[str, tuple[str | bytes, Columns]] = {
    "as it should be": ("carrier,dest\nAA,BOS\n", {"carrier": ["AA"], "dest": ["BOS"]}),
    "without an end of the last line": ("carrier,dest\nAA,", {"carrier": ["AA"], "dest": [None]}),
    "with line ends of Windows": ("carrier,dest\r\nAA,B6\r\n", {"carrier": ["AA"], "dest": ["B6"]}),
    "with a byte order mark": ("\ufeffcarrier\nAA\n", {"carrier": ["AA"]}),
    "with an empty last value": (
        "carrier,dest\nAA,\nB6,BOS\n",
        {"carrier": ["AA", "B6"], "dest": [None, "BOS"]},
    ),
    "with an empty text in quotes": (
        'carrier,dest\n"",BOS\nB6,""\n',
        {"carrier": [None, "B6"], "dest": ["BOS", None]},
    ),
    "with commas, quotes and lines in quotes": (
        'name,dest\n"The ""Big"" One, Inc.\nof Boston",\n',
        {"name": ['The "Big" One, Inc.\nof Boston'], "dest": [None]},
    ),
    "with empty lines at its end": (
        "carrier,dest\nAA,BOS\n\n\r\n\n",
        {"carrier": ["AA"], "dest": ["BOS"]},
    ),
    "with an empty column": ("carrier,\nAA,\n", {"carrier": ["AA"], "": [None]}),
    "with a header alone": ("carrier,dest\n", {"carrier": [], "dest": []}),
    "of one column": ("carrier\nAA;1\n", {"carrier": ["AA;1"]}),
    "packed": (gzip.compress(b"carrier,dest\nAA,\n"), {"carrier": ["AA"], "dest": [None]}),
}


@pytest.mark.parametrize(("text", "expected"), TAKEN.values(), ids=TAKEN)
def test_a_file_is_read_as_it_stands(text: str | bytes, expected: Columns) -> None:
    assert read(text) == expected


def test_na_is_a_value_but_where_it_says_that_there_is_none() -> None:
    text = 'carrier,tailnum,dest\nNA,NA,"NA"\n"NA","NA",\n'
    assert read(text, "tailnum", "no_such_column") == {
        "carrier": ["NA", "NA"],
        "tailnum": [None, None],
        "dest": ["NA", None],
    }


RAGGED = "correct these lines; a value with a comma in it stands in quotes."
CUT = "fetch the file again; it is cut short or damaged."
LATIN = "convert it: `iconv -f WINDOWS-1252 -t UTF-8`."
COMMAS = "write it with commas, and with points in numbers."
WRONG: dict[str, tuple[bytes, str, str]] = {
    "Latin-1": (
        "faa,name\nBOS,Logan\nGRU,São Paulo\n".encode("latin-1"),
        (
            "flights.csv is not UTF-8: line 3 has the byte 0xE3; in Latin-1 or Windows-1252 it reads "
            "'GRU,São Paulo'."
        ),
        LATIN,
    ),
    "Windows-1252 in the header": (
        "faa,“name”\nBOS,Logan\n".encode("windows-1252"),
        (
            "flights.csv is not UTF-8: line 1 has the byte 0x93; in Latin-1 or Windows-1252 it reads "
            "'faa,“name”'."
        ),
        LATIN,
    ),
    "UTF-16": (
        "faa,name\nBOS,Logan\n".encode("utf-16"),
        "flights.csv is UTF-16, not UTF-8.",
        "convert it: `iconv -f UTF-16 -t UTF-8`.",
    ),
    "UTF-16 without a mark": (
        "faa,name\nBOS,Logan\n".encode("utf-16-le"),
        "flights.csv is UTF-16, not UTF-8.",
        "convert it: `iconv -f UTF-16 -t UTF-8`.",
    ),
    "cut within a letter": (
        "faa,name\nGRU,Sã".encode()[:-1],
        "flights.csv ends within a letter of line 2.",
        CUT,
    ),
    "semicolons": (
        b"faa;name\nBOS;Logan\n",
        "flights.csv is separated by semicolons (;), not by commas: line 1 is 'faa;name'.",
        COMMAS,
    ),
    "semicolons, and commas in numbers": (
        b"faa;lat;name, short\nBOS;42,36;Logan\n",
        (
            "flights.csv is separated by semicolons (;), not by commas: line 1 is "
            "'faa;lat;name, short'."
        ),
        COMMAS,
    ),
    "tabs": (
        b"faa\tname\nBOS\tLogan\n",
        r"flights.csv is separated by tabs, not by commas: line 1 is 'faa\tname'.",
        COMMAS,
    ),
    "old Mac lines": (
        b"faa,name\rBOS,Logan\r",
        "flights.csv has carriage returns between its lines, not line feeds.",
        r"convert it: `tr '\r' '\n'`.",
    ),
    "lines that are too long": (
        b"faa,name\nBOS,Logan\nIAH,Bush, George\nEWR,Newark\nLGA,La,Guardia\n",
        (
            "flights.csv has 2 lines that do not hold 2 values, as the header does; the first, "
            "line 3, holds 3: 'IAH,Bush, George'."
        ),
        RAGGED,
    ),
    "a line that is too short": (
        b'faa,name\nBOS,"Logan\nBoston"\nIAH\nEWR,Newark\n',
        (
            "flights.csv has 1 lines that do not hold 2 values, as the header does; the first, "
            "line 4, holds 1: 'IAH'."
        ),
        RAGGED,
    ),
    "an empty line": (
        b"faa,name\n\nBOS,Logan\n",
        (
            "flights.csv has 1 lines that do not hold 2 values, as the header does; the first, "
            "line 2, holds 0: ''."
        ),
        RAGGED,
    ),
    "cut within a line": (
        b"faa,name,tzone\nBOS,Logan,America/New_York\nIAH,Bu",
        "flights.csv ends within line 3, with 2 of 3 values: 'IAH,Bu'.",
        CUT,
    ),
    "a quote that is not closed": (
        b'faa,name\nBOS,"Logan\nIAH,Bush\n',
        "flights.csv has a quote in line 2 that does not end its value: 'BOS,\"Logan'.",
        "close it, and double each quote inside a value.",
    ),
    "a text behind a quote": (
        b'faa,name\nBOS,"Logan" Airport\nIAH,Bush\n',
        (
            "flights.csv has a quote in line 2 that does not end its value: "
            "'BOS,\"Logan\" Airport'."
        ),
        "close it, and double each quote inside a value.",
    ),
    "a quote inside a value": (
        b"faa,alt\nBOS,5'10\"\nIAH,9\n",
        "flights.csv has a quote inside a value of line 2: 'BOS,5\\'10\"'.",
        "put the value in quotes, and double each quote inside it.",
    ),
    "nothing": (b"", "flights.csv (0 bytes) cannot be read: empty CSV.", CUT),
}  # fmt: skip


@pytest.mark.parametrize(("data", "what", "fix"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_the_line_and_the_way_out(
    data: bytes, what: str, fix: str
) -> None:
    with pytest.raises(DataError) as raised:
        read(data)
    assert str(raised.value) == f"{what}\n  Next: {fix}"


def test_a_short_line_among_many_is_found() -> None:
    lines = [*["AA,1"] * 100_000, "B6", *["AA,1"] * 100_000]
    with pytest.raises(DataError, match=r"the first, line 100,002, holds 1: 'B6'\."):
        read("\n".join(["carrier,flight", *lines, ""]))
