"""Measure how long one changed page takes until the assistant answers from it.

    python -m benchmarks.assistant_page

Run it after `make assistant`; a minute. In a clone of what is committed, which shares the cache and
is served as by `make assistant-serve`, a section is written into the page of this repository that
has the most passages. Printed are the seconds from there until the server finds it, and those of
`dvc repro` in them; and before, those of `dvc repro` of the whole graph when nothing has changed.
"""

import json
import os
import resource
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import psutil

from benchmarks.servers import ROOT, TOKEN, running

PROJECT = Path("include/assistant")
GRAPH = f"{PROJECT}/dvc.yaml"
# Another one each time: DVC gets back what it has once made.
NEW = f"The lantern of the ferryman burns for {secrets.token_hex(4)} hours."
LONGEST_S = 120
BARS = {"unchanged": 5, "changed": 10}  # seconds


def main() -> None:
    """Print both beside their bars."""
    with TemporaryDirectory() as folder:
        clone, work = Path(folder) / "clone", Path(folder) / "work"
        work.mkdir()
        cloned(clone)
        dvc(clone, "repro", GRAPH)  # the files of a new clone are hashed
        took, cpu = timed(clone, GRAPH)
        print(f"nothing changed: dvc repro {took:.1f} s (bar {BARS['unchanged']}), CPU {cpu:.1f} s")
        with served(clone, work) as (port, _):
            if found(port):
                raise SystemExit(f"{NEW!r} is found before it is written.")
            began, page = time.perf_counter(), change_a_page(clone)
            took, cpu = timed(clone, f"{GRAPH}:build_index")
            while not found(port):
                if time.perf_counter() - began > LONGEST_S:
                    raise SystemExit(f"{NEW!r} is not found after {LONGEST_S} s.")
                time.sleep(0.05)
            whole = time.perf_counter() - began
        print(
            f"{page} changed: found after {whole:.1f} s (bar {BARS['changed']}), "
            f"of which dvc repro {took:.1f} s, CPU {cpu:.1f} s"
        )


def cloned(clone: Path) -> None:
    """Clone this repository, with what the last run of the graph made."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    dvc(clone, "cache", "dir", "--local", str(ROOT / ".dvc/cache"))
    shutil.copy(ROOT / PROJECT / "dvc.lock", clone / PROJECT / "dvc.lock")
    dvc(clone, "checkout", GRAPH)


def timed(clone: Path, target: str) -> tuple[float, float]:
    """The seconds of `dvc repro` of a target, and those of a processor."""
    used, began = cpu_s(), time.perf_counter()
    dvc(clone, "repro", target)
    return time.perf_counter() - began, cpu_s() - used


def dvc(clone: Path, *words: str) -> None:
    """Run DVC as a person does; stop if it fails."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["dvc", *words], cwd=clone, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"dvc {' '.join(words)} failed:\n{done.stdout[-2000:]}{done.stderr}")


def cpu_s() -> float:
    """What those that this process waited for have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def served(clone: Path, work: Path) -> AbstractContextManager[tuple[int, psutil.Process]]:
    """The bento of a clone, served beside its index."""
    bento, index = (clone / PROJECT / name for name in ("bento/assistant.bento", "data/index"))
    command = [sys.executable, "-m", "include.assistant.service"]
    command += ["--bento", str(bento), "--index", str(index)]
    own = {"BENTOML_HOME": str(work / "home"), "LEEWAY_SERVE_TOKEN": TOKEN}
    return running(command, work, own, "BENTOML_PORT", "/readyz")


def change_a_page(clone: Path) -> str:
    """Write a section into the page of this repository that has the most passages; its name."""
    table = pl.read_parquet(clone / PROJECT / "data/passages/passages.parquet")
    counted = table.filter(source="leeway").group_by("page").len().sort("len", "page")
    page = str(counted.row(-1)[0])
    with (clone / page).open("a") as file:
        file.write(f"\n## The ferryman\n\n{NEW}\n")
    return page


def found(port: int) -> bool:
    """Whether the server finds the new section."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/search",
        json.dumps({"question": NEW, "limit": 1}).encode(),
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return NEW in json.load(reply)["hits"][0]["text"]


if __name__ == "__main__":
    main()
