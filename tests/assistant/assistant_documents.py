"""Archives, an index of packages and a tokenizer, made by hand and small."""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from include.assistant import passages
from include.assistant.documents import counted
from include.assistant.documents.fetching.source_settings import Limits
from include.assistant.fetch_docs import Params, fetch_docs

SAID = {"title": "Notes", "licence": "MIT"}
LIMITS = Limits(page_mb=5, total_mb=100, entries=50_000, unpacked_mb=1000, ratio=100)


def sources_file(folder: Path, sources: Mapping[str, Any]) -> Path:
    """A file that names these sources."""
    path = folder / "sources.yaml"
    path.write_text(json.dumps({"sources": sources}))
    return path


def fetch(folder: Path, sources: Mapping[str, Any], limits: Limits = LIMITS) -> Path:
    """Run the stage fetch_docs on these sources; return the folder of pages."""
    fetch_docs(sources_file(folder, sources), folder / "docs", Params(limits=limits))
    return folder / "docs"


def sdist(folder: Path, name: str, version: str, pages: Mapping[str, str]) -> tuple[Path, str]:
    """A source archive of a package with these pages, and its SHA-256."""
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for page, text in pages.items():
            info = tarfile.TarInfo(f"{name}-{version}/{page}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def wheel(folder: Path, name: str, version: str, pages: Mapping[str, str]) -> tuple[Path, str]:
    """A wheel of a package with these pages, and its SHA-256."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for page, text in pages.items():
            archive.writestr(page, text)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def index(folder: Path, *files: Path) -> str:
    """The URL of an index that has these files, each named with its hash."""
    for file in files:
        place = folder / "simple" / file.name.partition("-")[0]
        place.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        with (place / "index.html").open("a") as page:
            page.write(f'<a href="{file.resolve().as_uri()}#sha256={digest}">{file.name}</a>\n')
    return (folder / "simple").resolve().as_uri()


def tokenizer(path: Path) -> Path:
    """A tokenizer for which each word and each sign is a token, and two are put around a text."""
    held = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, unk_token="[UNK]"))
    held.pre_tokenizer = pre_tokenizers.Whitespace()
    held.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    held.save(str(path))
    return path


def words(text: str) -> int:
    """Tokens where each word is one, and two are put around a text."""
    return len(text.split()) + 2


def passage(**changed: object) -> dict[str, object]:
    """A good passage, with changes."""
    row: dict[str, object] = {
        "id": "0123456789abcdef",
        "source": "notes",
        "page": "faq.rst",
        "section": "fedcba9876543210",
        "titles": ["Notes", "Why?"],
        "position": 0,
        "text": "Because it is so.",
        "tokens": 9,
        "licence": "MIT",
        "url": "https://notes.example/faq.html",
        "masked": 0,
    }
    return {**row, **changed}


def table(*rows: dict[str, object]) -> pl.DataFrame:
    """Passages as a table; each gets an id of its own, if it has none."""
    named = [
        {**row, "id": f"{number:016x}"} if row["id"] == passage()["id"] else row
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(named, schema=passages.SCHEMA, orient="row")


def counts(**changed: object) -> dict[str, object]:
    """What was counted of a page without a passage, with changes."""
    return {"source": "notes", "page": "p.md", **dict.fromkeys(counted.COUNTED, 0), **changed}
