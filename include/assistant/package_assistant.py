"""Stage package_assistant: index, encoder, refusal and settings as one file that serves answers.

The same inputs give the same bytes: the version is a hash of all that is inside, and no time is.
"""

import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from include import environments, partitions, step
from include.assistant.answering import refusal as refusals
from include.assistant.answering.settings import Answering
from include.assistant.retrieval import encoder_files
from include.assistant.retrieval.search import Search, Searcher
from include.assistant.service import packaged
from include.assistant.service.packaged import (
    ENCODER,
    EXAMPLE,
    INDEX,
    REFUSAL,
    SETTINGS,
    Settings,
)
from include.errors import DataError
from include.serving import bento_file
from include.serving.code import code_of
from include.serving.hashes import directory_md5, file_sha256
from include.serving.manifest import version_of
from include.step import Out

ROOT = Path(__file__).parents[2]
SERVICE = "include.assistant.service.service:Served"
PROMPTS = Path(__file__).parent / "prompts"
# Passages say nothing of when they were written, and a bento has to say a time.
MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
# What the service computes with, beside what include/serving names.
COMPUTING = ("bm25s", "numpy", "polars", "pystemmer", "safetensors", "tokenizers", "torch")
PACKAGES = (
    *(*COMPUTING, "httpx", "pyyaml", "opentelemetry-api", "opentelemetry-sdk"),
    "opentelemetry-exporter-otlp-proto-http",
)
README = """# {name}:{version}

Answers questions about {passages:,} passages of documentation, and cites them; or says that it
cannot. Who answers: {provider}.

    export LEEWAY_SERVE_TOKEN=$(openssl rand -hex 32); echo "The token is $LEEWAY_SERVE_TOKEN"
    bentoml serve --host 127.0.0.1 {name}:{version}

and, from another terminal, with that token:

    curl --no-buffer --header "Authorization: Bearer TOKEN" \\
      --header "Content-Type: application/json" \\
      --data '{example}' http://127.0.0.1:3000/ask

- `POST /ask`: a stream of events, or one JSON object with `Accept: application/json`.
- `POST /search`: passages alone. `POST /feedback`: whether an answer was useful.
- `GET /openapi.json` says what may be sent, and how. `GET /schema` says who answers from what.
- `GET /metrics`; and without a token `GET /readyz` and `GET /livez`.

The passages have the licences of their sources:

{licences}
"""


class Params(BaseModel):
    """Section package_assistant of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$", description="name of the bento")
    searches_at_once: int = Field(ge=1, le=64, description="threads that search, of each worker")
    requests_at_once: int = Field(
        ge=1,
        le=1000,
        description="most requests of a path that a worker answers at a time; more get a 503",
    )
    max_body_kb: float = Field(ge=4, le=1024, description="largest body of one request, kB")


def package_assistant(
    index: Path,
    encoder: Path,
    query_encoder: Path,
    refusal: Path,
    environment: Path,
    bento: Out,
    report: Out,
    search: Search,
    answering: Answering,
    params: Params,
) -> None:
    """Build the bento of the assistant, and say what is in it."""
    settings = Settings(search=search, answering=answering)
    Searcher.load(index, encoder, query_encoder, search)  # they go together, or it says why not
    with tempfile.TemporaryDirectory(prefix="bento-") as folder:
        source = Path(folder) / "source"
        lay_out(source, index, encoder, query_encoder, refusal, settings)
        manifest = describe(source, params, environment, settings, directory_md5(index))
        (source / "model" / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        built = bento_file.bento_of(source, Path(folder) / "home", manifest, SERVICE, "")
        (built / "README.md").write_text(readme(manifest))
        bento_file.pack(built, bento, MOMENT)
    size, digest = bento.stat().st_size, file_sha256(bento)
    whole = {**manifest, "bento": {"bytes": size, "sha256": digest}}
    report.write_text(json.dumps(whole, indent=2) + "\n")
    print(
        f"{manifest['name']}:{manifest['version']} with {manifest['passages']:,} passages of "
        f"{len(manifest['sources'])} sources, {size:,} bytes",
        flush=True,
    )


def lay_out(
    source: Path,
    index: Path,
    encoder: Path,
    query_encoder: Path,
    refusal: Path,
    settings: Settings,
) -> None:
    """Copy code and model to where the service finds them.

    Raises:
        DataError: a file of them is missing.
    """
    model = source / "model"
    weights = encoder_files.WEIGHTS
    held = [path for path in sorted(index.rglob("*")) if path.is_file()]
    files = {f"{INDEX}/{path.relative_to(index).as_posix()}": path for path in held}
    files |= {f"{ENCODER}/{name}": encoder / name for name in encoder_files.FILES}
    # Passages have their vectors already: the service encodes questions alone.
    files[f"{ENCODER}/{weights}"] = query_encoder / weights
    files[f"{REFUSAL}/{refusals.FILE}"] = refusal / refusals.FILE
    for name, path in files.items():
        copy(path, model / name)
    text = json.dumps(settings.model_dump(), sort_keys=True, indent=1)
    (model / SETTINGS).write_text(text + "\n")
    for path in [*code_of(SERVICE.partition(":")[0]), *sorted(PROMPTS.glob("*.yaml"))]:
        copy(path, source / path.relative_to(ROOT))


def describe(
    source: Path, params: Params, environment: Path, settings: Settings, data_md5: str
) -> dict[str, Any]:
    """Say what the bento holds, with a version that is a hash of all the rest.

    Raises:
        DataError: the model cannot be loaded, or a package that it needs is not in the environment.
    """
    assistant = packaged.opened(source / "model", {})
    files = {
        path.relative_to(source).as_posix(): path
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }
    code = [path for path in files.values() if path.suffix in (".py", ".yaml")]
    provider, writer = settings.answering.provider, settings.answering.writer
    manifest: dict[str, Any] = {
        "name": params.name,
        "members": {provider: 1.0},  # as other bentos say who answers
        "provider": provider,
        "language_model": writer.model if writer else "",
        "passages": assistant.searcher.index.about.passages,
        "sources": packaged.sources(assistant.searcher.index.table),
        "request": {"path": "/ask", "body": EXAMPLE},
        "features": [],  # as other bentos say what a row has
        "searches_at_once": params.searches_at_once,
        "requests_at_once": params.requests_at_once,
        "max_body_bytes": int(params.max_body_kb * 1000),
        "data_md5": data_md5,
        "code_sha256": partitions.content_key(*code, bento_file),
        "requirements": environments.needed(environment, [*bento_file.PACKAGES, *PACKAGES]),
        "computing": sorted(COMPUTING),
        # What it makes of made-up questions: the service compares before it is ready.
        "probe": packaged.probe(assistant),
        "files": {
            name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
            for name, path in files.items()
        },
    }
    return {"name": params.name, "version": version_of(manifest), **manifest}


def readme(manifest: dict[str, Any]) -> str:
    """What a person reads who has nothing but the bento."""
    held = [
        f"- {name}: {', '.join(about['licences'])}" for name, about in manifest["sources"].items()
    ]
    example = json.dumps(manifest["request"]["body"])
    return README.format(**manifest, licences="\n".join(held), example=example)


def copy(path: Path, target: Path) -> None:
    """Copy the content of a file alone: not its times, nor its mode.

    Raises:
        DataError: it is not there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(path, target)
    except FileNotFoundError:
        what = f"The assistant has no file {path}."
        raise DataError(what, "run `dvc repro`, which makes it, or `dvc pull` it.") from None


if __name__ == "__main__":
    raise SystemExit(step.run(package_assistant))
