"""Keep the file that says what is live as the registry has it."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from include.errors import DataError, PipelineError, PlatformError
from include.following.taking import BENTOS, take, take_file
from include.following.wanted import Wanted, artifact_of, fetch, file_of
from include.pipeline.child import files
from include.pipeline.registry.tags import STAGES, Registry, Version, read
from include.serving.pointer import FILE, Pointed, Pointer, read_pointer

FETCH_EVERY_S, AFTER_FAILURE_S = 3.0, 30.0
AGAIN_S = 30.0  # after which a model that could not be had is tried again
GRACE_S = 600.0  # a worker that read the file before it changed may load what it named
LOCK = "lock"


class Follower:
    """Reads the registry, unpacks what is live, and says so to the workers.

    Args:
        named: the artifact; empty: the only one that the repository declares.
        remote: whose tags are fetched; empty: those that the repository has are all there is.
        live: the folder that the workers read.
        say: tells people, a line at a time.
    """

    def __init__(
        self, repo: Path, named: str, remote: str, live: Path, say: Callable[[str], object]
    ) -> None:
        self.repo, self.named, self.remote, self.live = repo, named, remote, live
        self.say, self.said = say, ""
        self.fetch_at, self.unreachable = 0.0, False
        self.files: dict[str, Wanted] = {}  # of versions, by their commits
        self.failed: dict[str, tuple[float, str]] = {}  # when to try a version again; why it failed
        self.left: dict[str, float] = {}  # unpacked bentos, and since when nothing names them
        self.kept: set[str] = set()  # those that are needed all the same
        self.whole: set[str] = set()  # those that this process has looked through

    @cached_property
    def artifact(self) -> str:
        """What is served.

        Raises:
            PipelineError: the repository declares none as yet, or several.
        """
        return artifact_of(self.repo, self.named)

    def follow(self) -> None:
        """Look, and say what stands in the way, once: it ends neither this process nor a server."""
        os.utime(self.live / LOCK)  # for who asks whether somebody follows
        try:
            pointer = self.look()
            none = pointer.champion is None and not pointer.refused
            now = f"{self.artifact} has no champion yet: promote a version." if none else ""
        except (PlatformError, OSError) as error:  # such as of a repository that is being updated
            now = str(error)
        if now and now != self.said:
            self.say(now)
        self.said = now

    def look(self) -> Pointer:
        """Let the workers know what is live now; fetch before, if it is time to."""
        if self.remote and time.monotonic() >= self.fetch_at:
            self.fetch()
        registry, before = read(self.repo, self.artifact), self.pointer()
        now = {role: registry.live(role) for role in STAGES}
        held = {role: self.held(registry, now[role], getattr(before, role)) for role in STAGES}
        refused = {
            role: self.failed[version.name][1]
            for role, version in now.items()
            if version is not None and version.name in self.failed
        }
        # The last champion goes on where there is none any more, or the new one cannot be had.
        champion = held["champion"] or before.champion
        after = Pointer(champion=champion, challenger=held["challenger"], refused=refused)
        if after != before:
            self.write(after, before)
        self.tidy(after)
        return after

    def held(
        self, registry: Registry, version: Version | None, before: Pointed | None
    ) -> Pointed | None:
        """A version that is live, unpacked; None if it cannot be had."""
        if version is None:
            return None
        wanted = self.files.get(version.commit)
        if before and wanted and wanted.md5 == before.md5 and wanted.md5 in self.whole:
            return before.model_copy(update={"version": version.name})
        if time.monotonic() < self.failed.get(version.name, (0.0, ""))[0]:
            return None
        try:
            wanted = self.files[version.commit] = wanted or file_of(registry, version)
            folder = take(self.repo, wanted, self.live)
        except (PlatformError, OSError) as error:
            self.fail(version.name, error)
            return None
        self.failed.pop(version.name, None)
        self.whole.add(wanted.md5)
        return Pointed(version=version.name, md5=wanted.md5, folder=folder)

    def fail(self, version: str, error: Exception) -> None:
        """Say why a version cannot be had, once, and try it again in a while."""
        why = f"{version} is live and cannot be had: {str(error).splitlines()[0]}"
        if self.failed.get(version, (0.0, ""))[1] != why:
            self.say(f"{version} is live and cannot be had: {error}")
        self.failed[version] = time.monotonic() + AGAIN_S, why

    def fetch(self) -> None:
        """Fetch the tags; a remote that does not answer is told once, and asked less often."""
        why = fetch(self.repo, self.artifact, self.remote)
        if why and not self.unreachable:
            self.say(f"{self.remote} gives no news, and is asked again and again: {why}")
        if self.unreachable and not why:
            self.say(f"{self.remote} answers again")
        self.unreachable = bool(why)
        self.fetch_at = time.monotonic() + (AFTER_FAILURE_S if why else FETCH_EVERY_S)

    def begin_with(self, file: Path) -> Pointer:
        """Let the workers begin with a file that has no version.

        Raises:
            DataError: it is no bento of this service.
        """
        wanted, folder = take_file(file, self.live)
        champion = Pointed(version="", md5=wanted.md5, folder=folder)
        pointer = self.pointer().model_copy(update={"champion": champion})
        self.write(pointer, Pointer())
        return pointer

    def pointer(self) -> Pointer:
        """What the workers are told now; one that cannot be read is written anew."""
        try:
            return read_pointer(self.live)
        except DataError:
            return Pointer()

    def write(self, pointer: Pointer, before: Pointer) -> None:
        """Tell the workers, in one piece."""
        files.write(self.live / FILE, pointer.model_dump_json(indent=1) + "\n")
        for role in STAGES:
            pointed: Pointed | None = getattr(pointer, role)
            if pointed == getattr(before, role):
                continue
            name = f"{pointed.version or 'not registered'} ({pointed.md5})" if pointed else "none"
            self.say(f"{role}: {name}")

    def tidy(self, pointer: Pointer) -> None:
        """Remove bentos that no worker can use any more."""
        now, named = time.monotonic(), (pointer.champion, pointer.challenger)
        used = self.kept | {pointed.folder.name for pointed in named if pointed}
        unused = {path.name for path in (self.live / BENTOS).glob("*")} - used
        self.left = {name: self.left.get(name, now) for name in unused}
        for name in [name for name, since in self.left.items() if now - since > GRACE_S]:
            shutil.rmtree(self.live / BENTOS / name, ignore_errors=True)
            self.whole.discard(name)


@contextmanager
def alone(live: Path) -> Iterator[None]:
    """Be the only one who writes into a folder.

    Raises:
        PipelineError: another process does.
    """
    live.mkdir(parents=True, exist_ok=True)
    with (live / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"Another process follows the registry for {live}."
            raise PipelineError(what, "end that one first.") from None
        yield
