"""Serve the model of the newest good run. Until there is one, wait.

A newer model is taken at the next start: `docker compose restart model-server`.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import yaml

WAITING = Path("/tmp/waiting-for-a-model")  # read by health.py
MODEL = Path("/tmp/model.bento")  # BentoML tells what a file is by its name
STORE = Path("/tmp/bentoml")


def main() -> None:
    """Find the bento, unpack it, and become the server."""
    wait(Path(os.environ["LEEWAY_REPOSITORY"]), Path(os.environ["LEEWAY_HOME"]))
    # An empty store: what an earlier start of this container served is in its way.
    shutil.rmtree(STORE, ignore_errors=True)
    os.environ["BENTOML_HOME"] = str(STORE)
    import bentoml

    tag = str(bentoml.import_bento(str(MODEL)).tag)
    WAITING.unlink(missing_ok=True)
    print(f"serving {tag}", flush=True)
    os.execvp("bentoml", ["bentoml", "serve", tag, "--host", "0.0.0.0", "--port", "3000"])


def wait(repository: Path, home: Path) -> None:
    """Return when there is a model, at MODEL."""
    MODEL.unlink(missing_ok=True)
    WAITING.touch()
    said = False
    while not (found := md5(newest(repository, home))) or not take(found, repository):
        if not said:
            print("no model yet: run the DAG that makes one", flush=True)
            said = True
        time.sleep(5)


def newest(repository: Path, home: Path) -> str:
    """The newest good lockfile; nothing if there is none yet."""
    if "LEEWAY_S3_URL" in os.environ:  # workers share no disk: it is where they pushed it
        command = ["git", "-C", str(repository), "show", "refs/leeway/good:dvc.lock"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    locks = sorted(home.glob(f"good/{repository.name}-*/dvc.lock"), key=os.path.getmtime)
    return locks[-1].read_text() if locks else ""


def md5(lockfile: str) -> str:
    """The hash of the bento in a lockfile; nothing if no stage made it.

    It is the out that LEEWAY_BENTO names, or else the one whose name ends in .bento.
    """
    held = yaml.load(lockfile, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    outs = [out for stage in (held.get("stages") or {}).values() for out in stage.get("outs", [])]
    hashes = {str(out["path"]): str(out["md5"]) for out in outs if "md5" in out}
    if wanted := os.environ.get("LEEWAY_BENTO"):
        return hashes.get(wanted, "")
    bentos = sorted(path for path in hashes if path.endswith(".bento"))
    if len(bentos) > 1:
        raise SystemExit(
            f"The lockfile holds {len(bentos)} bentos: {', '.join(bentos[:10])}.\n"
            "  Next: name the one to serve in .env, as LEEWAY_BENTO=PATH."
        )
    return hashes[bentos[0]] if bentos else ""


def take(found: str, repository: Path) -> bool:
    """Put the bento of this hash at MODEL, from the cache or the remote; whether it was there."""
    path = f"files/md5/{found[:2]}/{found[2:]}"
    if "LEEWAY_S3_URL" not in os.environ:
        file = repository / ".dvc/cache" / path
        if file.exists():
            MODEL.symlink_to(file)
        return file.exists()
    from s3fs import S3FileSystem

    store = S3FileSystem(endpoint_url=os.environ["LEEWAY_S3_URL"])
    try:
        store.get_file(f"{os.environ['LEEWAY_BUCKET']}/dvc/{path}", str(MODEL))
    except FileNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main()
