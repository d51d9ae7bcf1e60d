"""What a checkpoint promises."""

import os
import time
from pathlib import Path

import pytest
import torch

from include.flights.tabm.checkpoints import Checkpoint, open_folder


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


def damaged(checkpoint: Checkpoint, data: bytes, printed: pytest.CaptureFixture[str]) -> bool:
    """Whether the checkpoint takes this for a damaged file, and says so."""
    checkpoint.path.write_bytes(data)
    said = f"{checkpoint.path} is damaged ({len(data):,} bytes): starting again\n"
    return checkpoint.load() is None and printed.readouterr().out == said


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Checkpoint, bytes]:
    """A checkpoint, and the bytes of its file."""
    checkpoint = Checkpoint(tmp_path, "fit")
    checkpoint.save({"weights": torch.arange(100.0), "history": [{"loss": 1 / 3}]})
    return checkpoint, checkpoint.path.read_bytes()


def test_a_checkpoint_cut_anywhere_starts_again_and_says_so(
    whole: tuple[Checkpoint, bytes], capsys: pytest.CaptureFixture[str]
):
    checkpoint, data = whole
    ends = [*range(0, len(data), 41), *range(len(data) - 30, len(data))]
    assert all(damaged(checkpoint, data[:end], capsys) for end in ends)
    assert damaged(checkpoint, data + b"\0", capsys)


def test_a_flipped_bit_anywhere_starts_again_and_says_so(
    whole: tuple[Checkpoint, bytes], capsys: pytest.CaptureFixture[str]
):
    checkpoint, data = whole
    for place in range(0, len(data), 7):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        assert damaged(checkpoint, bytes(flipped), capsys)


def test_a_file_that_is_none_of_ours_is_not_read(tmp_path: Path):
    checkpoint = Checkpoint(tmp_path, "fit")
    torch.save({"weights": torch.zeros(1)}, checkpoint.path)
    assert checkpoint.load() is None


def test_a_checkpoint_that_would_run_code_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    checkpoint = Checkpoint(tmp_path, "fit")
    checkpoint.save({"weights": os.system})
    assert checkpoint.load() is None
    assert capsys.readouterr().out == (
        f"{checkpoint.path} cannot be read (UnpicklingError): starting again\n"
    )


def test_old_folders_go_and_the_others_stay(tmp_path: Path):
    root = tmp_path / "checkpoints"
    for name in ("mine", "old", "young"):
        (root / name).mkdir(parents=True)
    for name in ("mine", "old"):
        os.utime(root / name, times=(time.time() - 8 * 24 * 3600,) * 2)
    assert open_folder(root, "mine") == root / "mine"
    assert sorted(path.name for path in root.iterdir()) == [".gitignore", "mine", "young"]
    assert (root / ".gitignore").read_text() == "*\n"
