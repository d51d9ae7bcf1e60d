"""What `dvc repro` costs over the same work as a plain script, and what a change costs.

Run: `python -m benchmarks.pipeline`. It clones the last commit into a temporary folder, twice, and
leaves this checkout alone. About ten minutes on two cores.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHANGES = {
    "unchanged": ("", ""),
    "one training parameter": ("patience: 30 ", "patience: 31 "),
    "one more month": ('end: "2013-12-01"', 'end: "2014-01-01"'),
}


def main() -> None:
    """Time the two runners from nothing, then the changes."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = clone(Path(folder) / "dvc")
        committed = (ours / "dvc.lock").read_bytes()
        (ours / "dvc.lock").unlink()
        cold = timed(ours, ["dvc", "repro"])
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        plain = clone(Path(folder) / "plain")
        script = timed(plain, [sys.executable, "-m", "benchmarks.plain_script"])
        print(f"cold dvc repro        {cold:6.1f} s   x{cold / script:.2f} of the plain script")
        same = (ours / "dvc.lock").read_bytes() == committed
        print(f"its dvc.lock          {'the committed one, byte for byte' if same else 'DIFFERS'}")
        print(f"its largest process   {peak_mb:6,.0f} MB")
        print(f"plain script          {script:6.1f} s", flush=True)
        changes(ours, cold)
    imports()


def changes(repository: Path, cold: float) -> None:
    """Time `dvc repro` after each change of params.yaml."""
    params = repository / "params.yaml"
    for name, (old, new) in CHANGES.items():
        if name == "one more month":
            params.write_text(params.read_text().replace(new, old))
            timed(repository, ["dvc", "repro"])
        params.write_text(params.read_text().replace(old, new))
        # Without the run cache, which remembers the results of the cold run.
        spent = timed(repository, ["dvc", "repro", "--no-run-cache"])
        print(f"{name:22}{spent:6.1f} s   x{spent / cold:.3f} of the cold run", flush=True)


def imports() -> None:
    """Time the import of each stage's module, bytecode compiled."""
    for path in sorted((ROOT / "include/flights").glob("*_*.py")):
        text = path.read_text()
        if f"def {path.stem}(" in text and "step.run" in text:
            command = [sys.executable, "-c", f"import include.flights.{path.stem}"]
            print(f"import {path.stem:22}{timed(ROOT, command):5.2f} s")


def clone(folder: Path) -> Path:
    """A clone of the last commit, with a cache of its own."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def timed(folder: Path, command: list[str]) -> float:
    """Seconds of a command, with its output in a log of its own."""
    environment = {**os.environ, "DVC_SITE_CACHE_DIR": str(folder / ".dvc/site-cache")}
    began = time.monotonic()
    with (folder / ".dvc/tmp.log").open("a") as log:
        subprocess.run(command, cwd=folder, check=True, env=environment, stdout=log, stderr=log)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
