"""The process that makes the container or pod of a stage, and itself does what needs a network."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from include.errors import PipelineError
from include.pipeline.child import files
from include.pipeline.child.dvc_locks import keep_locks_apart, patiently
from include.pipeline.child.guards import refuse_what_leads_out
from include.pipeline.child.life import die_with_parent
from include.pipeline.child.orders import (
    Refusal,
    Refused,
    Reproduce,
    Terms,
    answer,
    received,
    written,
)
from include.pipeline.child.stages import see_that_as_opened, stage_of
from include.pipeline.child.transfer import bring, bring_own
from include.pipeline.judge.transfer import push
from include.pipeline.meta import read_meta
from include.pipeline.orders import Push
from include.pipeline.params_file import flatten, shown
from include.pipeline.places.container import succeeded
from include.pipeline.places.registry import runner_of
from include.pipeline.places.where import Contained
from include.pipeline.registry.pinned import NONE, bytes_of


def main() -> int:
    """Be a new process: do what it is told."""
    terms, _, held = received()
    return work(terms, TypeAdapter(Contained).validate_python(held))


def work(terms: Terms, order: Contained) -> int:
    """Let a container or pod do the step; what goes over the network is done here, around it."""
    die_with_parent(terms.parent)
    refuse_what_leads_out()
    step = order.step
    try:
        if step.fetch:
            keep_locks_apart(terms, order)
            patiently(terms, lambda: arrive(step))
        status = runner_of(order.where.runtime)(order, terms)
        if step.remote and succeeded(terms):
            made = written(Path(terms.answer))
            Path(terms.answer).unlink()  # it is good once its data is where others find it
            patiently(terms, lambda: push(Push([step.stage])))
            files.write(Path(terms.answer), made)
        return status
    except Refused as error:
        answer(terms, error.refusal)
    except PipelineError as error:
        answer(terms, Refusal(error.what, error.fix))
    return 0


def arrive(step: Reproduce) -> None:
    """Bring from the remote what a container needs: it has neither network nor credentials."""
    from dvc.repo import Repo, lock_repo

    with Repo(".") as repo, lock_repo(repo):
        stage = stage_of(repo, step.stage)
        see_that_as_opened([stage], {step.stage: step.opened} if step.opened else None)
        bring(repo, stage, remote=step.remote, fetch=True)
        bring_own(repo, stage, fetch=True)
        hashes = list(objects_of(stage))
    for md5 in hashes:
        bytes_of(Path(), md5)


def objects_of(stage: Any) -> Iterator[str]:
    """The hashes, among the values of a stage, of what it reads from the cache and no dep is."""
    from dvc.dependency import ParamsDependency

    names = read_meta(stage.addressing, stage.relpath, stage.meta).objects
    for dep in stage.deps if names else ():
        if isinstance(dep, ParamsDependency):
            file = os.path.relpath(dep.fs_path, dep.repo.root_dir)
            held = {shown(file, name): value for name, value in flatten(dep.read_params()).items()}
            yield from (str(held[name]) for name in names if held.get(name, NONE) != NONE)


if __name__ == "__main__":
    sys.exit(main())
