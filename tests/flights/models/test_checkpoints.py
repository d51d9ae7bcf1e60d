"""What a checkpoint promises."""

import os
import time
from pathlib import Path

import pytest
import torch

from include.flights.models.checkpoints import Checkpoint, open_folder


def test_a_saved_state_comes_back_exactly(tmp_path: Path):
    checkpoint = Checkpoint(tmp_path / "key", "fit")
    assert checkpoint.load() is None
    for loss in (0.1, 1 / 3):
        checkpoint.save({"weights": torch.tensor([loss]), "history": [{"loss": loss}]})
    held = checkpoint.load()
    assert held is not None
    assert torch.equal(held["weights"], torch.tensor([1 / 3]))
    assert held["history"] == [{"loss": 1 / 3}]
    assert [path.name for path in (tmp_path / "key").iterdir()] == ["fit.pt"]


@pytest.mark.parametrize("kept", [0, 10, 500], ids=["empty", "cut early", "cut late"])
def test_a_damaged_checkpoint_starts_again_and_says_so(
    kept: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    checkpoint = Checkpoint(tmp_path, "fit")
    checkpoint.save({"weights": torch.zeros(100)})
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:kept])
    assert checkpoint.load() is None
    assert "fit.pt is damaged" in capsys.readouterr().out


def test_a_checkpoint_that_would_run_code_is_not_read(tmp_path: Path):
    checkpoint = Checkpoint(tmp_path, "fit")
    torch.save({"weights": os.system}, checkpoint.path)
    assert checkpoint.load() is None


def test_old_folders_go_and_the_others_stay(tmp_path: Path):
    root = tmp_path / "checkpoints"
    for name in ("mine", "old", "young"):
        (root / name).mkdir(parents=True)
    for name in ("mine", "old"):
        os.utime(root / name, times=(time.time() - 8 * 24 * 3600,) * 2)
    assert open_folder(root, "mine") == root / "mine"
    assert sorted(path.name for path in root.iterdir()) == [".gitignore", "mine", "young"]
    assert (root / ".gitignore").read_text() == "*\n"
