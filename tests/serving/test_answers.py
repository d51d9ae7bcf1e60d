"""Any model can be served: here one that knows nothing but the age of a visit."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import REGISTRY

from include.serving.answers import Answers
from include.serving.batch import Batch

MANIFEST: dict[str, Any] = {
    "name": "visits",
    "version": "1",
    "members": {"rule": 1.0},
    "sold_from_probability": 0.5,
    "max_rows": 10,
    "features": [{"name": "age_d", "kind": "number"}, {"name": "shop", "kind": "category"}],
    "probe": [0.1],
}


class Rule:
    """A visit is sold with a probability of a tenth of its age."""

    levels: ClassVar = {"shop": frozenset({"A"})}

    def answer(self, batch: Batch) -> NDArray[np.float64]:
        return batch.numbers[:, 0].astype(np.float64) / 10

    def probe(self) -> Batch:
        return Batch(("age_d",), np.array([[1.0]], dtype=np.float32), {"shop": [None]})


@pytest.fixture(autouse=True)
def counted_alone() -> Iterator[None]:
    """Each test with counters of its own."""
    before = set(REGISTRY._collector_to_names)
    yield
    for collector in set(REGISTRY._collector_to_names) - before:
        REGISTRY.unregister(collector)


def test_the_outcome_has_the_name_that_the_service_gives_it() -> None:
    service = Answers(MANIFEST, Rule(), "sold")
    body = json.dumps([{"age_d": 4, "shop": "A"}, {"age_d": 5, "shop": "Z"}]).encode()
    assert asyncio.run(service.answer(body)) == {
        "predictions": [{"probability": 0.4, "sold": False}, {"probability": 0.5, "sold": True}],
        "model": "visits:1",
        "unknown_values": {"shop": {"Z": 1}},
    }
    assert service.schema()["sold_from_probability"] == 0.5
    assert REGISTRY.get_sample_value("leeway_predictions_total", {"sold": "true"}) == 1
    assert REGISTRY.get_sample_value("leeway_unknown_values_total", {"feature": "shop"}) == 1


def test_a_machine_that_answers_otherwise_has_a_fault() -> None:
    service = Answers({**MANIFEST, "probe": [0.2]}, Rule(), "sold")
    assert service.fault == "Probabilities here differ by 1.0e-01 from those at packaging."
    assert not service.__is_ready__()
