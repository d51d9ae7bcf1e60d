"""The model of docs/your_model.md is one: it trains, predicts, and is loaded by its record."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from doc_pages import ROOT, blocks

from include.flights.members.records import MEMBERS, Member
from include.flights.serving import predictor
from include.flights.splits import Splits, Window

CODE = [block.text for block in blocks(ROOT / "docs/your_model.md") if block.language == "python"]
WINDOW = Window(start=date(2013, 1, 1), end=date(2013, 4, 1))
# Ten flights a day at 06:00 and at 18:00; those of the evening are late, but for one in ten.
FLIGHTS = pl.DataFrame(
    [
        (f"{day}-{hour}-{n}", date(2013, 1, 1) + timedelta(day), hour == 18.0 and n > 0, hour)
        for day in range(90)
        for hour in (6.0, 18.0)
        for n in range(10)
    ],
    schema=["flight_id", "date", "late", "sched_dep_hour"],
    orient="row",
)


def loaded(name: str, text: str, folder: Path) -> ModuleType:
    """A module of the page, under the name that it has in the tree."""
    file = folder / f"{name.rpartition('.')[2]}.py"
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module that trains; the record is among the others."""
    record: Member = eval(CODE[2], {"Member": Member})
    monkeypatch.setitem(MEMBERS, "hours", record)
    held = dict(sys.modules)
    loaded("include.flights.serving.hours_model", CODE[0], tmp_path)
    yield loaded("include.flights.train_hours", CODE[1], tmp_path)
    for name in sys.modules.keys() - held.keys():
        del sys.modules[name]


def test_it_trains_and_is_loaded_with_the_probabilities_that_it_wrote(stage, tmp_path):
    (tmp_path / "features").mkdir()
    FLIGHTS.write_parquet(tmp_path / "features/2013-01.parquet")
    outs = {name: tmp_path / name for name in ("model", "predictions", "metrics")}
    splits = Splits(validation_months=1, test_months=1)
    params = stage.Params(prior_rows=0.001)
    stage.train_hours(tmp_path / "features", **outs, window=WINDOW, splits=splits, params=params)
    written = pl.read_parquet(outs["predictions"])["probability"]
    assert written.unique().sort().to_list() == pytest.approx([0.0, 0.9], abs=1e-5)
    model = predictor.load_member(MEMBERS["hours"], outs["model"], None)
    assert model.predict(FLIGHTS).tolist() == written.to_list()
    assert json.loads(outs["metrics"].read_text())["validation"]["auc"] > 0.9
