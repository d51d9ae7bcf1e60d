"""How a function becomes the command of a stage, and what a failure leaves behind.

Long because each promise of one function is a case of its own.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from include import partitions, step
from include.errors import DataError
from include.step import Kept, Out

ROOT = Path(__file__).parents[1]


class Files(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    flights: str = Field(description="file of flights")
    weather: str = Field(description="file of hourly weather")


class Params(BaseModel):
    """Section copy_words of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_words: int = Field(ge=1, le=16, description="most words that are copied")
    files: Files = Field(
        default=Files(flights="f.csv", weather="w.csv"), description="names of the files"
    )


class Window(BaseModel):
    """Section window of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: int = Field(default=0, description="first word that is copied")
    last: int = Field(default=9, description="last word that is copied")

    @model_validator(mode="after")
    def is_in_order(self) -> "Window":
        if self.last < self.first:
            raise ValueError("window.last must not be before window.first.")
        return self


def copy_words(words: Path, few_words: Out, months: Kept, window: Window, params: Params) -> None:
    """Copy 100 % of the first words."""
    held = words.read_text().split()[window.first : params.max_words]
    few_words.write_text(" ".join(held))
    partitions.update(months, {word: word for word in held}, lambda word, work: write(word, work))
    if "fail" in held:
        raise DataError("A word says fail.", "remove it.")


def write(word: str, work: Path) -> None:
    (work / f"{word}.txt").write_text(word)


COMMAND = ["--words", "words.txt", "--few-words", "out/few.txt", "--months", "out/months"]


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("one two three")
    Path("params.yaml").write_text("copy_words:\n  max_words: 2\nwindow: {}\n")
    return tmp_path


def run() -> int:
    return step.run(copy_words, COMMAND)


def test_a_stage_reads_its_section_and_writes_what_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    assert Path("out/few.txt").read_text() == "one two"
    assert (Path("out/months/two.txt")).read_text() == "two"
    assert sorted(os.listdir("out")) == ["few.txt", "months"]
    captured = capsys.readouterr()
    assert captured.out == "copy_words: done in 0.0 s\n"
    assert captured.err == ""


def test_help_tells_what_the_stage_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        step.run(copy_words, ["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "Copy 100 % of the first words." in printed
    assert "--few-words FEW_WORDS" in printed


WRONG_PARAMS = {
    "no file": (
        None,
        "{folder}/params.yaml does not exist.\n  Next: run from the root of the repository.",
    ),
    "no YAML": (
        "copy_words: [1, 2\nwindow: {}",
        (
            'params.yaml is not YAML: while parsing a flow sequence in "<unicode string>", line 1, '
            "column 13: copy_words: [1, 2 ^ expected ',' or ']', but got ':' in \"<unicode string>\", "
            "line 2, column 7: window: {} ^.\n  Next: mend that line."
        ),
    ),
    "empty file": (
        "",
        "params.yaml has no section 'window'.\n  Next: add one with first, last.",
    ),
    "missing section": (
        "window: {}",
        "params.yaml has no section 'copy_words'.\n  Next: add one with max_words, files.",
    ),
    "missing setting": (
        "window: {}\ncopy_words: {}",
        (
            "params.yaml lacks copy_words.max_words.\n"
            "  Next: add copy_words.max_words: most words that are copied."
        ),
    ),
    "missing setting inside a setting": (
        "window: {}\ncopy_words: {max_words: 1, files: {flights: a}}",
        (
            "params.yaml lacks copy_words.files.weather.\n"
            "  Next: add copy_words.files.weather: file of hourly weather."
        ),
    ),
    "unknown setting": (
        "window: {}\ncopy_words: {max_words: 1, max_word: 2}",
        (
            "params.yaml has an unknown setting copy_words.max_word. Did you mean 'max_words'?\n"
            "  Next: rename or remove it."
        ),
    ),
    "unknown setting inside a setting": (
        "window: {}\ncopy_words: {max_words: 1, files: {flights: a, weather: b, wether: c}}",
        (
            "params.yaml has an unknown setting copy_words.files.wether. Did you mean 'weather'?\n"
            "  Next: rename or remove it."
        ),
    ),
    "out of range": (
        "window: {}\ncopy_words: {max_words: 17}",
        (
            "params.yaml sets copy_words.max_words to 17: input should be less than or equal to 16.\n"
            "  Next: change copy_words.max_words in params.yaml."
        ),
    ),
    "of another type": (
        "window: {}\ncopy_words: {max_words: many}",
        (
            "params.yaml sets copy_words.max_words to 'many': input should be a valid integer, unable "
            "to parse string as an integer.\n  Next: change copy_words.max_words in params.yaml."
        ),
    ),
    "empty section": (
        "window:\ncopy_words: {max_words: 1}",
        (
            "params.yaml sets window to None: input should be a valid dictionary or instance of "
            "Window.\n  Next: change window in params.yaml."
        ),
    ),
    "settings that contradict each other": (
        "window: {first: 3, last: 2}\ncopy_words: {max_words: 1}",
        (
            "params.yaml sets window to {'first': 3, 'last': 2}: window.last must not be before "
            "window.first.\n  Next: change window in params.yaml."
        ),
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG_PARAMS.values(), ids=WRONG_PARAMS)
def test_a_wrong_setting_is_named_with_the_way_out(
    repository: Path, capsys: pytest.CaptureFixture[str], text: str | None, message: str
) -> None:
    Path("params.yaml").unlink()
    if text is not None:
        Path("params.yaml").write_text(text)
    assert run() == 1
    assert (
        capsys.readouterr().err == f"copy_words: {message.replace('{folder}', str(repository))}\n"
    )


def test_a_params_file_that_is_no_text_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("params.yaml").write_bytes(b"window: \xff")
    assert run() == 1
    assert capsys.readouterr().err == (
        "copy_words: params.yaml is not YAML: 'utf-8' codec can't decode byte 0xff in position 8: "
        "invalid start byte.\n  Next: mend that line.\n"
    )


def test_an_input_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("words.txt").unlink()
    assert run() == 1
    assert capsys.readouterr().err == (
        "copy_words: The input words, words.txt, does not exist.\n"
        "  Next: run `dvc repro`, which makes it first, or `dvc pull` it.\n"
    )


def test_a_stage_that_fails_leaves_the_old_output_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    Path("words.txt").write_text("two fail")
    assert run() == 1
    assert capsys.readouterr().err == "copy_words: A word says fail.\n  Next: remove it.\n"
    assert Path("out/few.txt").read_text() == "one two"
    assert sorted(os.listdir("out")) == ["few.txt", "months"]


def test_a_bug_keeps_its_traceback_and_leaves_the_old_output_alone() -> None:
    def copy_words(few_words: Out, months: Kept) -> None:
        few_words.write_text("half")
        raise ZeroDivisionError

    Path("out").mkdir()
    Path("out/few.txt").write_text("old")
    with pytest.raises(ZeroDivisionError):
        step.run(copy_words, COMMAND[2:])
    assert os.listdir("out") == ["few.txt"]
    assert Path("out/few.txt").read_text() == "old"


def make_folder(out: Out) -> None:
    """A folder of one file."""
    out.mkdir()
    (out / "new.txt").write_text("new")


@pytest.mark.parametrize("old", ["folder", "file", "link to a folder", "nothing"])
def test_a_folder_takes_the_place_of_what_was_there(repository: Path, old: str) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/old.txt").write_text("old")
    if old == "folder":
        shutil.copytree("elsewhere", "result")
    elif old == "file":
        Path("result").write_text("old")
    elif old == "link to a folder":
        Path("result").symlink_to("elsewhere")
    assert step.run(make_folder, ["--out", "result"]) == 0
    assert os.listdir("result") == ["new.txt"]
    # What a link pointed to is not ours.
    assert os.listdir("elsewhere") == ["old.txt"]
    assert sorted(os.listdir()) == ["elsewhere", "params.yaml", "result", "words.txt"]


def test_a_leftover_of_a_killed_process_with_the_same_id_is_no_hindrance() -> None:
    # Process ids are the same in every run of a container.
    leftover = Path(f".result.{os.getpid()}")
    leftover.mkdir()
    (leftover / "half.txt").write_text("half")
    assert step.run(make_folder, ["--out", "result"]) == 0
    assert os.listdir("result") == ["new.txt"]
    assert not leftover.exists()


def test_an_output_that_was_not_made_is_left_to_dvc_to_name() -> None:
    def forgets(out: Out) -> None:
        pass

    assert step.run(forgets, ["--out", "result"]) == 0
    assert not Path("result").exists()


SLOW_STAGE = '''
import time
from pathlib import Path
from include import partitions, step
from include.step import Kept, Out

def slow(out: Out, months: Kept) -> None:
    """Write half of everything, and wait."""
    out.mkdir()
    (out / "half.txt").write_text("half")
    partitions.update(months, {"2013-01": "a", "2013-02": "new"}, build)

def build(label: str, work: Path) -> None:
    (work / f"{label}.txt").write_text("half")
    Path("waiting").touch()
    time.sleep(60)

raise SystemExit(step.run(slow))
'''


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_stage_that_is_stopped_in_the_middle_leaves_what_was_there(kill: signal.Signals) -> None:
    Path("result").mkdir()
    Path("result/old.txt").write_text("old")
    partitions.update(Path("months"), {"2013-01": "a", "2013-02": "b"}, write)
    Path("slow.py").write_text(SLOW_STAGE)
    command = [sys.executable, "slow.py", "--out", "result", "--months", "months"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not Path("waiting").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(kill)
        _, printed = process.communicate(timeout=20)
    assert process.returncode == 130
    assert printed == (
        "slow: interrupted; what was being written is discarded.\n  Next: run it again, or get the "
        "last results back with `dvc checkout`.\n"
    )
    assert Path("result/old.txt").read_text() == "old"
    assert os.listdir("result") == ["old.txt"]
    assert sorted(os.listdir("months")) == ["2013-01.txt", "2013-02.txt", "_keys.json"]
    assert Path("months/2013-02.txt").read_text() == "2013-02"
    # The months that were not touched keep their keys.
    assert partitions.read_keys(Path("months")) == {"2013-01": "a", "2013-02": "b"}
    left = {"months", "params.yaml", "result", "slow.py", "waiting", "words.txt"}
    assert set(os.listdir()) == left


FULL_DISK_STAGE = '''
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
import polars as pl
from include import step
from include.step import Out

def fill(out: Out) -> None:
    """Write a megabyte by way of the library that is asked for."""
    if how == "polars":
        pl.DataFrame({"n": range(200_000)}).write_parquet(out)
    elif how == "pyarrow":
        pl.DataFrame({"n": range(200_000)}).write_parquet(out, use_pyarrow=True)
    elif how == "sqlite":
        with closing(sqlite3.connect(out)) as database:
            database.execute("CREATE TABLE full AS SELECT zeroblob(1000000) AS n")
    else:
        out.write_text("n" * 1_000_000)

how = sys.argv.pop()
raise SystemExit(step.run(fill))
'''


@pytest.mark.parametrize("how", ["python", "polars", "pyarrow", "sqlite"])
def test_a_full_disk_is_named_and_the_old_output_stays(repository: Path, how: str) -> None:
    Path("disk").mkdir()
    Path("fill.py").write_text(FULL_DISK_STAGE)
    # A disk of 64 kB that nobody else sees, and that goes with the shell.
    mount = "mount -t tmpfs -o size=64k tmpfs disk"
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-ec"]
    if shutil.which("unshare") is None or subprocess.run([*alone, mount], check=False).returncode:
        pytest.skip("this machine does not let a test mount a disk")
    script = f"""{mount}; echo old > disk/out
        "{sys.executable}" fill.py --out disk/out {how} || echo status $?
        ls -A disk; cat disk/out"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*alone, script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "status 1\nout\nold\n"
    fact, order = done.stderr.splitlines()
    assert fact.startswith("fill: The disk is full: ")
    assert ("database or disk is full" if how == "sqlite" else "No space left on device") in fact
    assert order == "  Next: free some space, then run it again."


def test_a_path_that_is_forbidden_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def forbidden(out: Out) -> None:
        raise PermissionError(13, "Permission denied", "/secret")

    assert step.run(forbidden, ["--out", "result"]) == 1
    assert capsys.readouterr().err == (
        "forbidden: /secret cannot be used: Permission denied.\n"
        "  Next: give this user the right to it.\n"
    )
