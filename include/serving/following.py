"""The models of one worker, which follow the file that says what should be live.

A new model is loaded in a thread, while the old ones answer. If it is not what was packaged, or
answers otherwise here, it is refused and the old champion goes on.
"""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path

from include.errors import DataError, PlatformError
from include.serving.counts import Counts
from include.serving.live import Live
from include.serving.manifest import MODEL, check_packages, log, read_manifest
from include.serving.pointer import FILE, Pointed, live_folder, read_pointer
from include.serving.served import SAME_PACKAGES, Read, Served, load

EVERY_S = 1.0
AGAIN_S = 30.0  # after which a model that was refused is tried again: its files may come later


class Following:
    """Holds the pair that answers, and replaces it as a whole.

    Args:
        own: the folder of the model that came with the code.
        read: makes a model of such a folder.
    """

    def __init__(self, own: Path, read: Read, counts: Counts) -> None:
        self.read, self.counts = read, counts
        self.folder, self.stamp = live_folder(), (0, 0)
        self.again_at, self.faults = inf, dict[str, str]()  # of each role, why it was refused
        self.unavailable: set[tuple[str, str]] = set()  # roles whose models there are not, and why
        self.live = Live(self.first(own))
        counts.model("champion", None, self.live.champion)

    def first(self, own: Path) -> Served:
        """What should be live, or else the model that came with the code.

        Raises:
            PlatformError: neither can be loaded.
        """
        with suppress(Exception):  # the first look says what is wrong
            for pointed, folder in places(own):
                served = load(folder, self.read, **known(pointed))
                if not served.fault:
                    return served
        return load(own, self.read)

    def start(self) -> None:
        """Follow from now on, for as long as the worker lives."""
        if self.folder is not None:
            self.look()
            threading.Thread(target=self.follow, name="following", daemon=True).start()

    def follow(self) -> None:
        """Look again and again."""
        while True:
            time.sleep(EVERY_S)
            self.look()

    def look(self) -> None:
        """Take what should be live, if the file is another one, or something was refused."""
        assert self.folder is not None
        try:
            status = (self.folder / FILE).stat()
        except OSError:  # it is not there as yet, or the volume is away
            return
        stamp = status.st_ino, status.st_mtime_ns
        if stamp == self.stamp and time.monotonic() < self.again_at:
            return
        if stamp != self.stamp:
            self.faults.clear()
        self.stamp, self.again_at = stamp, inf
        try:
            pointer = read_pointer(self.folder)
        except DataError as error:
            return self.refuse("champion", error)
        for role, why in pointer.refused.items() - self.unavailable:
            self.refuse(role, PlatformError(why, "read the log of include.following."))
        self.unavailable = {*pointer.refused.items()}
        before = self.live
        # Where none is champion any more the last one goes on: the service is not to go dark.
        champion = self.taken("champion", pointer.champion) or before.champion
        self.live = now = Live(champion, self.taken("challenger", pointer.challenger))
        self.tell("champion", before.champion, now.champion)
        self.tell("challenger", before.challenger, now.challenger)

    def taken(self, role: str, wanted: Pointed | None) -> Served | None:
        """A model that should be live; None if there is none, or it cannot be."""
        if wanted is None:
            return None
        for held in (self.live.champion, self.live.challenger):
            if held is not None and held.md5 == wanted.md5:
                same = held.registered == wanted.version
                return held if same else replace(held, registered=wanted.version)
        assert self.folder is not None
        try:
            served = load(self.folder / wanted.folder / MODEL, self.read, **known(wanted))
            if served.fault:
                raise PlatformError(served.fault, SAME_PACKAGES)
        except Exception as error:  # whatever is wrong with it, those that answer go on
            self.again_at = time.monotonic() + AGAIN_S
            if self.faults.get(role) != str(error):  # once, not every half minute
                self.faults[role] = str(error)
                self.refuse(role, error)
            return None
        self.faults.pop(role, None)
        return served

    def refuse(self, role: str, error: Exception) -> None:
        """Say that a model is not taken; what is no error of ours, with its traceback."""
        self.counts.refused.labels(role).inc()
        bug = None if isinstance(error, PlatformError) else error
        log.error("The new %s is refused: %s", role, error, exc_info=bug)

    def tell(self, role: str, before: Served | None, now: Served | None) -> None:
        """Say what a swap changed, if it did."""
        if before is now:
            return
        self.counts.swapped.labels(role).inc()
        self.counts.model(role, before, now)
        log.info("The %s was %s and is %s", role, name_of(before), name_of(now))


def name_of(served: Served | None) -> str:
    """A model by both of its names."""
    return f"{served.registered or 'unregistered'} ({served.version})" if served else "none"


def known(pointed: Pointed | None) -> dict[str, str]:
    """What the file says of a model, as the model in memory has it."""
    return {"registered": pointed.version, "md5": pointed.md5} if pointed else {}


def places(own: Path) -> list[tuple[Pointed | None, Path]]:
    """The folders of models to begin with, the best first."""
    folder, champion = live_folder(), None
    with suppress(DataError):
        champion = read_pointer(folder).champion if folder else None
    came = (None, own)
    return [(champion, folder / champion.folder / MODEL), came] if folder and champion else [came]


def check_model(own: Path) -> None:
    """See that there is a model to begin with.

    Raises:
        DataError: no model is whole; the error is of the one that came with the code.
        PipelineError: a package that it computes with is not installed.
    """
    for _, folder in places(own)[:-1]:
        with suppress(PlatformError, ValueError):
            return check_packages(read_manifest(folder))
    check_packages(read_manifest(own))
