"""What is wrong with a file that should be CSV, in which line, and what to do about it."""

import csv
import io

CUT_SHORT = "fetch the file again; it is cut short or damaged."
SEPARATORS = {";": "semicolons (;)", "\t": "tabs", "|": "bars (|)"}
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
Fault = tuple[str, str]  # what is wrong, and what to do


def explain(data: bytes, where: str, problem: str) -> Fault:
    """Why polars refused a file; in the words of polars where nothing better is found."""
    fault = find(data, where) or stray_quote(data, where)
    return fault or (f"{where} ({len(data):,} bytes) cannot be read: {problem}.", CUT_SHORT)


def find(data: bytes, where: str) -> Fault | None:
    """What is wrong with the letters, the separators or the lines of a file, if anything is."""
    return bad_letters(data, where) or bad_separator(data, where) or bad_lines(data, where)


def bad_letters(data: bytes, where: str) -> Fault | None:
    """The file is not UTF-8."""
    if data.startswith(BYTE_ORDER_MARKS) or b"\0" in data[:2]:
        return f"{where} is UTF-16, not UTF-8.", "convert it: `iconv -f UTF-16 -t UTF-8`."
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if error.end == len(data) and error.reason == "unexpected end of data":
            return f"{where} ends within a letter of line {line:,}.", CUT_SHORT
        what = (
            f"{where} is not UTF-8: line {line:,} has the byte 0x{data[error.start]:02X}; "
            f"in Latin-1 or Windows-1252 it reads {quoted(data, line, 'windows-1252')}."
        )
        return what, "convert it: `iconv -f WINDOWS-1252 -t UTF-8`."
    return None


def bad_separator(data: bytes, where: str) -> Fault | None:
    """Something else than a comma stands between values, or than a line feed between lines."""
    header = data.lstrip(b"\r\n").partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")
    if "\r" in header:
        what = f"{where} has carriage returns between its lines, not line feeds."
        return what, "convert it: `tr '\\r' '\\n'`."
    most = max(SEPARATORS, key=header.count)
    if header.count(most) <= header.count(","):
        return None
    what = f"{where} is separated by {SEPARATORS[most]}, not by commas: line 1 is "
    return f"{what}{shortened(header)}.", "write it with commas, and with points in numbers."


def bad_lines(data: bytes, where: str) -> Fault | None:
    """Lines hold more or fewer values than the header, or a quote is not closed."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    line, width, wrong, first, held = 1, 0, 0, 0, 0
    try:
        for values in reader:
            width = width or len(values)
            if len(values) != width:
                wrong += 1
                first, held = (first, held) if first else (line, len(values))
            line = reader.line_num + 1
    except csv.Error:
        what = f"{where} has a quote in line {line:,} that does not end its value: "
        return what + f"{quoted(data, line)}.", "close it, and double each quote inside a value."
    if not wrong:
        return None
    if held < width and not data.endswith(b"\n") and first == data.count(b"\n") + 1:
        what = f"{where} ends within line {first:,}, with {held} of {width} values: "
        return what + f"{quoted(data, first)}.", CUT_SHORT
    what = (
        f"{where} has {wrong:,} lines that do not hold {width} values, as the header does; "
        f"the first, line {first:,}, holds {held}: {quoted(data, first)}."
    )
    return what, "correct these lines; a value with a comma in it stands in quotes."


def stray_quote(data: bytes, where: str) -> Fault | None:
    """A quote stands in the middle of a value, where polars looks for the end of it."""
    for line, text in enumerate(data.split(b"\n"), 1):
        if text.count(b'"') % 2:
            what = f"{where} has a quote inside a value of line {line:,}: {quoted(data, line)}."
            return what, "put the value in quotes, and double each quote inside it."
    return None


def quoted(data: bytes, line: int, encoding: str = "utf-8-sig") -> str:
    """A line as it may stand in a message."""
    return shortened(data.split(b"\n")[line - 1].decode(encoding, "replace").rstrip("\r"))


def shortened(text: str) -> str:
    """The begin of a text, in quotes."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
