"""A model of one number, packaged as a bento's is, and the file that says that it is live."""

import json
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from include.pipeline.child import files
from include.serving.batch import Batch
from include.serving.hashes import file_sha256
from include.serving.manifest import MODEL, version_of
from include.serving.pointer import FILE

SLOW, WRONG = 0.55, 0.66  # to answer requests, and not when they are loaded
MANIFEST: dict[str, Any] = {
    "name": "visits",
    "members": {"rule": 1.0},
    "sold_from_probability": 0.5,
    "max_rows": 10,
    "max_body_bytes": 1000,
    "requirements": [],
    "computing": [],
    "features": [{"name": "age_d", "kind": "number"}, {"name": "shop", "kind": "category"}],
}


class Rule:
    """A visit is sold with a probability that grows with its age; SLOW takes 5 s, and WRONG raises."""

    levels: ClassVar = {"shop": frozenset({"A"})}

    def __init__(self, rate: float) -> None:
        self.rate = rate

    @classmethod
    def read(cls, folder: Path) -> "Rule":
        return cls(float((folder / "rate.txt").read_text()))

    def answer(self, batch: Batch) -> NDArray[np.float64]:
        asked = batch.categories["shop"] != [None]  # a probe knows no shop
        if batch.height == 1 and asked and self.rate in (SLOW, WRONG):
            time.sleep(5 if self.rate == SLOW else 0)
            assert self.rate == SLOW, "a model that cannot answer"
        return batch.numbers[:, 0].astype(np.float64) * self.rate

    def probe(self) -> Batch:
        return visits(1.0)


def visits(*ages: float) -> Batch:
    """Visits to a shop that is not known."""
    numbers = np.array([[age] for age in ages], dtype=np.float32)
    return Batch(("age_d",), numbers, {"shop": [None] * len(ages)})


def packaged(bento: Path, rate: float, probe: float | None = None) -> Path:
    """The model folder of a bento; with another probe it is one that answers otherwise here."""
    model = bento / MODEL
    model.mkdir(parents=True)
    (model / "rate.txt").write_text(str(rate))
    held = {"bytes": 3, "sha256": file_sha256(model / "rate.txt")}
    manifest = {**MANIFEST, "probe": [probe or rate], "files": {"model/rate.txt": held}}
    whole = {**manifest, "version": version_of(manifest)}
    (model / "manifest.json").write_text(json.dumps(whole))
    return model


def point(live: Path, **rates: float) -> None:
    """Let models be live by their roles; the version of a rate of 0.1 is v0.1."""
    pointer: dict[str, Any] = {}
    for role, rate in rates.items():
        if not (live / str(rate)).exists():
            packaged(live / str(rate), rate)
        pointer[role] = {"version": f"v{rate}", "md5": f"md5 of {rate}", "folder": str(rate)}
    files.write(live / FILE, json.dumps(pointer))
