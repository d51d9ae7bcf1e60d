"""`{"$reference": "airlines.carrier"}` in a suite stands for that column of a list."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from include.errors import DataError, ParamsError, did_you_mean
from include.validation import suites
from include.validation.suites import Rule, Suite

REFERENCE = "$reference"


def resolved(suite: Suite, reference: Mapping[str, pl.DataFrame], path: Path) -> list[Rule]:
    """The rules of a suite, with each `$reference` replaced by the values that it stands for."""
    return suites.resolved(suite, REFERENCE, lambda name: values(name, reference, path))


def values(name: str, reference: Mapping[str, pl.DataFrame], path: Path) -> list[JsonValue]:
    """The sorted values of a column of a list.

    Raises:
        ParamsError: there is no such column.
        DataError: it is empty.
    """
    known = [f"{table}.{column}" for table in reference for column in reference[table].columns]
    if name not in known:
        what = f"{path} refers to {name!r}, which is not a column of planes, airports or airlines."
        raise ParamsError(what + did_you_mean(name, known), f"correct {REFERENCE} in the rule.")
    table, column = name.split(".")
    found: list[JsonValue] = reference[table][column].drop_nulls().unique().sort().to_list()
    if not found:
        fix = f"correct the {table} of the source; the rules of {path} compare with them."
        raise DataError(f"{table} has no {column}: it is empty.", fix)
    return found
