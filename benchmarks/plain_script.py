"""The anchor: the same stages as one plain script, in one process, without DVC.

Run from the root of a clone: `python -m benchmarks.plain_script`. It makes the same files as
`dvc repro`, with the same libraries, but imports each once, hashes nothing, and remembers nothing.
"""

import importlib
import resource
import shlex
import time
from pathlib import Path

import yaml

from include import step


def main() -> int:
    """Call each stage of dvc.yaml in turn, and print what each took."""
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    began = time.monotonic()
    for name, stage in stages.items():
        started = time.monotonic()
        module = importlib.import_module(f"include.flights.{name}")
        if step.run(getattr(module, name), shlex.split(stage["cmd"])[3:]):
            return 1
        print(f"{name}: {time.monotonic() - started:.1f} s with imports", flush=True)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"plain script: {time.monotonic() - began:.1f} s, peak {peak_mb:,.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
