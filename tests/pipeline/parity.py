"""Runs a small repository by both runners: plain `dvc repro` in a clean clone, and a run of ours."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dvc.cli.parser  # noqa: F401  (each fork would import it)
import yaml
from real_processes import fork, status_of
from small_git import commit, init, shell

from include.errors import PlatformError
from include.pipeline import forking
from include.pipeline.closing.close_run import close_run
from include.pipeline.opening.open_run import open_run
from include.pipeline.plan import load
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run

# Our DVC processes are forks then, and start soon.
forking.prepare()
Files = Mapping[str, str]


def dvc_(folder: Path, *words: str, check: bool = True) -> str:
    """What `dvc` prints: as a fork of this process, in which it is imported."""
    log, errors = (folder.with_name(f".{folder.name}.{kind}") for kind in ("log", "errors"))

    def call() -> None:
        from dvc.cli import main

        os.chdir(folder)
        for number, path in ((1, log), (2, errors)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))
        status = main([str(word) for word in words])
        sys.stdout.flush()
        os._exit(status)

    status = status_of(fork(call))
    assert not check or status == 0, f"dvc {' '.join(words)}: {errors.read_text()}"
    return log.read_text()


def make(folder: Path, files: Files, **config: str) -> Path:
    """A committed DVC repository of these files; its lock is not made yet."""
    folder.mkdir(parents=True)
    init(folder)
    for name, value in config.items():
        dvc_(folder, "config", name.replace("__", "."), value)
    write(folder, files)
    commit(folder)
    return folder


def write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def stages(**bodies: Any) -> str:
    return yaml.safe_dump({"stages": bodies}, sort_keys=False)


def cat(*deps: str, out: str, **more: Any) -> dict[str, Any]:
    """A stage that puts files, and all files of folders, one behind the other."""
    found = " ".join(deps)
    cmd = f"mkdir -p $(dirname {out}) && find {found} -type f ! -name .gitignore | sort | xargs cat > {out}"
    return {"cmd": cmd, "deps": list(deps), "outs": [out], **more}


class Both:
    """One repository, and what each runner makes of it."""

    def __init__(self, repo: Path, targets: Sequence[str] = ()) -> None:
        self.repo, self.targets = repo, targets
        self.home, self.clones = repo.with_name("home"), repo.with_name("clones")
        self.number = 0
        # Their caches must not help each other: a copy is taken before anything runs.
        self.plain_cache = repo.with_name("plain-cache")

    def plain(self, values: Mapping[str, object] | None = None) -> Path:
        """A clean clone with all data that can be had, after `dvc repro`."""
        self.number += 1
        clone = self.clones / str(self.number)
        shell(
            self.repo, "git", "clone", "--quiet", "--recurse-submodules", str(self.repo), str(clone)
        )
        if not self.plain_cache.exists():
            cache = self.repo / ".dvc/cache"
            shutil.copytree(cache, self.plain_cache) if cache.exists() else self.plain_cache.mkdir()
        set_cache(clone, self.plain_cache)
        dvc_(clone, "checkout", "--quiet", "--allow-missing")
        for name, value in (values or {}).items():
            set_param(clone, name, value)
        dvc_(clone, "repro", *self.targets)
        return clone

    def open(self, run_id: str, values: Mapping[str, object] | None = None, **more: Any) -> Run:
        return open_run(
            self.repo,
            run_id,
            params=values or {},
            targets=self.targets,
            plan_key=load(self.repo).key,
            home=self.home,
            **more,
        )

    def ours(self, values: Mapping[str, object] | None = None) -> tuple[Run, dict[str, str]]:
        """A run of ours, and what each stage did."""
        self.number += 1
        run = self.open(f"run{self.number}", values)
        did = {stage: reproduce(run, stage, log=lambda line: None).status for stage in run.stages}
        self.close(run)
        return run, did

    def close(self, run: Run) -> str:
        return close_run(run, self.home)

    def ref(self, run: Run) -> str:
        words = ("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{run.name}")
        return shell(self.repo, "git", *words).strip()

    def tree(self, run: Run) -> str:
        return shell(self.repo, "git", "rev-parse", self.ref(run)).strip()

    def read(self, run: Run, path: str) -> str:
        """A file of the run's experiment."""
        return shell(self.repo, "git", "show", f"{self.tree(run)}:{path}")

    def out(self, run: Run, path: str) -> str:
        """What DVC gives for an out of the run's experiment."""
        place = self.clones / f"of-{run.name}"
        if not place.exists():
            shell(self.repo, "git", "clone", "--quiet", "--no-checkout", str(self.repo), str(place))
            shell(place, "git", "fetch", "--quiet", "origin", "refs/exps/*:refs/exps/*")
            shell(place, "git", "checkout", "--quiet", self.tree(run))
            set_cache(place, self.repo / ".dvc/cache")
            dvc_(place, "checkout", "--quiet")
        return (place / path).read_text()

    def agree(self, values: Mapping[str, object] | None = None) -> tuple[Path, Run, dict[str, str]]:
        """Both runners give the same locks, and the same files that DVC does not cache."""
        clone = self.plain(values)
        run, did = self.ours(values)
        self.see_same(run, clone)
        return clone, run, did

    def see_same(self, run: Run, clone: Path, *, in_order: bool = True) -> None:
        """The experiment of a run holds what a clone holds that ran the same.

        Args:
            in_order: whether locks list their stages in the same order: one that was committed
                keeps its own.
        """
        for path in clone.rglob("dvc.lock"):
            if ".dvc" not in path.parts:
                ours, theirs = self.read(run, str(path.relative_to(clone))), path.read_text()
                seen = str if in_order else yaml.safe_load
                assert seen(ours) == seen(theirs), path
        for path in uncached(clone):
            # Lines of .gitignore come in the order in which stages end; params are set by hand.
            seen = sorted if path.endswith(".gitignore") else yaml.safe_load
            assert seen(self.read(run, path)) == seen((clone / path).read_text()), path


def set_cache(clone: Path, cache: Path) -> None:
    """Write what `dvc config --local cache.dir` writes, in a moment."""
    (clone / ".dvc/config.local").write_text(f"[cache]\n    dir = {cache}\n")


def uncached(clone: Path) -> list[str]:
    """The files of a clone that neither git's last commit nor DVC's cache holds."""
    found = shell(clone, "git", "status", "--porcelain", "-z", "--untracked-files=all").split("\0")
    return [line[3:] for line in found if line and not line.endswith("dvc.lock")]


def set_param(folder: Path, name: str, value: object) -> None:
    """What a person does: another value in the file."""
    file, _, inner = name.rpartition(":")
    path = folder / (file or "params.yaml")
    held = yaml.safe_load(path.read_text())
    place = held
    *outer, last = inner.split(".")
    for key in outer:
        place = place[key]
    place[last] = value
    path.write_text(yaml.safe_dump(held, sort_keys=False))


def refused(work: Callable[[], object]) -> str:
    """The text of the error with which something is refused."""
    try:
        work()
    except PlatformError as error:
        return str(error)
    raise AssertionError("it was not refused")
