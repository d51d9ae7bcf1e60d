"""What a container costs over a process: trivial stages in a row, as a worker of Airflow runs them.

Run: `python -m benchmarks.container_step`, with a Docker engine and the image leeway/step, of
`make images`. Half a minute on two cores.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.airflow_run import repository
from include.pipeline.opening.open_run import open_run
from include.pipeline.places.where import Where
from include.pipeline.reproduce import reproduce


def main() -> None:
    """Time the stages of one run by each runtime."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=int, default=10)
    parser.add_argument("--image", default="leeway/step")
    words = parser.parse_args()
    import dvc.repo.reproduce  # noqa: F401  as Airflow's workers have, before they fork

    with tempfile.TemporaryDirectory() as folder:
        process = timed(Path(folder) / "process", words.stages, None)
        docker = timed(Path(folder) / "docker", words.stages, Where("docker", words.image))
    one, other = statistics.median(process), statistics.median(docker)
    print(
        f"a stage: {one:.2f} s as a process, {other:.2f} s in a container: "
        f"{other - one:.2f} s more, x{other / one:.1f}; the slowest {max(docker):.2f} s"
    )


def timed(folder: Path, stages: int, where: Where | None) -> list[float]:
    """Seconds of each stage of a run that makes all of them."""
    run = open_run(
        repository(folder / "repo", stages),
        "one",
        params={},
        targets=(),
        plan_key=None,
        home=folder / "home",
    )
    return [
        reproduce(run, stage, where=where, log=lambda line: None).seconds for stage in run.stages
    ]


if __name__ == "__main__":
    main()
