"""Feast is imported without what a stage does not use, and nobody else notices."""

import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
IMPORTED = """
import sys, typeguard
from include.feature_store.feast_import import import_feast
checked = typeguard.typechecked
import_feast()
import feast.torch_wrapper
assert "torch" not in sys.modules and typeguard.typechecked is checked
import torch
assert torch.ones(1).sum() == 1
import_feast()
"""
WRONG = """
from datetime import timedelta
from feast import Entity, FeatureView, Field, FileSource
from feast.types import Float32
view = FeatureView(name="view", entities=[Entity(name="key")], ttl={ttl},
                   schema=[Field(name="value", dtype=Float32)],
                   source=FileSource(path="view.parquet", timestamp_field="time"))
"""


def test_pytorch_is_not_imported_with_feast_and_can_be_imported_after_it():
    subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORTED], cwd=ROOT, check=True)


@pytest.mark.parametrize("ttl", ["'three hours'", "3"])
def test_a_definition_with_a_value_of_another_kind_is_refused_all_the_same(tmp_path, ttl):
    (tmp_path / "work").mkdir()
    (tmp_path / "definitions.py").write_text(WRONG.format(ttl=ttl))
    shutil.copy(ROOT / "feature_repo/feature_store.yaml", tmp_path)
    row = {"key": ["a"], "time": [datetime(2013, 1, 1)], "value": [1.0]}
    pl.DataFrame(row).write_parquet(tmp_path / "view.parquet")
    code = "from pathlib import Path; from include.feature_store import repository as r; "
    code += f"r.open_store(Path({str(tmp_path)!r}), Path({str(tmp_path / 'work')!r}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(("TypeError", "AttributeError"))
