"""What the registry costs: reading it at 1,000 versions, and a promotion without a remote.

Run: `python -m benchmarks.registry`. It makes a repository of its own in a temporary folder, in
which 120 files are behind each version. A few seconds.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

from include.pipeline.git.command import git
from include.pipeline.registry.tags import read, used
from include.pipeline.registry.writing import promote

VERSIONS = 1_000
FILES = {f"data/features/{2004 + n // 12}-{n % 12 + 1:02}.parquet": f"{n:032x}" for n in range(120)}


def main() -> None:
    """Make the versions, each of which was champion, and time what people ask."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        git(repo, "init", "--quiet")
        fill(repo)
        for packed in (False, True):
            if packed:
                git(repo, "gc", "--quiet")
            note = f"{VERSIONS:,} versions, {'after' if packed else 'before'} `git gc`"
            print(f"read the registry    {timed(lambda: read(repo, 'model')):8.0f} ms   {note}")
        registry = read(repo, "model")
        last = registry.versions[-1]
        stages = timed(lambda: [*map(read(repo, "model").stages, registry.versions)])
        print(f"and list all stages  {stages:8.0f} ms")
        print(f"what made a version  {timed(lambda: registry.made(last)):8.0f} ms")
        print(f"who used a file      {timed(lambda: used(registry, f'{7:032x}')):8.0f} ms")
        print(f"why each was live    {timed(registry.reasons):8.0f} ms")
        spent = timed(lambda: promote(repo, "model", "v0.0.1", "champion"), 1)
        print(f"a promotion          {spent:8.0f} ms   without a remote")


def fill(repo: Path) -> None:
    """Write the tags of all versions, and of an act for each, by one process of git."""
    who = "Ann <ann@localhost>"
    lines, held = [], json.dumps({"files": FILES, "params": {"train": {"rate": 1}}})
    for n in range(1, VERSIONS + 1):
        commit = f"commit refs/exps/x\nmark :{n}\ncommitter {who} {n * 60} +0000\ndata 1\nx\n"
        lines.append(commit)
        for name, text in ((f"model@v0.0.{n}", held), (f"model#champion#{n}", '{"because": ""}')):
            text = f"{name}\n\n{text}\n"
            head = f"tag {name}\nfrom :{n}\ntagger {who} {n * 60 + 1} +0000\n"
            lines.append(f"{head}data {len(text)}\n{text}\n")
    subprocess.run(
        ["git", "-C", str(repo), "fast-import", "--quiet"],
        input="".join(lines),
        text=True,
        check=True,
    )


def timed(work, times: int = 5) -> float:  # type: ignore[no-untyped-def]
    """Milliseconds of the quickest of some tries."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found) * 1_000


if __name__ == "__main__":
    main()
