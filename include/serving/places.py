"""Folders that the environment names, as seen from where one types: workers run elsewhere."""

import os
from pathlib import Path

from include.serving.pointer import FOLDER

# Names the folder of materialize_features; or `redis`, for the store at LEEWAY_REDIS_URL alone.
ONLINE = "LEEWAY_ONLINE"
REDIS = "redis"
LOG = "LEEWAY_SERVE_LOG"  # names the folder of the log of predictions


def from_here() -> None:
    """Let what is named from this folder be found from any."""
    for name in (ONLINE, LOG, FOLDER):
        held = os.environ.get(name, "").strip()
        if held and held != REDIS:
            os.environ[name] = str(Path(held).absolute())
