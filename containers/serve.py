"""Serve the model of the newest good run. Until there is one, wait.

A newer model is taken at the next start: `docker compose restart model-server`.
"""

import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

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
    while not (found := newest(memories(repository, home))) or not take(found, repository):
        if not said:
            print("no model yet: run the DAG that makes one", flush=True)
            said = True
        time.sleep(5)


def memories(repository: Path, home: Path) -> Iterator[str]:
    """What good runs remember of each stage, as JSON."""
    if "LEEWAY_S3_URL" not in os.environ:
        for file in home.glob(f"good/{repository.name}-*/*/*.json"):
            with suppress(FileNotFoundError):  # forgotten by a run that ended now
                yield file.read_text()
        return
    # Workers share no disk: it is where they pushed it.
    command = ["git", "-C", str(repository), "archive", "--format=tar", "refs/leeway/good"]
    packed = subprocess.run(command, capture_output=True, check=False).stdout
    if packed:
        with tarfile.open(fileobj=io.BytesIO(packed)) as held:
            for member in held:
                file = held.extractfile(member)
                if file is not None and member.name.endswith(".json"):
                    yield file.read().decode()


def newest(held: Iterable[str]) -> str:
    """The hash of the newest bento that a good run made; nothing if there is none.

    It is the out that LEEWAY_BENTO names, or else the one whose name ends in .bento.

    Args:
        held: by `memories`.
    """
    wanted = os.environ.get("LEEWAY_BENTO")
    found = []
    for memory in map(json.loads, held):
        for out in memory["lock"].get("outs", []):
            path = str(out["path"])
            if "md5" in out and (path == wanted if wanted else path.endswith(".bento")):
                found.append((memory["age"], path, str(out["md5"])))
    names = sorted({path for _, path, _ in found})
    if len(names) > 1:
        raise SystemExit(
            f"Good runs made {len(names)} bentos: {', '.join(names[:10])}.\n"
            "  Next: name the one to serve in .env, as LEEWAY_BENTO=PATH."
        )
    return max(found)[2] if found else ""


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
