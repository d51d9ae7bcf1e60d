"""Lockfiles are passed on line by line, as DVC wrote them."""

from pathlib import Path

import pytest
import yaml
from parity import dvc_, make, stages

from include.pipeline.lockfile import lines_of, lockfiles, parted, place_of, put

NAMES = ["on", "no", "1.5", "a", "l" * 150, "x@phi:3"]
REPO = {
    "dvc.yaml": stages(
        **{name: {"cmd": f"echo > {i}", "outs": [str(i)]} for i, name in enumerate(NAMES[:-1])},
        x={"foreach": ["phi:3"], "do": {"cmd": "echo > y", "outs": ["y"]}},
    )
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A lockfile that DVC wrote, with names of all kinds."""
    folder = make(tmp_path_factory.mktemp("locks") / "repo", REPO)
    dvc_(folder, "repro")
    return folder


def test_a_lock_is_parted_into_its_stages_and_put_together_again(folder):
    text = (folder / "dvc.lock").read_text()
    head, blocks, rest = parted(text)
    assert set(blocks) == set(NAMES)
    assert "".join([*head, *(line for block in blocks.values() for line in block), *rest]) == text
    for name in NAMES:
        assert [word for word in NAMES if word in lines_of(folder, name).splitlines()[0]] != []


def test_entries_make_a_new_lock_that_dvc_reads(folder, tmp_path):
    entries = {name: lines_of(folder, name) for name in reversed(NAMES)}
    before = (folder / "dvc.lock").read_text()
    try:
        (folder / "dvc.lock").unlink()
        put(folder, entries)
        assert list(parted((folder / "dvc.lock").read_text())[1]) == list(reversed(NAMES))
        assert dvc_(folder, "status").strip() == "Data and pipelines are up to date."
    finally:
        (folder / "dvc.lock").write_text(before)


@pytest.mark.parametrize(
    ("stage", "place"),
    [
        ("a", ("dvc.lock", "a")),
        ("a@phi:3", ("dvc.lock", "a@phi:3")),
        ("sub/dvc.yaml:a@phi:3", ("sub/dvc.lock", "a@phi:3")),
    ],
)
def test_a_stage_has_its_place(stage, place):
    file, name = place_of(stage)
    assert (str(file), name) == place


def test_only_locks_of_stages_are_locks(tmp_path):
    for name in ("dvc.lock", "data/dvc.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert lockfiles(tmp_path, ["a", "sub/dvc.yaml:b", "data.csv.dvc"]) == [Path("dvc.lock")]


def test_anchors_of_stages_that_ran_apart_are_counted_through_as_dvc_does(tmp_path):
    lines = "  {}:\n    cmd: x &id001\n    params:\n      p.yaml:\n        a: &id001\n        - ü\n"
    lines += "        b: &id002 []\n        c: *id002\n        d: *id001\n"
    put(tmp_path, {"one": lines.format("one")})
    put(tmp_path, {"two": lines.format("two")})
    held = (tmp_path / "dvc.lock").read_text()
    assert [line.strip() for line in held.splitlines() if "id0" in line] == [
        *("cmd: x &id001", "a: &id002", "b: &id001 []", "c: *id001", "d: *id002"),
        *("cmd: x &id001", "a: &id004", "b: &id003 []", "c: *id003", "d: *id004"),
    ]
    params = {"a": ["ü"], "b": [], "c": [], "d": ["ü"]}
    assert yaml.safe_load(held)["stages"]["two"]["params"] == {"p.yaml": params}


@pytest.mark.parametrize(
    "text",
    ["schema: '2.0'\nstages: {}\n", "schema: '2.0'\n", "stages: {a: {cmd: x}}\nschema: '2.0'\n"],
)
def test_a_lock_of_any_style_takes_an_entry(tmp_path, text):
    (tmp_path / "dvc.lock").write_text(text)
    put(tmp_path, {"b": "  b:\n    cmd: y\n"})
    assert lines_of(tmp_path, "b") == "  b:\n    cmd: y\n"
    assert bool(lines_of(tmp_path, "a")) == ("a:" in text.replace("schema:", ""))
