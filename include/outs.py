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


def outs_of(repo: Path, graph: str = "") -> list[Out]:
    """The outs inside the repository, in the order of dvc.yaml.

    Args:
        graph: a dvc.yaml, if the outs of its stages and of those that they need are meant alone.
    """
    from dvc.repo import Repo

    root = repo.resolve()
    with Repo(str(root)) as held:
        meant = {*held.stage.collect(graph or None, with_deps=bool(graph))}
        stages = [stage for stage in held.index.stages if stage in meant]
        read = [Path(dep.fs_path) for stage in stages for dep in stage.deps]
        made = [
            (Path(out.fs_path), bool(out.metric))
            for stage in stages
            for out in stage.outs
            if out.is_in_repo and stage.cmd  # what `dvc add` tracks, no stage makes
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
