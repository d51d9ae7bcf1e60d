"""Where a training left off, so that a killed one goes on instead of starting again."""

import hashlib
import io
import pickle
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

MAX_AGE_DAYS = 7


@dataclass(frozen=True)
class Checkpoint:
    """The state after the last whole epoch, in a file of its own.

    Args:
        folder: named after the hash of all that the training is made from, so that the state of
            another training is never taken up.
        name: of the training, where the folder holds several.
    """

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """The file of the state: the SHA-256 of what torch writes, and what torch writes."""
        return self.folder / f"{self.name}.pt"

    def save(self, state: dict[str, Any]) -> None:
        """Write the state in one step: a kill leaves the old or the new one, never a half."""
        self.folder.mkdir(parents=True, exist_ok=True)
        work = self.path.with_suffix(".new")
        # Through memory: torch.save hides a full disk in a RuntimeError.
        held = io.BytesIO()
        torch.save(state, held)
        with work.open("wb") as file:
            file.write(hashlib.sha256(held.getbuffer()).digest())
            file.write(held.getbuffer())
        work.replace(self.path)

    def load(self) -> dict[str, Any] | None:
        """The state; None if there is none, or not all of it is as it was written."""
        try:
            data = memoryview(self.path.read_bytes())
        except FileNotFoundError:
            return None
        size = hashlib.sha256().digest_size
        # torch itself takes other weights for the right ones: it compares no checksum.
        if hashlib.sha256(data[size:]).digest() != data[:size]:
            print(f"{self.path} is damaged ({len(data):,} bytes): starting again", flush=True)
            return None
        try:
            whole = io.BytesIO(data[size:])
            held: dict[str, Any] = torch.load(whole, map_location="cpu", weights_only=True)
        except (RuntimeError, pickle.UnpicklingError) as error:
            print(
                f"{self.path} cannot be read ({type(error).__name__}): starting again", flush=True
            )
            return None
        return held


def open_folder(root: Path, key: str) -> Path:
    """The folder of one training under `root`, which git ignores; old ones are removed."""
    root.mkdir(parents=True, exist_ok=True)
    (root / ".gitignore").write_text("*\n")
    oldest = time.time() - MAX_AGE_DAYS * 24 * 3600
    for held in root.iterdir():
        if held.is_dir() and held.name != key and held.stat().st_mtime < oldest:
            shutil.rmtree(held, ignore_errors=True)
    return root / key
