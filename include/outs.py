"""What the stages of a repository make, as DVC says: `python -m include.outs` prints the paths."""

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Out:
    """A file or folder that a stage makes, as seen from the repository."""

    path: Path
    metric: bool  # named under `metrics` of its stage
    needed: bool  # by another stage


def outs_of(repo: Path) -> list[Out]:
    """The outs inside the repository, in the order of dvc.yaml."""
    from dvc.repo import Repo

    root = repo.resolve()
    with Repo(str(root)) as held:
        index = held.index
        read = [Path(dep.fs_path) for dep in index.deps]
        made = [
            (Path(out.fs_path), bool(out.metric))
            for out in index.outs
            if out.is_in_repo and out.stage.cmd  # what `dvc add` tracks, no stage makes
        ]
    # A stage that reads a part of an out needs the out, and one that reads a folder all in it.
    return [
        Out(
            path.relative_to(root),
            metric,
            any(path in (dep, *dep.parents) or dep in path.parents for dep in read),
        )
        for path, metric in made
        if path.is_relative_to(root)
    ]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{out.path}\0" for out in outs_of(Path())))
