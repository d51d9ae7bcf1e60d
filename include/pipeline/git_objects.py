"""x"""

import subprocess
from pathlib import Path

from include.errors import PipelineError
from include.pipeline.git.command import command


def copy_objects(source: Path, target: Path, tree: str) -> None:
    """Give the repository what its clone made for the tree."""
    pack = subprocess.Popen(
        command(source, "pack-objects", "--revs", "--local", "--stdout", "-q"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert pack.stdin is not None
    pack.stdin.write(f"{tree}\n".encode())
    pack.stdin.close()
    done = subprocess.run(command(target, "unpack-objects", "-q"), stdin=pack.stdout, check=False)
    if pack.wait() or done.returncode:
        what = f"git could not copy the result of the run from {source} to {target}."
        raise PipelineError(what, "see that the disk is not full, then clear this task.")
