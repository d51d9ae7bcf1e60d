"""Serve what is live, as the service `follower` says it. Until something is, wait.

The server has no repository and no key to the data: it reads a folder with unpacked bentos, and a
file that names those that are live. Its workers follow that file; the code that they run is that of
the bento which was champion at their start.
"""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

WAITING = Path("/tmp/waiting-for-a-model")  # read by health.py
BENTO = Path("/tmp/bento")
SERVER = ("bentoml", "serve", str(BENTO), "--host", "0.0.0.0", "--port", "3000")


def main() -> None:
    """Take a copy of the champion's bento, and become the server."""
    live = Path(os.environ["LEEWAY_SERVE_LIVE"])
    WAITING.touch()
    said = ""
    while not (champion := named(live)) or not taken(live / champion["folder"]):
        now = "no champion yet: promote a version, as docs/registry.md says"
        if champion:
            now = f"{champion['folder']} of {champion['version']} is not there as yet"
        if now != said:
            print(now, flush=True)
            said = now
        time.sleep(1)
    print(f"serving {champion['version'] or 'a model that is not registered'}", flush=True)
    WAITING.unlink()
    os.chdir(BENTO / "src")
    os.execvp(SERVER[0], SERVER)


def named(live: Path) -> dict[str, Any]:
    """What the file says of the champion; nothing while it is not there."""
    try:
        return json.loads((live / "live.json").read_text())["champion"] or {}
    except FileNotFoundError:
        return {}


def taken(folder: Path) -> bool:
    """Copy a bento, which others remove when it is champion no more; whether it was there."""
    shutil.rmtree(BENTO, ignore_errors=True)
    try:
        shutil.copytree(folder, BENTO)
    except FileNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main()
