"""What is acknowledged is on record: under load, kill -9, rotation, and on a full disk.

Long because all its cases share the processes that write.
"""

import json
import os
import resource
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.serving.journal import Journal, NotLogged

ROOT = Path(__file__).parents[2]
# Appends lines of 5 kB for ever, and says the number of each once it is on record.
WORKER = """
import itertools, os, sys
from pathlib import Path
from include.serving.journal import Journal
journal = Journal(Path(sys.argv[1]), most_bytes=200_000)
for number in itertools.count():
    journal.append(b'{"worker":"%b","number":%d,"x":"%b"}\\n' % (sys.argv[2].encode(), number, b"x" * 5000))
    os.write(1, b"%d\\n" % number)
"""


def worker(folder: Path, name: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", WORKER, str(folder), name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def killed(process: "subprocess.Popen[bytes]", after: int) -> int:
    """Kill a worker that has acknowledged so many lines; how many it did acknowledge."""
    assert process.stdout is not None
    said = b""
    while said.count(b"\n") < after:
        said += os.read(process.stdout.fileno(), 65536)
    process.kill()
    said += process.stdout.read()
    process.wait()
    return said.count(b"\n")


def whole_lines(folder: Path) -> list[dict[str, object]]:
    """All lines of all files that have an end, in the order of files."""
    return [
        json.loads(text)
        for path in sorted(folder.iterdir())
        for text in path.read_bytes().split(b"\n")[:-1]
    ]


def test_kill_9_under_load_loses_no_acknowledged_line(tmp_path: Path) -> None:
    for after in (1, 60, 333):
        acknowledged = killed(worker(tmp_path, f"w{after}"), after)
        lines = [held for held in whole_lines(tmp_path) if held["worker"] == f"w{after}"]
        # The last line may be on record without an acknowledgement, never the other way round.
        assert [held["number"] for held in lines] in (
            list(range(acknowledged)),
            list(range(acknowledged + 1)),
        )


def test_two_workers_share_no_file(tmp_path: Path) -> None:
    processes = [worker(tmp_path, name) for name in ("one", "other")]
    acknowledged = {process.pid: killed(process, 100) for process in processes}
    for process, name in zip(processes, ("one", "other"), strict=True):
        own = [path for path in tmp_path.iterdir() if f"Z-{process.pid}-" in path.name]
        held = [json.loads(text) for path in own for text in path.read_bytes().split(b"\n")[:-1]]
        assert {one["worker"] for one in held} == {name}
        assert len(held) >= acknowledged[process.pid]
        assert {path.suffix for path in sorted(own)[:-1]} == {".jsonl"}


def test_a_file_has_a_size_above_which_the_next_begins(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most_bytes=30)
    for _ in range(5):
        journal.append(b"0123456789\n")
    journal.append(b"a line that is longer than a whole file may be\n")
    journal.close()
    assert [path.stat().st_size for path in sorted(tmp_path.iterdir())] == [22, 22, 11, 47]
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl"}


def test_a_file_has_an_age_above_which_the_next_begins(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most_seconds=0.05)
    journal.append(b"1\n")
    journal.append(b"2\n")
    time.sleep(0.06)
    journal.append(b"3\n")
    closed, still_open = sorted(tmp_path.iterdir())
    assert (closed.suffix, closed.read_bytes()) == (".jsonl", b"1\n2\n")
    assert (still_open.suffix, still_open.read_bytes()) == (".open", b"3\n")


def test_a_name_says_when_and_by_whom(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    journal = Journal(tmp_path)
    [path] = tmp_path.iterdir()
    moment, process, number = path.name.removesuffix(".jsonl.open").split("-")
    began = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert before <= began <= datetime.now(UTC)
    assert (process, number) == (str(os.getpid()), "0001")
    journal.close()


def test_a_name_that_another_container_took_is_not_taken_again(tmp_path: Path) -> None:
    journals = [Journal(tmp_path) for _ in range(3)]
    for number, journal in enumerate(journals):
        journal.append(b"%d\n" % number)
        journal.close()
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"0\n", b"1\n", b"2\n"]


def test_only_this_user_may_read_what_customers_asked(tmp_path: Path) -> None:
    Journal(tmp_path / "made" / "log").append(b"1\n")
    [file] = (tmp_path / "made" / "log").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_worker_that_was_asked_nothing_leaves_no_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.declare("delays:1", ["distance"])
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_closing_once_and_a_later_line_begins_a_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"1\n")
    journal.close()
    journal.close()
    journal.append(b"2\n")
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"1\n", b"2\n"]


def test_a_file_that_somebody_removed_does_not_stop_the_service(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most_bytes=3)
    journal.append(b"1\n")
    next(tmp_path.iterdir()).unlink()
    journal.append(b"2\n")
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == b"2\n"


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most_bytes=50_000)

    def work(letter: bytes) -> None:
        for _ in range(200):
            journal.append(b'"%b"\n' % (letter * 500))

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    lines = [text for path in tmp_path.iterdir() for text in path.read_bytes().splitlines()]
    assert sorted(lines) == sorted(b'"%b"' % (letter * 500) for letter in (b"a", b"b", b"c") * 200)


@contextmanager
def most_of_a_file(size: int) -> Iterator[None]:
    """The disk is full as soon as a file has so many bytes: of a write, what fits goes in."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("sync", [False, True], ids=["page cache", "disk"])
def test_on_a_full_disk_a_line_is_refused_and_none_is_half_there(
    tmp_path: Path, sync: bool
) -> None:
    journal = Journal(tmp_path, sync=sync)
    with most_of_a_file(35):
        for _ in range(3):
            journal.append(b"0123456789\n")
        for _ in range(2):
            with pytest.raises(NotLogged, match="only 2 of 11 bytes went into the file"):
                journal.append(b"0123456789\n")
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == b"0123456789\n" * 3
    journal.append(b"there is space again\n")
    assert path.read_bytes() == b"0123456789\n" * 3 + b"there is space again\n"


def test_a_file_that_cannot_even_be_cut_is_left_for_another(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"1\n")
    assert journal.file is not None
    with open("/dev/full", "wb") as full:
        os.dup2(full.fileno(), journal.file)
    with pytest.raises(NotLogged) as refused:
        journal.append(b"2\n")
    assert str(refused.value) == (
        f"The request cannot be put on record in {tmp_path}: No space left on device.\n"
        "  Next: make space there, or let this user write; then ask again."
    )
    journal.append(b"3\n")
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"1\n", b"3\n"]


def test_a_folder_that_cannot_be_is_told_before_the_first_request(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotLogged, match="file/log: Not a directory"):
        Journal(tmp_path / "file" / "log")


def test_each_file_names_the_features_of_each_model_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path, most_bytes=140)
    journal.declare("delays:1", ["distance", "carrier"])
    journal.append(b'{"n":1}\n')
    journal.declare("delays:1", ["distance", "carrier"])
    journal.declare("delays:2", ["hour"])
    journal.append(b'{"n":2}\n')
    journal.append(b'{"n":3}\n')
    one = {"kind": "names", "model": "delays:1", "features": ["distance", "carrier"]}
    two = {"kind": "names", "model": "delays:2", "features": ["hour"]}
    first, second = ([*map(json.loads, path.open())] for path in sorted(tmp_path.iterdir()))
    assert first == [one, {"n": 1}, two, {"n": 2}]
    assert second == [one, two, {"n": 3}]


def test_names_that_a_full_disk_refused_come_with_the_next_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.declare("delays:1", ["distance"])
    with most_of_a_file(10), pytest.raises(NotLogged):
        journal.append(b"1\n")
    journal.append(b"2\n")
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == b'{"kind":"names","model":"delays:1","features":["distance"]}\n2\n'


def test_a_line_that_nobody_waits_for_holds_up_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fdatasync", waited.append)
    journal = Journal(tmp_path, sync=True)
    journal.append(b"{}\n", awaited=False)
    assert not waited
    journal.append(b"{}\n")
    assert len(waited) == 1
