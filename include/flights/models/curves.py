"""How a training went, epoch by epoch, in the files that dvclive writes and `dvc plots` draws."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Record = Callable[[Mapping[str, float]], None]


@contextmanager
def recording(folder: Path) -> Iterator[Record]:
    """Give a function that adds one epoch to plots/metrics/NAME.tsv in the folder.

    A name such as train/log_loss gives the file train/log_loss.tsv, with the columns step (from
    0) and log_loss. The files hold no clock: the same training gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not dvclive_works():
        yield Plain(folder)
        return
    from dvclive.live import Live

    with Live(str(folder), save_dvc_exp=False, report=None, dvcyaml=None) as live:

        def record(values: Mapping[str, float]) -> None:
            for name, value in values.items():
                live.log_metric(name, value)
            live.next_step()

        yield record
    # A summary of the last epoch, which dvc would take for a plot.
    (folder / "metrics.json").unlink(missing_ok=True)


class Plain:
    """The same files without dvclive."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.step = folder, 0

    def __call__(self, values: Mapping[str, float]) -> None:
        """Add one epoch."""
        for name, value in values.items():
            path = self.folder / "plots" / "metrics" / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            header = f"step\t{path.stem}\n" if self.step == 0 else ""
            with path.open("a") as file:
                file.write(f"{header}{self.step}\t{value}\n")
        self.step += 1


def dvclive_works() -> bool:
    """Whether dvclive can run here without harm.

    It fails in a repository without a commit, makes a DVC repository where there is none, and
    inside `dvc exp run` it adds its folder, which is still aside, to git.
    """
    inside = any((parent / ".dvc").is_dir() for parent in (Path.cwd(), *Path.cwd().parents))
    if not inside or "DVC_EXP_BASELINE_REV" in os.environ:
        return False
    git = ["git", "rev-parse", "--quiet", "--verify", "HEAD"]
    try:
        return subprocess.run(git, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
