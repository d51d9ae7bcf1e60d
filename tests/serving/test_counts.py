"""The numbers of a worker, which is to outlive a full disk."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNTING = """
from include.serving.counts import Counts, reserve_room
Counts("late").request("/predict", 200, 0.1)
reserve_room()
"""


def test_room_for_all_numbers_is_taken_at_once(tmp_path: Path) -> None:
    told = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", COUNTING], cwd=ROOT, env=told, check=True)
    held = [path.stat() for path in tmp_path.glob("*.db")]
    assert len(held) >= 2
    assert all(one.st_blocks * 512 >= one.st_size for one in held)
