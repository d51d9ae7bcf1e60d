"""The chosen model as one thing: a table of features in, probabilities to be late out."""

import functools
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from include.errors import DataError
from include.flights.members.chosen import Chosen, read_chosen, read_text
from include.flights.members.records import MEMBERS, Member
from include.flights.models.encoding import Codes, Encoder, Numbers, require
from include.serving.batch import Batch
from include.serving.probe import difference

Probabilities = NDArray[np.float64]
Predict = Callable[[Numbers, Codes], Probabilities]


@dataclass(frozen=True)
class Loaded:
    """A member as it was trained, with its encoder."""

    encoder: Encoder
    run: Predict

    def predict(self, table: pl.DataFrame) -> Probabilities:
        """The probability that each flight of a table is late."""
        return self.run(self.encoder.numbers(table), self.encoder.codes(table))

    def answer(self, batch: Batch) -> Probabilities:
        """The same for the rows of a request, by a shorter way to the same arrays."""
        places = places_of(self.encoder.number_names, batch.number_names)
        numbers = batch.numbers if places is None else batch.numbers[:, places]
        codes = np.zeros((batch.height, len(self.codes)), dtype=np.int32)
        for column, (name, known) in enumerate(self.codes.items()):
            codes[:, column] = [known.get(value, 0) for value in batch.categories[name]]
        return self.run(numbers, codes)

    @functools.cached_property
    def codes(self) -> dict[str, dict[str | None, int]]:
        """Category to level to code, as `Encoder.codes` gives it."""
        return {
            name: {level: code for code, level in enumerate(levels, start=1)}
            for name, levels in self.encoder.levels.items()
        }


@functools.cache
def places_of(wanted: tuple[str, ...], held: tuple[str, ...]) -> NDArray[np.intp] | None:
    """Where the wanted columns are among those held; None if they are the same.

    Raises:
        DataError: one is not held.
    """
    require(held, wanted)
    if wanted == held:
        return None
    return np.array([held.index(name) for name in wanted], dtype=np.intp)


@dataclass(frozen=True)
class Predictor:
    """The members of the chosen model, and how they make one probability."""

    chosen: Chosen
    members: Mapping[str, Loaded]

    @property
    def levels(self) -> dict[str, frozenset[str]]:
        """The values of each category that every member knows."""
        known: dict[str, frozenset[str]] = {}
        for member in self.members.values():
            for name, values in member.encoder.levels.items():
                known[name] = known.get(name, frozenset(values)) & frozenset(values)
        return known

    @property
    def names(self) -> tuple[str, ...]:
        """The features that `predict` reads."""
        names = (name for member in self.members.values() for name in member.encoder.names)
        return tuple(dict.fromkeys(names))

    def predict(self, table: pl.DataFrame) -> Probabilities:
        """The probability that each flight is late, one per row, in the order of the rows.

        Raises:
            DataError: a feature is not in the table, or a number is not one.
        """
        each = {name: member.predict(table) for name, member in self.members.items()}
        return self.chosen.probability(each)

    def answer(self, batch: Batch) -> Probabilities:
        """The same for the rows of a request."""
        each = {name: member.answer(batch) for name, member in self.members.items()}
        return self.chosen.probability(each)

    def probe(self, rows: int = 16) -> Batch:
        """Made-up rows, always the same, to see whether two predictors answer alike."""
        draw = np.random.default_rng(0)
        encoders = [member.encoder for member in self.members.values()]
        names = tuple(dict.fromkeys(name for one in encoders for name in one.number_names))
        numbers = np.column_stack([draw.normal(0, 100, rows) for _ in names])
        categories = {}
        for name, levels in self.levels.items():
            known: list[str | None] = [*sorted(levels), None]
            categories[name] = [known[index] for index in draw.integers(0, len(known), rows)]
        return Batch(names, numbers.astype(np.float32), categories)


def load(folder: Path, threads: int | None = None) -> Predictor:
    """Load the members that `chosen.json` names, and import their libraries alone.

    Args:
        folder: holds chosen.json, and one folder for each member.
        threads: most threads of one prediction; None leaves it to the libraries.

    Raises:
        DataError: chosen.json, a member or one of its files is missing, damaged or of another kind.
    """
    chosen = read_chosen(folder / "chosen.json")
    members = {name: load_member(MEMBERS[name], folder / name, threads) for name in chosen.members}
    return Predictor(chosen, members)


def see_that_it_answers_alike(model: Predictor, folder: Path, name: str) -> None:
    """Compare what a packaged model says of made-up rows with what it said at packaging.

    Args:
        folder: with its manifest.json.
        name: of the model, in the message.

    Raises:
        DataError: it answers otherwise here, or with what is no probability.
    """
    manifest = json.loads((folder / "manifest.json").read_text())
    if (further := difference(manifest, model)) is not None:
        what = f"{name} answers made-up rows otherwise here than where it was packaged: "
        fix = "promote a version that this code and this environment made."
        raise DataError(f"{what}probabilities differ by {further:.1e}.", fix)


def load_member(member: Member, folder: Path, threads: int | None) -> Loaded:
    """Load one member from its folder."""
    weights, encoder = weights_of(member, folder), read_encoder(member, folder)
    module = importlib.import_module(member.module)
    return Loaded(encoder, module.load(weights, encoder, threads))


def weights_of(member: Member, folder: Path) -> Path:
    """The weights to use: those of the refit where there are any."""
    held = [folder / name for name in member.weights if (folder / name).is_file()]
    if not held:
        names = " nor ".join(member.weights)
        what = f"The chosen model has the member {member.name}, but {folder} holds neither {names}."
        raise DataError(what, f"run `dvc repro train_{member.name}`, or `dvc pull` its output.")
    return held[0]


def read_encoder(member: Member, folder: Path) -> Encoder:
    """Read the encoder that the member was trained with."""
    path = folder / "model.json"
    try:
        held = json.loads(read_text(path))
        if held["kind"] != member.name:
            raise damaged(path, f"it describes a model of kind {held['kind']!r}")
        return Encoder.from_json(held["encoder"])
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from None


def damaged(path: Path, problem: str) -> DataError:
    """The error of a file that is not a model of this kind."""
    line = problem.strip().splitlines()[0].rstrip(".") if problem.strip() else "it is empty"
    fix = f"run `dvc repro --force train_{path.parent.name}`, which writes it anew."
    return DataError(f"{path} is not a model that can be loaded: {line}.", fix)
