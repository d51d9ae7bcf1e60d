"""Workers that share no disk: what a test does on each of two machines."""

from pathlib import Path
from typing import Any

from parity import dvc_
from small_git import commit, shell

from include.pipeline import apart
from include.pipeline.closing.close_run import close_run
from include.pipeline.opening.open_run import open_run
from include.pipeline.places.where import Where
from include.pipeline.reproduce import Outcome, reproduce
from include.pipeline.workspace import Run

Made = dict[str, Any]  # what is known of stages that ended, by stage
TARGETS = ("second.shout", "grid")


class Worker:
    """A machine: its own clone of the repository, cache and workspaces."""

    def __init__(self, url: str, disk: Path) -> None:
        self.url, self.repo, self.home = url, disk / "repo", disk / "home"
        disk.mkdir()
        shell(disk, "git", "clone", "--quiet", url, str(self.repo))

    def open(self, run_id: str = "one", **params: object) -> Run:
        values = {name.replace("__", "."): value for name, value in params.items()}
        return open_run(
            self.repo,
            run_id,
            params=values,
            targets=TARGETS,
            plan_key=None,
            home=self.home,
            url=self.url,
        )

    def do(self, run: Run, stage: str, entries: Made, where: Where | None = None) -> Outcome:
        held = self.here(run, entries)
        outcome = reproduce(held, stage, where=where, log=lambda line: None)
        entries[stage] = apart.told(held, stage)
        return outcome

    def close(self, run: Run, entries: Made) -> str:
        return close_run(self.here(run, entries), self.home)

    def here(self, run: Run, entries: Made) -> Run:
        """The run as this machine has it, which knows no more of it than its name."""
        place = apart.Place(self.url, self.repo, self.home, run.dag_id, run.id)
        return apart.here(place, entries)


def two_workers(repo: Path, tmp_path: Path) -> tuple[Worker, Worker]:
    """Two machines that have an S3 server and a git server in common."""
    remote = f"s3://data/{tmp_path.name}"
    dvc_(repo, "remote", "add", "--default", "store", remote)
    commit(repo)
    url = str(tmp_path / "server.git")
    shell(repo, "git", "clone", "--quiet", "--bare", str(repo), url)
    return Worker(url, tmp_path / "one"), Worker(url, tmp_path / "two")


def lock_at(url: str, name: str, file: str = "dvc.lock") -> str:
    ref = shell(Path(url), "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}")
    return shell(Path(url), "git", "show", f"{ref.strip()}:{file}")


def run_in_turns(
    run: Run,
    workers: tuple[Worker, Worker],
    entries: Made,
    where: Where | None = None,
) -> list[str]:
    """Each stage on the worker that did not run the one before it."""
    return [
        workers[i % 2].do(run, stage, entries, where).status for i, stage in enumerate(run.stages)
    ]
