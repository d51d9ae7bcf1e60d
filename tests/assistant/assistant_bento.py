"""An assistant of a few passages, and the bento that package_assistant makes of it."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from assistant_answers import answering
from assistant_encoder import query_encoder, tiny_encoder

from include.assistant import package_assistant as stage
from include.assistant.answering.refusal import NAMES, Refusal, Weight
from include.assistant.passages import SCHEMA, embedded
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import write_index
from include.assistant.retrieval.search import Search
from include.assistant.service.packaged import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(search=Search(bm25_weight=0.5), answering=answering())
PARAMS = stage.Params(name="assistant", searches_at_once=1, requests_at_once=4, max_body_kb=16)
# By their ids; the first answers KNOWN, and nothing does UNKNOWN.
PASSAGES = {
    "retry": "A task that fails is run again after its retry delay. The scheduler starts it.",
    "cache": "The cache of DVC holds each file by its hash. A pull brings all of them back.",
    "queue": "A worker takes tasks from its queue. A queue without a worker waits for one.",
    "pool": "The pool <b>limits</b> how many tasks run at once. It is set in the UI of Airflow.",
}
KNOWN = "When is a task that fails run again?"
UNKNOWN = "Which wine goes with fish and lemon?"


def lay_out(root: Path) -> Path:
    """What the stages before package_assistant leave, in little."""
    encoder = tiny_encoder(root / "models/encoder")
    query_encoder(encoder, root / "models/query_encoder")
    table = pl.DataFrame([row(name, text) for name, text in PASSAGES.items()], schema=SCHEMA)
    held = Encoder.load(encoder)
    vectors = [held.encode(embedded(["Guide", name], text)) for name, text in PASSAGES.items()]
    (root / "data").mkdir()
    write_index(root / "data/index", table, np.stack(vectors), identity(encoder))
    # A question is refused unless the passages have more than half of its words.
    weight = {name: -20.0 if name == "unknown" else 0.0 for name in NAMES}
    weights = {name: Weight(mean=0.5, scale=1, weight=weight[name]) for name in NAMES}
    Refusal(threshold=0.5, intercept=0, weights=weights).save(root / "models/refusal")
    return root


def row(name: str, text: str) -> dict[str, object]:
    """A passage."""
    return {
        "id": name,
        "source": "guide",
        "page": f"{name}.md",
        "section": name,
        "titles": ["Guide", name],
        "position": 0,
        "text": text,
        "tokens": len(text.split()),
        "licence": "Apache-2.0",
        "url": f"https://example.org/{name}",
        "masked": 0,
    }


def package(root: Path, made: Path, settings: Settings = SETTINGS) -> Path:
    """Run the stage on what `lay_out` left, and return the bento."""
    made.mkdir()
    stage.package_assistant(
        root / "data/index",
        root / "models/encoder",
        root / "models/query_encoder",
        root / "models/refusal",
        ROOT / "environments/assistant_serving.txt",
        made / "assistant.bento",
        made / "assistant.json",
        settings.search,
        settings.answering,
        PARAMS,
    )
    return made / "assistant.bento"


def unpacked(root: Path, folder: Path, settings: Settings = SETTINGS) -> Path:
    """The model folder of the bento of what `lay_out` left, as a server finds it."""
    stage.lay_out(
        folder,
        root / "data/index",
        root / "models/encoder",
        root / "models/query_encoder",
        root / "models/refusal",
        settings,
    )
    manifest = stage.describe(
        folder, PARAMS, ROOT / "environments/assistant_serving.txt", settings, ""
    )
    (folder / "model/manifest.json").write_text(json.dumps(manifest))
    return folder / "model"
