"""Hits, settings and answerers for tests of answers."""

from typing import Any

from include.assistant.answering.refusal import Refusal
from include.assistant.answering.settings import Answering
from include.assistant.passages import Hit

NEVER = Refusal(threshold=0, intercept=0, weights={})  # refuses nothing


def hit(id: str, titles: tuple[str, ...], text: str, **values: Any) -> Hit:
    """A passage that was found, with a section of its own."""
    numbers = {"score": 1.0, "cosine": 0.8, "bm25": 5.0}
    about = {"source": "docs", "page": "page.md", "section": f"section-{id}"}
    held = {**about, "licence": "Apache-2.0", "url": f"https://docs.example/{id}", **numbers}
    return Hit(id=id, titles=titles, text=text, **{**held, **values})


SCHEDULER = hit(
    "aa",
    ("Scheduler", "Restarting"),
    "The scheduler is restarted with systemctl restart airflow-scheduler. It reads 16 files at a "
    "time. Never restart it while a migration runs.",
)
POOLS = hit(
    "bb",
    ("Pools",),
    "A pool limits how many tasks run at a time. The default pool has 128 slots.",
)
HITS = [SCHEDULER, POOLS]
QUESTION = "How do I restart the scheduler?"


def answering(base_url: str = "", **endpoint: Any) -> Answering:
    """Settings: of an endpoint at an address, else of sentences as they stand."""
    held: dict[str, Any] = {
        "provider": "endpoint" if base_url else "extractive",
        "passages": 3,
        "sentences": 2,
        "prompt": "answer_from_passages",
        "checks": {"overlap_share": 0.8, "longest": 200},
    }
    waits = {"connect_s": 2, "answer_s": 2, "tries": 3, "first_s": 1, "longest_s": 8}
    model = {
        "base_url": base_url,
        "model": "tiny",
        "seed": 7,
        "temperature": 0,
        "most_tokens": 64,
        "schema_by": "json_schema",
        "when_down": "refuse",
        "prices": {"currency": "USD", "tokens_in": 1.0, "tokens_out": 2.0},
        "waits": {**waits, **endpoint.pop("waits", {})},
        "breaker": {"failures": 9, "open_s": 30},
        "budget": {},
        **endpoint,
    }
    return Answering.model_validate({**held, **({"endpoint": model} if base_url else {})})


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now
