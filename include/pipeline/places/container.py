"""What a container and a pod have in common: the command, the environment, the user, the end."""

import hashlib
import json
import os
import re
import signal
import sys
import zipfile
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NoReturn
from zipfile import ZipInfo

from include.errors import PipelineError
from include.pipeline.child import files
from include.pipeline.child.orders import Terms, as_text, written
from include.pipeline.places.where import Contained, Where
from include.pipeline.workspace import own

MAIN = "import sys\nfrom leeway_child.__main__ import main\nsys.exit(main())\n"


def command_of(order: Contained, terms: Terms) -> list[str]:
    """What runs in the container: DVC, by a file that needs nothing but DVC.

    The file is put into the workspace, so that any image with DVC will do, and where no step can
    write: Python opens it again for each module.
    """
    name = f"child-{hashlib.sha256(packed()).hexdigest()[:12]}.pyz"
    file = own(order.top) / name
    if not file.exists():
        files.write(file, packed())
        file.chmod(0o644)
    step = replace(order.step, remote=False, fetch=False)  # there is no network
    return ["python3", str(file), as_text(replace(terms, parent=0), step)]


@cache
def packed() -> bytes:
    """The folder child/ as one file, which Python runs: see zipapp."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo("__main__.py"), MAIN)  # as old as files in a zip can be
        for path in sorted(Path(__file__).parents[1].joinpath("child").glob("*.py")):
            archive.writestr(ZipInfo(f"leeway_child/{path.name}"), path.read_bytes())
    return held.getvalue()


def succeeded(terms: Terms) -> bool:
    """Whether the process in the container says that its work was done."""
    try:
        return bool(json.loads(written(Path(terms.answer)))["answer"]["status"] == 0)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def environment_of(where: Where, folder: Path) -> dict[str, str]:
    """What a step sees in a container: little, and only what it was promised."""
    fixed = {
        "HOME": "/tmp",
        "USER": "leeway",  # whoever the number is: an image may not know it
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / ".dvc" / "tmp" / "site-cache"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # the workspace is the run's, not the image's
        # The workspace's git belongs to the worker, whose user may be another.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    return fixed | {name: os.environ[name] for name in where.environment if name in os.environ}


def user_of(where: Where) -> str:
    """Who a step is: the worker's own user, but never root."""
    if where.user:
        if not re.fullmatch(r"[1-9]\d*(:\d+)?", where.user):
            what = f"AIRFLOW__LEEWAY__USER is {where.user!r}: no number of a user, or that of root."
            raise PipelineError(what, "set it to UID:GID, as 50000:0.")
        return where.user
    return "50000:0" if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"


def end_on_signals() -> None:
    """Let every signal end this process in the orderly way, so that the container is removed."""

    def leave(number: int, frame: object) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
