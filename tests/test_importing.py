"""What a cheaper import promises: later, and for anyone, all is as after any other."""

import gc
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.importing import as_if_absent, loaded_when_used, nothing_collected


def test_the_garbage_collector_rests_for_an_import_and_lets_alone_what_it_leaves() -> None:
    with nothing_collected():
        assert not gc.isenabled()
        left = [object()]
    assert gc.isenabled()
    assert not any(found is left for found in gc.get_objects())
    gc.unfreeze()
    assert any(found is left for found in gc.get_objects())


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package that says when it is run; its module `part` has a class."""
    name = f"rare_{tmp_path.name}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("from .part import Part\nprint('runs')\n")
    (tmp_path / name / "part.py").write_text("class Part: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for loaded in [one for one in sys.modules if one.startswith(name)]:
        del sys.modules[loaded]


def test_a_rare_module_runs_when_it_is_used(
    package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with loaded_when_used(package):
        rare = importlib.import_module(package)
    assert package not in sys.modules
    assert capsys.readouterr().out == ""
    assert rare.Part is rare.Part is importlib.import_module(package).Part
    assert capsys.readouterr().out == "runs\n"


def test_who_begins_with_a_part_of_a_rare_package_has_the_same(package: str) -> None:
    with loaded_when_used(package):
        rare = importlib.import_module(package)
    part = importlib.import_module(f"{package}.part")
    assert part.Part is rare.Part


def test_a_rare_module_that_is_used_at_once_is_there(package: str) -> None:
    with loaded_when_used(package):
        part = importlib.import_module(package).Part
        assert importlib.import_module(package).Part is part
    assert importlib.import_module(package).Part is part


def test_a_module_that_is_there_stays_and_one_that_is_not_is_missed() -> None:
    with loaded_when_used("json", "no_such_module"):
        assert importlib.import_module("json") is json
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("no_such_module")
    assert importlib.import_module("json") is json


def test_what_a_library_can_do_without_is_there_for_all_others(package: str) -> None:
    with as_if_absent(package), pytest.raises(ImportError):
        importlib.import_module(package)
    assert importlib.import_module(package).Part
    with as_if_absent(package):  # who has it keeps it
        assert importlib.import_module(package).Part
