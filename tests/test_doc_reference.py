"""The reference says what the code takes: each key of meta, each value, and each setting."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import reference

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "docs/settings.md"


def test_meta_and_params_are_as_the_code_has_them():
    for path, text in reference.pages().items():
        assert path.read_text() == text, "run `python -m docs.reference`"


@pytest.mark.parametrize(("page", "folders"), reference.graphs().items(), ids=reference.graphs())
def test_each_section_of_params_yaml_is_there(page, folders):
    found = re.findall(r"^## (\w+)", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    params = "".join((folder / "params.yaml").read_text() for folder in folders)
    assert found == re.findall(r"^(\w+):", params, re.MULTILINE)


def asked(tree: ast.AST) -> Iterator[tuple[str, object]]:
    """The settings of section [leeway] that some code asks for, with what it takes without them."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        words = [word.value for word in call.args if isinstance(word, ast.Constant)]
        other = {
            word.arg: ast.literal_eval(word.value)
            for word in call.keywords
            if word.arg == "fallback"
        }
        if words[:1] == ["leeway"] and len(words) == 2:
            yield str(words[1]), other["fallback"]
        elif isinstance(call.func, ast.Name) and call.func.id == "setting" and words:
            yield str(words[0]), ""


def test_each_setting_of_airflow_is_there_with_its_default_and_no_other():
    files = [
        path for room in ("plugins", "include", "dags") for path in (ROOT / room).rglob("*.py")
    ]
    code = {name: value for file in files for name, value in asked(ast.parse(file.read_text()))}
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", SETTINGS.read_text(), re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(name.upper() for name in code)
    for name, default in rows:
        value = code[name.lower()]
        assert value == "" or str(value) in default, f"{name} is {value!r} by default"
