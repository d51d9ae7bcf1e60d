"""The process that makes the container or pod of a stage, and itself does what needs a network."""

import sys
from pathlib import Path

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
from include.pipeline.orders import Push
from include.pipeline.places.container import succeeded
from include.pipeline.places.registry import runner_of
from include.pipeline.places.where import Contained


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


if __name__ == "__main__":
    sys.exit(main())
