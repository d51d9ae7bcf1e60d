"""The process that makes the container or pod of a stage, and itself does what needs a network."""

import json
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline import child, docker_step, kubernetes_step

RUN = {"docker": docker_step.run, "kubernetes": kubernetes_step.run}


def work(task: dict[str, Any]) -> int:
    """Let a container or pod do the task; what goes over the network is done here, around it."""
    child.die_with_parent(task["parent"])
    result, refused = Path(task["result"]), dict[str, Any]()
    try:
        if task["remote"]:
            child.keep_locks_apart(task)
            refused = child.patiently(task, arrive)
        status = 0 if refused else RUN[task["where"]["runtime"]](task)
    except PipelineError as error:
        status, refused = 0, {"refused": [error.what, error.fix]}
    if task["remote"] and not refused and docker_step.succeeded(task):
        result.unlink()  # it is good once its data is where others find it
        pushed = child.patiently({**task, "stages": [task["stage"]]}, child.push)
        result.write_text(json.dumps(pushed or {"status": 0}))
    if refused:
        result.write_text(json.dumps(refused))
    return status


def arrive(task: dict[str, Any]) -> dict[str, Any]:
    """Bring from the remote what a container needs: it has neither network nor credentials."""
    from dvc.repo import Repo, lock_repo

    try:
        with Repo(".") as repo, lock_repo(repo):
            child.bring(repo, child.stage_of(repo, task["stage"]), remote=True)
            stage = child.stage_of(repo, task["stage"])
            if not stage.changed(allow_missing=True):
                repo.pull(targets=[task["stage"]], allow_missing=True)
    except child.Damaged as error:
        return error.refusal
    return {}


if __name__ == "__main__":
    raise SystemExit(child.main(work))
