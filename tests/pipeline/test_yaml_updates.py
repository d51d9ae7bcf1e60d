"""DVC changes a lockfile by a quick parser, and what it writes is what it would have written."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import _yaml, dumps_yaml, modify_yaml

from include.pipeline.child.yaml_updates import quick

ROOT = Path(__file__).parents[2]
VALUES: dict[str, Any] = {
    "numbers": [0, -1, 1e-5, 0.1, 1e22, 3.0, 10**30, float("inf")],
    "texts": [
        "",
        "yes",
        "null",
        "0x1f",
        "1_000",
        "2013-12-01",
        "a: b",
        "# no",
        " a ",
        "ü\u2028",
        "~",
    ],
    "lines": "first\nsecond\n",
    "long": "word " * 60,
    "others": [None, True, date(2013, 12, 1), [], {}, {"b": 1, "a": [[1], {"c": "d"}]}],
}


def changed(path: Path, text: str) -> str:
    path.write_text(text)
    with modify_yaml(path) as held:
        held["stages"] = {**held.get("stages", {}), "last": {"cmd": "x", "deps": [{"path": "p"}]}}
    return path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "dvc.lock").read_text(),
        dumps_yaml({"schema": "2.0", "stages": {"a": {"params": {"params.yaml": VALUES}}}}),
    ],
    ids=["the lockfile of this repository", "values of each kind"],
)
def test_what_dvc_wrote_is_changed_as_dvc_would_and_without_its_slow_parser(
    tmp_path, monkeypatch, text
):
    expected = changed(tmp_path / "dvc.lock", text)
    assert "last" in expected
    monkeypatch.setattr(_yaml, "parse_yaml_for_update", quick(lambda *_: pytest.fail("slow")))
    assert changed(tmp_path / "dvc.lock", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# a word\nschema: '2.0'\nstages: {}  # and another\n",
        'schema: "2.0"\nstages:\n  a: {cmd: "x"}\n',
        "stages:\n  a:\n    deps: &deps\n    - path: p\n  b:\n    deps: *deps\n",
    ],
    ids=["comments", "quotes and braces", "an anchor"],
)
def test_what_a_person_wrote_stays_as_it_was(tmp_path, monkeypatch, text):
    expected = changed(tmp_path / "dvc.lock", text)
    monkeypatch.setattr(_yaml, "parse_yaml_for_update", quick(_yaml.parse_yaml_for_update))
    assert changed(tmp_path / "dvc.lock", text) == expected
