"""Calls that were made are kept by content: the same call costs nothing a second time."""

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError


@dataclass(frozen=True)
class Kept:
    """What is kept of a call: of the question and the passages, their hash alone."""

    key: str  # SHA-256 of all that was sent, and to whom
    provider: str
    address: str  # of the endpoint
    model: str  # as the server names it
    seed: int
    prompt: str  # name@sha
    text: str  # the reply
    tool_calls: int  # that it asked for; none is ever made
    tokens_in: int
    tokens_out: int
    cost: float
    currency: str


FORM = TypeAdapter(Kept)


@dataclass(frozen=True)
class Cache:
    """A folder of calls. Processes and threads may share it."""

    folder: Path

    def get(self, key: str) -> Kept | None:
        """The call with this key; none if it was not made, or its file is damaged."""
        try:
            kept = FORM.validate_json(self.path(key).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValidationError:
            print(f"{self.path(key).name} in the cache of calls is damaged: made anew", flush=True)
            return None
        return kept if kept.key == key else None

    def put(self, kept: Kept) -> None:
        """Keep a call; another process may do so at the same time."""
        path = self.path(kept.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        work = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            work.write_text(json.dumps(asdict(kept), indent=2, ensure_ascii=False) + "\n")
            work.replace(path)
        finally:
            work.unlink(missing_ok=True)

    def path(self, key: str) -> Path:
        """The file of a call; at most a few thousand in each folder."""
        return self.folder / key[:2] / f"{key}.json"
