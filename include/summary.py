"""Print what the last run of a pipeline found, and where its results are: as its `dvc.yaml` says.

Every file that a stage names under `metrics` is shown, and every out that a person opens: pages,
and files that no other stage reads. `python -m include.summary FILE` is about another dvc.yaml.
"""

import sys
from pathlib import Path

from include.errors import DataError
from include.outs import Out, outs_of
from include.pipeline.params_file import flatten


def main(graph: str = "dvc.yaml") -> int:
    """Print the metrics and the results of a dvc.yaml of the repository in which this is called."""
    if found := lines(Path(), Path(), graph):
        print("\n".join(found))
        return 0
    what = f"{Path().absolute()} holds no metric and no page or last file of {graph}."
    error = DataError(what, f"run `dvc repro {graph}`, which makes them.")
    print(f"summary: {error}", file=sys.stderr)
    return 1


def lines(folder: Path, repo: Path, graph: str = "") -> list[str]:
    """The metrics and the results of a run; nothing if there are none.

    Args:
        folder: holds the outs, or some of them, at their paths in the repository.
        repo: whose graph says which files are metrics.
        graph: a dvc.yaml of it, if not all are meant.
    """
    found = [out for out in outs_of(repo, graph) if (folder / out.path).exists()]
    metrics = [line for out in found if out.metric for line in metric_lines(folder, out)]
    results = [path for out in found for path in opened(folder, out)]
    listed = ["", "Results", *(f"  {path.absolute()}" for path in results)]
    return metrics + (listed if results else [])


def metric_lines(folder: Path, out: Out) -> list[str]:
    """A metrics file: one line for each number, or for each group of numbers."""
    from dvc.fs import localfs
    from dvc.utils.serialize import load_path

    held = load_path(str(folder / out.path), localfs)
    if not isinstance(held, dict):
        return ["", f"{out.path}: {shown(held)}"]
    groups = {str(name): value for name, value in held.items() if isinstance(value, dict)}
    width = max(map(len, groups), default=0)
    listed = ["", str(out.path)]
    for name, value in held.items():
        if name not in groups:
            listed.append(f"  {name}: {shown(value)}")
            continue
        numbers = (f"{where} {shown(one)}" for where, one in flatten(value).items())
        listed.append("  ".join([f"  {name:{width}}", *numbers]))
    return listed


def shown(value: object) -> str:
    """A number with four digits after the point, a tiny one with two, anything else as it is."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.1e}" if 0 < abs(value) < 0.0001 else f"{value:.4f}"


def opened(folder: Path, out: Out) -> list[Path]:
    """What a person opens of an out: a page, or a file that no stage reads; nothing of others."""
    path = folder / out.path
    if path.is_dir():
        return [page] if (page := path / "index.html").is_file() else []
    return [] if out.metric or (out.needed and path.suffix != ".html") else [path]


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
