"""Serve the model of the newest good run. Until there is one, wait.

A newer model is taken at the next start: `docker compose restart model-server`.
"""

import os
import time
from pathlib import Path

import yaml

WAITING = Path("/tmp/waiting-for-a-model")  # read by health.py
SUFFIX = ".bento"  # BentoML tells what a file is by its name


def main() -> None:
    """Find the bento, unpack it, and become the server."""
    file = wait(Path(os.environ["LEEWAY_REPOSITORY"]), Path(os.environ["LEEWAY_HOME"]))
    named = Path("/tmp/model").with_suffix(SUFFIX)
    named.unlink(missing_ok=True)
    named.symlink_to(file)
    import bentoml

    try:
        tag = str(bentoml.import_bento(str(named)).tag)
    except bentoml.exceptions.BentoMLException as error:
        if "already exists" not in str(error):
            raise
        tag = str(bentoml.list()[0].tag)
    WAITING.unlink(missing_ok=True)
    print(f"serving {tag}", flush=True)
    os.execvp("bentoml", ["bentoml", "serve", tag, "--host", "0.0.0.0", "--port", "3000"])


def wait(repository: Path, home: Path) -> Path:
    """The bento of the newest good run, as soon as there is one."""
    WAITING.touch()
    said = False
    while (file := newest(repository, home)) is None:
        if not said:
            print("no model yet: run the DAG that makes one", flush=True)
            said = True
        time.sleep(5)
    return file


def newest(repository: Path, home: Path) -> Path | None:
    """The bento that the newest good lock names, in the DVC cache."""
    lock, wanted = home / "good" / "dvc.lock", os.environ["LEEWAY_BENTO"]
    if not lock.exists():
        return None
    held = yaml.load(lock.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for stage in (held.get("stages") or {}).values():
        for out in stage.get("outs", []):
            if out["path"] == wanted:
                md5 = str(out["md5"])
                file = repository / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
                return file if file.exists() else None
    return None


if __name__ == "__main__":
    main()
