"""How a training went, epoch by epoch, in files as DVCLive writes them: `dvc plots` draws them."""

from collections.abc import Callable, Mapping
from pathlib import Path

Record = Callable[[Mapping[str, float]], None]


class Curves:
    """One file plots/metrics/NAME.tsv in a folder for each value, with a line for each epoch.

    A name such as train/log_loss gives the file train/log_loss.tsv, with the columns step (from 0)
    and log_loss. The files hold no clock: the same training gives the same bytes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.step = folder, 0
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, values: Mapping[str, float]) -> None:
        """Add one epoch."""
        for name, value in values.items():
            path = self.folder / "plots" / "metrics" / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            header = f"step\t{path.stem}\n" if self.step == 0 else ""
            with path.open("a") as file:
                file.write(f"{header}{self.step}\t{value}\n")
        self.step += 1
