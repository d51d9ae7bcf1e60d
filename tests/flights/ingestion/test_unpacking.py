"""What is packed is unpacked within limits, whatever a file says of itself."""

import gzip
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from include.errors import DataError
from include.flights.ingestion import sources
from include.flights.ingestion.unpacking import Limits

ROOT = Path(__file__).parents[3]
HEAD = b"carrier,flight\n"
LINE = b"AA,1\n"
SMALL = Limits(unpacked_mb=2, ratio=50, entries=3)
NEXT = (
    "\n  Next: see that it is the right file; if so, raise ingest_flights.limits.{} in params.yaml."
)


def bomb(megabytes: int) -> bytes:
    return HEAD + LINE * (megabytes * 1_000_000 // len(LINE))


def zipped(text: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("rows.csv", text)
    return data.getvalue()


def lying(data: bytes, size: int) -> bytes:
    """A zip archive whose headers name another size than comes out."""
    told = bytearray(data)
    struct.pack_into("<L", told, told.index(b"PK\x03\x04") + 22, size)
    struct.pack_into("<L", told, told.index(b"PK\x01\x02") + 24, size)
    return bytes(told)


def failure(folder: Path, name: str, data: bytes, limits: Limits | None = SMALL) -> str:
    (folder / name).write_bytes(data)
    with pytest.raises(DataError) as raised:
        sources.read_table(str(folder), name, limits=limits)
    return str(raised.value).replace(f"{folder}/", "")


def deflated(megabytes: int) -> bytes:
    """So many megabytes of lines, as zip and gzip hold them; made at once, for all are alike."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = packer.compress(LINE * (1_000_000 // len(LINE))) + packer.flush(zlib.Z_FULL_FLUSH)
    return one * megabytes + b"\x03\x00"


def zip_of(stream: bytes, size: int) -> bytes:
    """A zip archive with what is deflated, and says that so many bytes come out of it."""
    told = bytearray(lying(zipped(stream, zipfile.ZIP_STORED), size))
    for sign, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", told, told.index(sign) + place, zipfile.ZIP_DEFLATED)
    return bytes(told)


def gzip_of(stream: bytes) -> bytes:
    return b"\x1f\x8b\x08" + bytes(7) + stream + bytes(8)


PACKED = {
    "rows.csv.zip": ("rows.csv in rows.csv.zip", zipped),
    "rows.csv": ("rows.csv", gzip.compress),
}


@pytest.mark.parametrize(
    ("name", "where", "pack"), [(n, *held) for n, held in PACKED.items()], ids=["zip", "gzip"]
)
def test_a_file_that_unpacks_to_too_much_is_refused_with_its_numbers(tmp_path, name, where, pack):
    data = pack(bomb(3))
    told = failure(tmp_path, name, data, Limits(unpacked_mb=2, ratio=100_000))
    packed = told.split("(")[1].split(" bytes")[0]
    assert int(packed.replace(",", "")) <= len(data)
    assert told == f"{where} ({packed} bytes) unpacks to more than 2 MB." + NEXT.format(
        "unpacked_mb"
    )
    told = failure(tmp_path, name, data, Limits(unpacked_mb=2000, ratio=50))
    assert (
        told
        == f"{where} ({packed} bytes) unpacks to more than 50 times its size."
        + NEXT.format("ratio")
    )
    table = sources.read_table(str(tmp_path), name, limits=Limits(unpacked_mb=4, ratio=100_000))
    assert table.height == 600_000


def test_a_small_file_may_be_packed_however_well(tmp_path):
    (tmp_path / "rows.csv").write_bytes(gzip.compress(HEAD + LINE * 100_000))
    limits = Limits(unpacked_mb=1, ratio=1)
    assert sources.read_table(str(tmp_path), "rows.csv", limits=limits).height == 100_000


BOMBS = {
    "an honest zip": ("rows.csv.zip", lambda stream: zip_of(stream, 3_000_000_000)),
    "a zip that says 1 MB": ("rows.csv.zip", lambda stream: zip_of(stream, 1_000_000)),
    "gzip": ("rows.csv", gzip_of),
    "gzip in zip": ("rows.csv.zip", lambda stream: zipped(gzip_of(stream))),
}


@pytest.mark.parametrize(("name", "pack"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_of_three_gigabytes_takes_the_memory_of_the_ratio_at_most(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(deflated(3000)))
    packed_kb = (tmp_path / name).stat().st_size / 1000
    assert packed_kb < 6_000
    code = f"""
import resource, sys
from include.errors import DataError
from include.flights.ingestion import sources
import polars, pyarrow.parquet
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most()
try:
    sources.read_table({str(tmp_path)!r}, {name!r})
except DataError:
    print(most() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert int(done.stdout) < 100 * packed_kb + 100_000, done.stderr


def test_what_an_archive_says_of_its_size_is_not_believed(tmp_path):
    data = zipped(bomb(3))
    assert "more than 2 MB" in failure(
        tmp_path, "large.csv.zip", lying(data, 3_000_000_000), Limits(unpacked_mb=2)
    )
    told = failure(tmp_path, "small.csv.zip", lying(data, 100))
    assert "cannot be read: Bad CRC-32" in told


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_a_method_that_python_unpacks_at_a_stroke_is_not_read(tmp_path, method):
    data = lying(zipped(bomb(3), method), 100)
    assert failure(tmp_path, "rows.csv.zip", data).startswith(
        "rows.csv.zip cannot be unpacked: That compression method is not supported.\n  Next: zip it"
    )


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (gzip.compress(gzip.compress(bomb(1))), "is packed twice by gzip."),
        (zlib.compress(bomb(1)), "is packed by zlib, which is not read."),
        (pa.compress(bomb(1), "zstd").to_pybytes(), "is packed by zstd, which is not read."),
        (gzip.compress(zlib.compress(bomb(1))), "is packed by zlib, which is not read."),
    ],
    ids=["gzip in gzip", "zlib", "zstd", "zlib in gzip"],
)
def test_nothing_is_unpacked_behind_our_back(tmp_path, data, what):
    assert failure(tmp_path, "rows.csv", data).startswith(f"rows.csv {what}\n  Next: ")


def test_an_archive_of_too_many_entries_is_refused(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.txt", "")
    assert failure(tmp_path, "rows.csv.zip", data.getvalue()) == (
        "rows.csv.zip holds 4 entries; at most 3 may be in a zip archive." + NEXT.format("entries")
    )


def test_a_parquet_file_of_too_many_values_is_refused_before_it_is_read(tmp_path):
    data = io.BytesIO()
    pl.DataFrame({"flight": pl.zeros(1_000_000, eager=True)}).write_parquet(data)
    assert len(data.getvalue()) < 20_000
    told = failure(tmp_path, "rows.parquet", data.getvalue())
    assert told == (
        f"rows.parquet ({len(data.getvalue()):,} bytes) holds 1,000,000 rows of 1 columns, about "
        "8 MB; at most 2 MB are read." + NEXT.format("unpacked_mb")
    )


def test_a_parquet_file_of_few_large_values_is_refused(tmp_path):
    data = io.BytesIO()
    table = pa.table({"carrier": ["A" * 3_000_000]})
    pyarrow.parquet.write_table(table, data, compression="zstd", use_dictionary=False)
    assert len(data.getvalue()) < 20_000
    assert "1 rows of 1 columns, about " in failure(tmp_path, "rows.parquet", data.getvalue())
