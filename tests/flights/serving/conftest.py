"""Real days, made once for the tests of a module."""

from pathlib import Path

import polars as pl
import pytest
import real_days


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven real days with their features."""
    return real_days.make(tmp_path_factory.mktemp("days"))


@pytest.fixture(scope="session")
def labelled(days: Path) -> pl.DataFrame:
    """The training set of these days, and what a client would know of each flight."""
    return real_days.labelled(days)
