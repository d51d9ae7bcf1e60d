"""What a bento of the assistant holds, in memory and checked: what questions are answered with."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.assistant.answering.answer import Answerer
from include.assistant.answering.answerer import make_answerer
from include.assistant.answering.cache import Cache
from include.assistant.answering.refusal import Refusal
from include.assistant.answering.settings import Answering
from include.assistant.retrieval.encoder import Encoder
from include.assistant.retrieval.encoder_files import identity
from include.assistant.retrieval.index import Index
from include.assistant.retrieval.search import Search, Searcher
from include.errors import DataError, ParamsError
from include.serving.manifest import check_packages, read_manifest
from include.serving.pointer import Pointed

# In the folder of a packaged assistant, as package_assistant lays it out.
INDEX, ENCODER, REFUSAL = "index", "encoder", "refusal"
SETTINGS = "settings.json"
EXAMPLE = {"question": "How do I run a task again?"}  # of what may be sent to /ask
CACHE = "LEEWAY_SERVE_CACHE"  # names a folder in which calls of models are kept, in words
# Made up, of different lengths; the last one is of nothing that is in any documentation.
PROBE = (
    "How do I run it again?",
    "Why does a task that was killed start once more, and where is that set?",
    "flour, butter and two eggs",
)
SHORT = 12  # hex digits of a hash that tell one from the next
# Between two machines of one environment; what the probe holds is rounded to five digits.
SMALL_DIFFERENCE = 1e-3


class Settings(BaseModel):
    """The sections of params.yaml that questions are answered by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: Search = Field(description="how hits are ordered")
    answering: Answering = Field(description="who answers, and what it may cost")


@dataclass(frozen=True)
class Packaged:
    """A packaged assistant. Nothing in it changes while it answers."""

    manifest: Mapping[str, Any]
    settings: Settings
    searcher: Searcher
    answerer: Answerer
    refusal: Refusal
    encoder: str  # what reads a question, as the log names it: vectors of another are others
    fault: str = ""  # why it must not answer; empty if it may
    registered: str = ""  # the version of the registry, as v0.0.3; empty: it is in none
    md5: str = ""  # of the bento file; empty: it came with the code

    @cached_property
    def version(self) -> str:
        """The bento's name and version, which is a hash of all that is in it."""
        return f"{self.manifest['name']}:{self.manifest['version']}"


def load(folder: Path, pointed: Pointed | None = None) -> Packaged:
    """Load a packaged assistant, after each of its files.

    Args:
        pointed: what the file of those that are live says of it, if it is named there.

    Raises:
        DataError: a file is missing, or is not the one that was packaged.
        PipelineError: a package that it computes with is not installed.
    """
    manifest = read_manifest(folder)
    check_packages(manifest)
    made = opened(folder, manifest, cache())
    fault = difference(manifest["probe"], probe(made))
    registered, md5 = (pointed.version, pointed.md5) if pointed else ("", "")
    return replace(made, fault=fault, registered=registered, md5=md5)


def opened(folder: Path, manifest: Mapping[str, Any], cache: Path | None = None) -> Packaged:
    """The parts of an assistant, from the folder that packaging laid out.

    Args:
        cache: of calls of models; None keeps none.

    Raises:
        DataError: a part is missing or damaged.
    """
    settings = read_settings(folder / SETTINGS)
    refusal = Refusal.load(folder / REFUSAL)
    # Packaging has seen that these go together; the weights are those for questions.
    encoder = Encoder.load(folder / ENCODER)
    searcher = Searcher(Index.load(folder / INDEX), encoder, settings.search)
    answerer = make_answerer(settings.answering, refusal, cache)
    reader = identity(folder / ENCODER)[:SHORT]
    return Packaged(manifest, settings, searcher, answerer, refusal, reader)


def read_settings(path: Path) -> Settings:
    """Read the settings that packaging wrote.

    Raises:
        DataError: they are not there, or of another version of the code.
    """
    fix = "make the bento anew with `dvc repro`."
    try:
        return Settings.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"The bento lacks {path.name}.", fix) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path.name} in the bento has a wrong {name}: {first['msg']}.", fix
        ) from None


def probe(assistant: Packaged) -> list[list[float]]:
    """What it makes of questions that are always the same: its confidence, and its best scores."""
    found = []
    for question in PROBE:
        hits = assistant.searcher.search(question)
        confidence = assistant.refusal.confidence(question, hits)
        found.append([round(value, 5) for value in (confidence, *(hit.score for hit in hits))])
    return found


def difference(packaged: Sequence[Sequence[float]], here: Sequence[Sequence[float]]) -> str:
    """What is wrong if this machine does not find what the one that packaged it did."""
    for question, before, now in zip(PROBE, packaged, here, strict=True):
        if len(before) != len(now):
            numbers = f"{len(now)} numbers are found here and {len(before)} where it was packaged"
            return f"For {question!r}, {numbers}."
        apart = [abs(a - b) for a, b in zip(before, now, strict=True)]
        far = [one for one in apart if not one <= SMALL_DIFFERENCE]  # NaN is far, too
        if far:
            return f"For {question!r}, scores here differ by {far[0]:.1e} from those at packaging."
    return ""


def prompts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The hash of each prompt of a bento, by its name."""
    files = manifest["files"].items()
    return {name: held["sha256"] for name, held in files if "/prompts/" in name}


def cache() -> Path | None:
    """The folder that keeps calls of models; None where none is named."""
    named = os.environ.get(CACHE, "").strip()
    return Path(named).absolute() if named else None


def check_cache() -> None:
    """See that calls of models can be kept where the environment says.

    Raises:
        ParamsError: they cannot.
    """
    folder = cache()
    if folder is None:
        return
    try:
        Cache(folder, lasting=False).check()
    except OSError as error:
        what = f"Calls of models cannot be kept in {folder}: {error.strerror}."
        fix = f"set {CACHE} to a folder that can be written to, or unset it."
        raise ParamsError(what, fix) from None


def sources(passages: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """How many passages there are of each source, and under which licence."""
    counted = passages.group_by("source", "licence").len().sort("source", "licence")
    held: dict[str, dict[str, Any]] = {}
    for source, licence, rows in counted.iter_rows():
        about = held.setdefault(source, {"passages": 0, "licences": []})
        about["passages"] += rows
        about["licences"].append(licence)
    return held
