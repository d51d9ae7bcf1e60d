"""A run's values reach files of params, and nothing else in them changes."""

import json
from pathlib import Path

import pytest
import yaml
from dvc.fs import localfs
from dvc.utils.serialize import load_path
from parity import refused

from include.pipeline import params_file

TEXT = """\
# What may be changed.
train:   # of the model
  depth: 6             # most levels
  rate: 0.1
  name: "a"   # quoted
  layers: [8, 4]       # units
  steps:               # in a block
    - one   # first
    - two
  # of the text
  text: |
    of two
    lines
  # of nothing
  none:
  on: off
base: &base {lr: 1, opt: {m: 1}}
same: *base
more:
  <<: *base
  z: 1
shared: &s 5
other: *s
"dots.in.key": 3
plain:
  dots.too: 1

# the last line
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text(TEXT)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/a.json").write_text('{\n    "x": {"y": 1}\n}\n')
    (tmp_path / "conf/b.toml").write_text('# about\n[x]\ny = 1  # one\nz = "é"\n')
    (tmp_path / "conf/c.py").write_text("# about\nY = 1\n\n\nclass Train:\n    lr = 0.1\n")
    return tmp_path


def known(folder: Path) -> dict[str, object]:
    paths = [path for path in folder.rglob("*.*") if path.is_file()]
    return {str(path.relative_to(folder)): load_path(str(path), localfs) for path in paths}


def write(folder: Path, whole: tuple[str, ...] = (), **values: object) -> object:
    """Write values by their names, and return what params.yaml holds then."""
    params_file.write(folder, values, known(folder), whole)
    return load_path(str(folder / "params.yaml"), localfs)


def lines_changed(folder: Path) -> list[str]:
    before, after = TEXT.splitlines(), (folder / "params.yaml").read_text().splitlines()
    return [line for line in after if line not in before]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("train.depth", 7, "  depth: 7             # most levels"),
        ("train.rate", 1e-05, "  rate: 1.0e-05"),
        ("train.rate", float("inf"), "  rate: .inf"),
        ("train.rate", 2, "  rate: 2.0"),
        ("train.depth", 2.0, "  depth: 2             # most levels"),
        ("train.name", "on", '  name: "on"   # quoted'),
        ("train.name", "😀 é", '  name: "😀 é"   # quoted'),
        ("train.name", None, "  name: null   # quoted"),
        ("train.layers", [1, "x"], '  layers: [1, "x"]       # units'),
        ("train.layers.1", 5, "  layers: [8, 5]       # units"),
        ("train.steps", ["three"], '  steps: ["three"]               # in a block'),
        ("train.text", "a\nb", '  text: "a\\nb"'),
        ("train.none", {"a": [1]}, "  none: {a: [1]}"),
        ("dots.in.key", 4, '"dots.in.key": 4'),
        ("plain.dots.too", 4, "  dots.too: 4"),
    ],
)
def test_one_line_changes_and_every_comment_stays(folder, name, value, line):
    held = write(folder, **{name: value})
    assert lines_changed(folder) == [line]
    file, keys = params_file.located(name, {"params.yaml": held})
    assert (file, params_file.at(held, keys)) == ("params.yaml", value)
    # A step may read it with PyYAML, which knows an older YAML.
    assert params_file.at(yaml.safe_load((folder / "params.yaml").read_text()), keys) == value
    text = (folder / "params.yaml").read_text()
    for comment in ("# of the text", "# of nothing", "# the last line", "# units"):
        assert comment in text


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("same.lr", 2, {"same": {"lr": 2, "opt": {"m": 1}}}),
        ("same.opt.m", 2, {"same": {"lr": 1, "opt": {"m": 2}}}),
        ("base.lr", 2, {"base": {"lr": 2, "opt": {"m": 1}}}),
        ("more.opt.m", 2, {"more": {"lr": 1, "opt": {"m": 2}, "z": 1}}),
        ("more.lr", 2, {"more": {"lr": 2, "opt": {"m": 1}, "z": 1}}),
        ("shared", 6, {"shared": 6}),
        ("other", 6, {"other": 6}),
    ],
)
def test_what_shares_a_value_by_an_anchor_keeps_it(folder, name, value, changed):
    before = load_path(str(folder / "params.yaml"), localfs)
    assert write(folder, **{name: value}) == {**before, **changed}
    assert "# the last line" in (folder / "params.yaml").read_text()


def test_a_value_that_is_there_changes_no_byte(folder):
    write(folder, **{"train.depth": 6, "train.layers": [8, 4], "train.none": None})
    assert (folder / "params.yaml").read_text() == TEXT


def test_a_mapping_sets_what_it_names_in_a_section(folder):
    held = write(folder, train={"depth": 7, "rate": 0.5})
    assert lines_changed(folder) == ["  depth: 7             # most levels", "  rate: 0.5"]
    assert held["train"]["name"] == "a"


def test_a_mapping_of_a_field_of_the_form_is_set_whole(folder):
    assert write(folder, ("plain",), plain={"new": 1})["plain"] == {"new": 1}
    assert lines_changed(folder) == ["plain: {new: 1}"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conf/a.json:x.y", '{\n    "x": {\n        "y": 2\n    }\n}\n'),
        ("conf/b.toml:x.y", '# about\n[x]\ny = 2  # one\nz = "é"\n'),
        ("conf/c.py:Y", "# about\nY = 2\n\n\nclass Train:\n    lr = 0.1\n"),
    ],
)
def test_a_file_of_another_kind_is_written_too(folder, name, text):
    write(folder, **{name: 2})
    assert (folder / name.partition(":")[0]).read_text() == text
    assert (folder / "params.yaml").read_text() == TEXT


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"train.dept": 1},
            "params.yaml has no value 'train.dept'. Did you mean 'train.depth'?\n"
            "  Next: name one that is there, as section.name.",
        ),
        (
            {"train": {"dept": 1}},
            "The section 'train' has no value 'dept'. Did you mean 'depth'?\n"
            "  Next: name one that it holds.",
        ),
        (
            {"x.y": 1},
            "params.yaml has no value 'x.y'. Did you mean 'conf/a.json:x.y'?\n"
            "  Next: name one that is there, as section.name.",
        ),
        (
            {"dvc.yaml:stages.a.cmd": "id"},
            "params.yaml has no value 'dvc.yaml:stages.a.cmd'.\n"
            "  Next: name one that is there, as section.name.",
        ),
        (
            {"train.depth": "7"},
            "The run sets train.depth to '7', a str; it is a int: 6.\n"
            "  Next: trigger a new run with train.depth as a int.",
        ),
        (
            {"train.depth": True},
            "The run sets train.depth to True, a bool; it is a int: 6.\n"
            "  Next: trigger a new run with train.depth as a int.",
        ),
        (
            {"train.layers": 7},
            "The run sets train.layers to 7, a int; it is a list: [8, 4].\n"
            "  Next: trigger a new run with train.layers as a list.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_name_or_kind_is_refused(folder, values, said):
    assert refused(lambda: write(folder, **values)) == said
    assert (folder / "params.yaml").read_text() == TEXT


def test_a_name_that_can_be_read_in_two_ways_is_refused(tmp_path):
    (tmp_path / "params.yaml").write_text("a: {b: 1}\na.b: 2\n")
    assert refused(lambda: write(tmp_path, **{"a.b": 3})) == (
        "'a.b' can be read in 2 ways in params.yaml: ['a']['b'], ['a.b'].\n"
        "  Next: rename one of the two in params.yaml."
    )


@pytest.mark.parametrize(
    "text",
    [
        "a:\n- 1\n- - 2\n  - 3\n# c\nb: 1\n",
        "a:\n    x:\n        - 1\n        - 2\n    y: 1\nb: 1\n",
        "---\na: >-\n  folded\n  text\n\n\nb: 1\n",
        "a: {x: 1,\n    y: 2}  # two lines\nb: 1\n",
        "? long\n: 1\nb: 1\n",
        "1: one\nb: 1\n",
        "a: !!str 5\nb: 1\n",
        "a: \r\nb: 1\r\n",
        "b: 1",
        "{a: 2, b: 1}\n",
        "a: 'it''s'\nb: 1 # x\n\n\n",
    ],
)
def test_yaml_of_any_style_keeps_it(tmp_path, text):
    (tmp_path / "params.yaml").write_bytes(text.encode())
    write(tmp_path, b=2)
    assert (tmp_path / "params.yaml").read_bytes().decode() == text.replace("b: 1", "b: 2")


def test_a_value_that_is_nested_deep_is_replaced_whole_and_comments_below_stay(tmp_path):
    text = "a:\n  - x: 1\n    y: [2]\n  - {}\n# below\nb: 1\n"
    (tmp_path / "params.yaml").write_text(text)
    assert write(tmp_path, a=[{"z": "l\nm"}]) == {"a": [{"z": "l\nm"}], "b": 1}
    assert (tmp_path / "params.yaml").read_text() == 'a: [z: "l\\nm"]\n# below\nb: 1\n'
    assert json.loads("[1]") == [1]
