"""The process that makes the container or pod of a stage, and itself does what needs a network."""

import json
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline import child, docker_step, files, judge, kubernetes_step

RUN = {"docker": docker_step.run, "kubernetes": kubernetes_step.run}


def work(task: dict[str, Any]) -> int:
    """Let a container or pod do the task; what goes over the network is done here, around it."""
    child.die_with_parent(task["parent"])
    child.refuse_what_leads_out()
    result, refused = Path(task["result"]), dict[str, Any]()
    try:
        if task["fetch"]:
            child.keep_locks_apart(task)
            refused = child.patiently(task, arrive)
        status = 0 if refused else RUN[task["where"]["runtime"]](task)
    except PipelineError as error:
        status, refused = 0, {"refused": [error.what, error.fix]}
    if task["remote"] and not refused and docker_step.succeeded(task):
        made = result.read_text()
        result.unlink()  # it is good once its data is where others find it
        pushed = child.patiently({**task, "stages": [task["stage"]]}, judge.push)
        files.write(result, json.dumps(pushed) if pushed else made)
    if refused:
        files.write(result, json.dumps(refused))
    return status


def arrive(task: dict[str, Any]) -> dict[str, Any]:
    """Bring from the remote what a container needs: it has neither network nor credentials."""
    from dvc.repo import Repo, lock_repo

    try:
        with Repo(".") as repo, lock_repo(repo):
            stage = child.stage_of(repo, task["stage"])
            child.see_that_as_opened([stage], task["opened"])
            child.bring(repo, stage, remote=task["remote"], fetch=True)
            child.bring_own(repo, stage, fetch=True)
    except (child.Damaged, child.Changed) as error:
        return error.refusal
    return {}


if __name__ == "__main__":
    raise SystemExit(child.main(work))
