"""A value of a run is no command, and no way out of the repository."""

from pathlib import Path

import pytest
from parity import make
from small_git import shell

from include.errors import PipelineError
from include.pipeline.opening.open_run import open_run
from include.pipeline.values import is_held

GRAPH = """
vars: [other.yaml]
stages:
  one:
    cmd: echo ${t.word} ${t.count} > ${t.out} && mkdir -p ${t.empty}x
    deps: ["${t.dep}"]
    outs: ["${t.out}"]
  named:
    foreach: ${t.names}
    do:
      cmd: echo ${item} > named-${item}.txt
      outs: ["named-${item}.txt"]
  all:
    cmd: echo ${t.options}
    params: [t.unused, "${other.file}:"]
  below:
    wdir: ${t.place}
    cmd: echo below > below.txt
    outs: [below.txt]
  quiet:
    cmd: python quiet.py
    deps: ["${t.read}"]
    outs: ["kept/${t.made}"]
"""
PARAMS = """
t:
  word: plain
  count: 1
  out: out.txt
  dep: dep.txt
  empty: some
  names: [a, b]
  options: {depth: 3, kind: tree}
  place: sub
  unused: nothing
  read: read.txt
  made: made.txt
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    files = {"dvc.yaml": GRAPH, "params.yaml": PARAMS, "dep.txt": "d", "secret.txt": "s"}
    files |= {"read.txt": "r", "kept/k": "", "models/k": ""}
    files |= {"other.yaml": "other: {file: params.yaml}\n", "sub/kept.txt": ""}
    return make(tmp_path_factory.mktemp("values") / "repo", files)


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")


def begin(repo: Path, home: Path, held=(), **given: object) -> None:
    params = {name.replace("__", "."): value for name, value in given.items()}
    form = {"whole": ["t.options"], "held": held}
    open_run(repo, "one", params=params, targets=["."], plan_key=None, home=home, **form)


ATTACKS = {
    "a command": ({"t.word": "x; touch victim"}, "t.word", "cmd of stage 'one'"),
    "one word": ({"t.word": "x"}, "t.word", "cmd of stage 'one'"),
    "a section": ({"t": {"word": "$(id)"}}, "t", "cmd of stage 'one'"),
    "an out": ({"t.out": "models"}, "t.out", "cmd of stage 'one'"),
    "a dep": ({"t.dep": "secret.txt"}, "t.dep", "dep of stage 'one'"),
    "nothing where there was something": ({"t.empty": ""}, "t.empty", "cmd of stage 'one'"),
    "an item": ({"t.names": ["a", "b; id"]}, "t.names", "cmd of stage 'named@b; id'"),
    "a name of an option": ({"t.options": {"x; id": 3}}, "t.options", "cmd of stage 'all'"),
    "a text among options": ({"t.options": {"kind": "x"}}, "t.options", "cmd of stage 'all'"),
    "a folder to work in": ({"t.place": "."}, "t.place", "out of stage 'below'"),
    "a path in other words": ({"t.read": "./secret.txt"}, "t.read", "dep of stage 'quiet'"),
    "a path by a detour": ({"t.read": "kept/../secret.txt"}, "t.read", "dep of stage 'quiet'"),
    "a folder with a slash": ({"t.read": "models/"}, "t.read", "dep of stage 'quiet'"),
    "a way up within": ({"t.made": "../models"}, "t.made", "out of stage 'quiet'"),
    "another text of the section": ({"t": {"read": "plain"}}, "t", "dep of stage 'quiet'"),
    "what DVC quotes": ({"t.options": {"kind": "x'y"}}, "t.options", "cmd of stage 'all'"),
    "what DVC unquotes": ({"t.word": r"\${IFS}; id"}, "t.word", "cmd of stage 'one'"),
    "a file of params": ({"other.yaml:other.file": "dep.yaml"}, "other.yaml:other.file", "param"),
}


@pytest.mark.parametrize(("given", "name", "where"), ATTACKS.values(), ids=ATTACKS)
def test_a_text_that_is_held_to_nothing_does_not_reach_what_a_worker_obeys(
    made, tmp_path, given, name, where
):
    (made / "dep.yaml").write_text("")
    with pytest.raises(PipelineError) as error:
        begin(made, tmp_path / "home", **given)
    (made / "dep.yaml").unlink()
    assert f"The run sets {name} to " in str(error.value)
    assert f"this reaches the {where}" in str(error.value)
    assert f'form={{"{name}"' in str(error.value)
    assert not list((tmp_path / "home").rglob("dvc.yaml"))


OUTSIDE = {
    "a whole path": "/some/dir",
    "a way up": "../..",
    "a way up behind a folder": "a/../../b",
    "git's": ".git/hooks/x",
    "dvc's": ".dvc/config",
}


@pytest.mark.parametrize("field", ["t.out", "t.dep", "t.place"])
@pytest.mark.parametrize("path", OUTSIDE.values(), ids=OUTSIDE)
def test_no_path_of_a_run_leads_out_of_the_repository(made, tmp_path, field, path):
    # Even one that the form has held to something.
    with pytest.raises(PipelineError) as error:
        begin(made, tmp_path / "home", held=[field], **{field: path})
    assert field in str(error.value)


def test_a_remote_dep_is_not_swapped_for_another_server_s(made, tmp_path):
    with pytest.raises(PipelineError, match=r"t\.dep"):
        begin(made, tmp_path / "home", held=["t.dep"], t__dep="s3://theirs/data.csv")


HARMLESS = {
    "a number in a command": {"t.count": 7},
    "a number among options": {"t.options": {"depth": 9}},
    "what no command holds": {"t.unused": "x; id"},
    "what the commit says": {"t.word": "plain", "t.count": 7, "t.out": "out.txt"},
    "less of a list": {"t.names": ["a"]},
}


@pytest.mark.parametrize("given", HARMLESS.values(), ids=HARMLESS)
def test_what_reaches_nothing_or_is_no_text_is_taken(made, tmp_path, given):
    begin(made, tmp_path / "home", **given)
    assert shell(made, "git", "status", "--porcelain") == ""


def test_a_text_that_is_held_to_something_is_taken(made, tmp_path):
    begin(made, tmp_path / "home", held=["t.word", "t.out"], t__word="other", t__out="models")


@pytest.mark.parametrize(
    ("schema", "value", "held"),
    [
        ({"type": "string"}, "x", False),
        ({"type": "string", "maxLength": 3}, "x", False),
        ({"pattern": "^x$"}, "x", True),
        ({"pattern": "^x$"}, "x\n", False),
        ({"pattern": "x"}, "x; id", False),
        ({"format": "multiline"}, "x; id", False),
        ({"format": "email"}, "x; id @", False),
        ({"enum": ["x"]}, "x", True),
        ({"format": "date"}, "2013-01-01", True),
        ({"type": "array", "items": {"type": "string"}}, ["x"], False),
        ({"type": "array", "items": {"enum": ["x"]}}, ["x"], True),
        ({"type": "array", "pattern": "^x$"}, ["x"], False),
        ({"type": "object"}, {"a": "x"}, False),
        ({"type": "object", "properties": {"a": {"enum": ["x"]}}}, {"a": "x"}, True),
        ({"type": "object", "properties": {"a": {"enum": ["x"]}}}, {"b": "x"}, False),
        ({"type": "integer"}, 3, True),
    ],
)
def test_a_form_holds_a_text_by_what_it_says_of_it(schema, value, held):
    assert is_held(schema, value) is held
