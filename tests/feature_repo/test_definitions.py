"""Feast's own commands find in feature_repo what our stages find."""

import sys
from pathlib import Path

import pytest
from feast.repo_operations import parse_repo

from include.flights.columns import VIEWS

REPO = Path(__file__).parents[2] / "feature_repo"


def test_feast_apply_finds_every_entity_view_and_service(monkeypatch: pytest.MonkeyPatch):
    # Another repository of a test may have been read under the same name.
    monkeypatch.delitem(sys.modules, "definitions", raising=False)
    monkeypatch.delitem(sys.modules, "feature_repo.definitions", raising=False)
    found = parse_repo(REPO)
    assert {view.name for view in found.feature_views} == set(VIEWS)
    keys = {key for view in VIEWS.values() for key in view.keys}
    assert {entity.name for entity in found.entities} - {"__dummy"} == keys
    assert [service.name for service in found.feature_services] == ["flight_delays_v1"]
    assert len(found.feature_services[0].feature_view_projections) == len(VIEWS)
