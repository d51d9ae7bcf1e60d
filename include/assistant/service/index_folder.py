"""An index that is answered from in place of the bento's own: a folder that build_index makes anew.

For those who write the documents: what they change is found within seconds, with the encoder, the
settings and the threshold of the bento. No gate has seen it: what was promoted is for all others.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from include.assistant.retrieval.index import ABOUT, Index
from include.assistant.retrieval.search import Searcher
from include.assistant.service.packaged import Packaged, sources
from include.errors import DataError
from include.serving.hashes import directory_md5

FOLDER = "LEEWAY_SERVE_INDEX"  # names it
EVERY_S = 0.25  # a look asks for the state of a dozen files
Stamp = frozenset[tuple[str, int, int, int]]  # name, inode, time and size of each file


@dataclass(frozen=True)
class Found:
    """An index, and the hash that DVC gives its folder."""

    index: Index
    md5: str


class IndexFolder:
    """What was found in the folder, and when to look again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken, self.seen = Stamp(), Stamp()
        self.found: Found | None = None

    @classmethod
    def named(cls) -> "IndexFolder | None":
        """The folder that the environment names; None where the bento's own index answers."""
        named = os.environ.get(FOLDER, "").strip()
        return cls(Path(named)) if named else None

    def missing(self) -> str:
        """What to say where there is no index as yet, else ''."""
        if stamp(self.folder):
            return ""
        return f"{self.folder}, which {FOLDER} names, holds no index: the bento's own answers."

    def look(self) -> bool:
        """Read the index if it is another one, and whole for as long as between two looks.

        Raises:
            DataError: it cannot be read; it is tried again when it is another one.
        """
        before, self.seen = self.seen, stamp(self.folder)
        if self.seen in (Stamp(), self.taken) or self.seen != before:
            return False
        self.taken = self.seen
        found = Found(Index.load(self.folder), directory_md5(self.folder))
        if stamp(self.folder) != self.seen:  # it was changed meanwhile
            self.taken = Stamp()
            return False
        old, self.found = self.found, found
        return old is None or old.md5 != found.md5

    def over(self, packaged: Packaged) -> Packaged:
        """An assistant that answers from the index of the folder, if there is one.

        Raises:
            DataError: its vectors are of another encoder.
        """
        if self.found is None or self.found.md5 == packaged.manifest["data_md5"]:
            return packaged
        index, md5, own = self.found.index, self.found.md5, packaged.searcher
        if index.about.encoder != own.index.about.encoder:
            what = f"The vectors of {self.folder} are of another encoder than {packaged.version}."
            raise DataError(what, "start the server again, with a bento of that encoder.")
        manifest = {
            **packaged.manifest,
            "version": f"{packaged.manifest['version']}+{md5[:8]}",
            "passages": index.about.passages,
            "sources": sources(index.table),
            "data_md5": md5,
        }
        return replace(
            packaged, manifest=manifest, searcher=Searcher(index, own.encoder, own.settings)
        )


def stamp(folder: Path) -> Stamp:
    """What tells one state of a folder from the next; nothing while it holds no index."""
    try:
        found = frozenset(states(folder))
    except OSError:  # it is being replaced
        return Stamp()
    return found if (folder / ABOUT).exists() else Stamp()


def states(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    """The state of each file of a folder."""
    for path in folder.rglob("*"):
        held = path.stat()
        yield str(path.relative_to(folder)), held.st_ino, held.st_mtime_ns, held.st_size
