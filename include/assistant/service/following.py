"""The assistant of one worker, which follows the file that says what should be live, and an index.

As include/serving/following.py does with models that answer rows: a new one is loaded while the old
one answers, and refused if it is not what was packaged, or finds something else here. The code that
runs is that of the bento that the server was started with, and so are its prompts: a bento of other
prompts is refused, and one of other code says in its version that not its own answers.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

from include.assistant.answering.answerer import going_on
from include.assistant.service import index_folder
from include.assistant.service.counts import Counts
from include.assistant.service.index_folder import IndexFolder
from include.assistant.service.packaged import SHORT, Packaged, load, prompts
from include.errors import DataError, PlatformError
from include.serving.following import AGAIN_S, EVERY_S, places
from include.serving.manifest import MODEL, check_packages, log, read_manifest
from include.serving.pointer import FILE, Pointed, live_folder, read_pointer
from include.serving.served import SAME_PACKAGES


class Following:
    """Holds the assistant that answers, and replaces it as a whole.

    Args:
        own: the folder of the assistant that came with the code.

    Raises:
        PlatformError: none can be loaded.
    """

    def __init__(self, own: Path, counts: Counts) -> None:
        self.folder, self.counts, self.own = live_folder(), counts, own
        self.index = IndexFolder.named()
        self.stamp, self.again_at, self.why = (0, 0), inf, ""
        self.ended = threading.Event()
        self.bento = self.now = self.first()
        counts.swap(None, self.now)

    def first(self) -> Packaged:
        """What should be live, or else the assistant that came with the code."""
        for pointed, folder in places(self.own)[:-1]:
            with suppress(Exception):  # the first look says what is wrong
                return self.good(folder, pointed)
        return load(self.own)

    def good(self, folder: Path, pointed: Pointed | None) -> Packaged:
        """An assistant that may answer.

        Raises:
            PlatformError: it may not.
        """
        found = load(folder, pointed)
        if found.fault:
            raise PlatformError(found.fault, SAME_PACKAGES)
        if prompts(found.manifest) != prompts(read_manifest(self.own)):
            what = f"{found.version} has other prompts than the bento whose code runs here."
            raise DataError(what, "start the server again, with the bento of that version.")
        return by_other_code(found, read_manifest(self.own))

    def start(self) -> None:
        """Follow from now on, for as long as the worker lives."""
        if self.folder is not None or self.index is not None:
            self.look()
            if self.index and (missing := self.index.missing()):
                log.warning("%s", missing)
            threading.Thread(target=self.follow, name="following", daemon=True).start()

    def follow(self) -> None:
        """Look again and again."""
        every = EVERY_S if self.index is None else index_folder.EVERY_S
        while not self.ended.wait(every):
            self.look()

    def look(self) -> None:
        """Take what should be live, and the index that is there, if they are others than before."""
        if self.folder is not None:
            self.look_at(self.folder)
        if self.index is None:
            return
        try:
            if self.index.look():
                self.answer(self.bento)
        except Exception as error:  # the one that answers goes on, until the folder changes
            self.refuse("index", error)

    def look_at(self, folder: Path) -> None:
        """Take what should be live, if the file is another one, or something was refused."""
        try:
            status = (folder / FILE).stat()
        except OSError:  # it is not there as yet, or the volume is away
            return
        stamp = status.st_ino, status.st_mtime_ns
        if stamp == self.stamp and time.monotonic() < self.again_at:
            return
        if stamp != self.stamp:
            self.why = ""
        self.stamp, self.again_at = stamp, inf
        try:
            self.take(folder)
        except Exception as error:  # whatever is wrong with it, the one that answers goes on
            self.again_at = time.monotonic() + AGAIN_S
            if self.why != str(error):  # once, not every half minute
                self.why = str(error)
                self.refuse("assistant", error)

    def refuse(self, what: str, error: Exception) -> None:
        """Say that something new is not taken; what is no error of ours, with its traceback."""
        self.counts.swaps_refused.inc()
        bug = None if isinstance(error, PlatformError) else error
        log.error("The new %s is refused: %s", what, error, exc_info=bug)

    def take(self, folder: Path) -> None:
        """Let the champion of the file answer; where there is none, the last one goes on.

        Raises:
            PlatformError: it cannot be had.
        """
        pointer = read_pointer(folder)
        if "champion" in pointer.refused:
            why = pointer.refused["champion"]
            raise PlatformError(why, "read the log of include.following.")
        before, wanted = self.bento, pointer.champion
        if wanted is None or (wanted.md5, wanted.version) == (before.md5, before.registered):
            return
        if wanted.md5 == before.md5:
            self.answer(replace(before, registered=wanted.version))
        else:
            found = self.good(folder / wanted.folder / MODEL, wanted)
            answerer = going_on(found.answerer, before.answerer)
            self.answer(replace(found, answerer=answerer))

    def answer(self, bento: Packaged) -> None:
        """Let a bento answer, from the index that is followed where it goes with it."""
        before, self.bento, now = self.now, bento, bento
        if self.index is not None:
            try:
                now = self.index.over(bento)
            except DataError as error:
                self.refuse("index", error)
        self.now = now
        self.counts.swap(before, now)
        log.info("%s answers, and no more %s", now.version, before.version)


def by_other_code(found: Packaged, own: Mapping[str, Any]) -> Packaged:
    """An assistant as it answers by the code that runs here, under a name that says so.

    Args:
        own: the manifest of the bento that the code is of.
    """
    code = own["code_sha256"]
    if found.manifest["code_sha256"] == code:
        return found
    log.warning(
        "%s answers by the code of %s:%s: start the server again, with the bento of that version.",
        found.version, own["name"], own["version"],
    )  # fmt: skip
    version = f"{found.manifest['version']}+code.{code[:SHORT]}"
    return replace(found, manifest={**found.manifest, "version": version})


def begun_with(own: Path) -> Path:
    """The folder of the assistant that a worker would begin with, as far as can be seen unloaded.

    Raises:
        DataError: none is whole; the error is of the one that came with the code.
        PipelineError: a package that it computes with is not installed.
    """
    for _, folder in places(own)[:-1]:
        with suppress(PlatformError, ValueError):
            check_packages(read_manifest(folder))
            return folder
    check_packages(read_manifest(own))
    return own
