"""What a worker does before a stage runs in a container, which here only says that it was."""

import os
from pathlib import Path

from real_processes import fork, status_of

from include.pipeline import elsewhere
from include.pipeline.child.orders import Reproduce, Terms
from include.pipeline.places.where import Contained, Where
from include.pipeline.workspace import Run


def brought(run: Run, stage: str, result: Path) -> str:
    """What comes of it when a worker fetches what the container of a stage is to read."""
    step = Reproduce(stage, False, True, "", None, None)
    order = Contained(step, Where("docker", "-"), {}, run.folder, run.top, run.cache_dir, run.repo)

    def work() -> None:
        os.chdir(run.folder)
        elsewhere.runner_of = lambda runtime: lambda *_: result.write_text("it came to one")
        elsewhere.work(Terms(str(result), 0, True, 9), order)

    status_of(fork(work))
    return result.read_text()
