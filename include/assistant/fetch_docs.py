"""Stage fetch_docs: the pages that the assistant answers from, each source at one version."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from include import step
from include.assistant.alone import alone
from include.assistant.documents import fetching, shelf
from include.assistant.documents.fetching.reading import read_pages
from include.assistant.documents.fetching.seen import check_seen
from include.assistant.documents.fetching.source_settings import Limits, Source, read_sources
from include.assistant.documents.shelf import Held
from include.step import Kept

ROOM = Path(str(fetching.__file__)).parent


class Params(BaseModel):
    """Section fetch_docs of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: Limits = Field(description="how much a source may hold")


def fetch_docs(sources: Path, docs: Kept, params: Params) -> None:
    """Fetch the sources that are new or changed, and read those of this machine again."""
    named = read_sources(sources)
    for name, source in named.items():
        check_seen(name, source, sources.with_name("dvc.yaml"))
    with alone(docs):
        fetch(named, docs, params.limits)


def fetch(named: Mapping[str, Source], docs: Path, limits: Limits) -> None:
    """Bring a folder to exactly the pages of these sources."""
    before = shelf.read_held(docs)
    now: dict[str, Held] = {}
    read: dict[str, shelf.Files] = {}
    for name, source in sorted(named.items()):
        key = key_of(source)
        held = before.get(name)
        if held and held.key == key and is_kept(source) and shelf.is_whole(docs, name, held):
            now[name] = held.model_copy(update=told_of(source))
            continue
        read[name] = read_pages(name, source, limits)
        hashes = {path: shelf.digest(data) for path, data in read[name].items()}
        now[name] = Held(**told_of(source), key=key, files=hashes)
    # Only when all sources are read is anything of them written.
    changed = sum(len(shelf.put(docs, name, files)) for name, files in read.items())
    shelf.put_sources(docs, now)
    fetched = [name for name in read if is_kept(named[name])]
    count = sum(len(held.files) for held in now.values())
    print(
        f"{len(now)} sources, {len(fetched)} fetched now; {count:,} pages, {changed:,} new",
        flush=True,
    )


def is_kept(source: Source) -> bool:
    """Whether a source stays as it was fetched until sources.yaml says otherwise."""
    return source.kind == "package" or "://" in source.location


def key_of(source: Source) -> str:
    """A hash of all that says which pages a source has: its settings, and the code that reads."""
    chosen = source.model_dump_json(exclude={"title", "licence", "url"})
    code = (path.read_bytes() for path in sorted(ROOM.glob("*.py")))
    return shelf.digest(b"".join([chosen.encode(), *code]))


def told_of(source: Source) -> dict[str, str]:
    """What is said of a source."""
    return {
        "title": source.title,
        "kind": source.kind,
        "package": source.package,
        "version": source.version,
        "licence": source.licence,
        "url": source.url,
    }


if __name__ == "__main__":
    raise SystemExit(step.run(fetch_docs))
