"""Run one DVC process in a container: live output, its own exit status, and nothing left behind."""

import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from include.errors import PipelineError
from include.pipeline import runtime
from include.pipeline.runtime import Where

# How Docker and Podman give a container its name tells which container it is.
OWN_NAME = re.compile(r"/([0-9a-f]{64})/\S*hostname /etc/hostname ")


def run(task: dict[str, Any]) -> int:
    """Do a task in a container, and pass on what it writes; the task's result is a file of it."""
    import docker
    from docker.errors import APIError, DockerException, ImageNotFound

    where, folder = Where.from_json(task["where"]), Path(task["folder"])
    end_on_signals()
    try:
        client = docker.from_env()
        arguments = prepared(where, folder, task, mounts(client))
        reap(client, task["labels"])
        with container(client, arguments) as made:
            for chunk in made.logs(stream=True, follow=True):
                os.write(1, chunk)
            status = int(made.wait()["StatusCode"])
            made.reload()
            if made.attrs["State"].get("OOMKilled"):
                raise out_of_memory(task, where)
        return status
    except ImageNotFound:
        fix = "make it (`make images`) or pull it on this worker, then clear this task."
        raise PipelineError(f"This worker has no image {where.image}.", fix) from None
    except (APIError, DockerException) as error:
        what = f"Docker refused the container of {task['stage']}: {error}"
        raise PipelineError(what, "see that its engine runs here, then clear this task.") from None


def prepared(
    where: Where, folder: Path, task: dict[str, Any], held: Mapping[Path, Path] | None
) -> dict[str, Any]:
    """What the container is made of; the workspace and the cache are given to its user."""
    command = runtime.command_of(folder, task)
    Path(task["cache"]).mkdir(parents=True, exist_ok=True)  # Docker would make it, as root
    if os.geteuid() == 0:
        uid, _, gid = runtime.user_of(where).partition(":")
        give(folder, int(uid), int(gid or uid), files=True)
        give(Path(task["cache"]), int(uid), int(gid or uid), files=False)
    folders = runtime.folders_of(folder, Path(task["cache"]), Path(task["repo"]))
    source = partial(on_host, held) if held is not None else str
    return runtime.docker_arguments(where, command, folders, task["labels"], source)


def mounts(client: Any) -> dict[Path, Path] | None:
    """What is mounted into this container, and where that is on its host; None if we are in none.

    The engine takes paths of its own machine: those of a worker in a container mean nothing to it.
    """
    from docker.errors import NotFound

    found = OWN_NAME.search(Path("/proc/self/mountinfo").read_text())
    try:
        held = client.containers.get(found[1]).attrs["Mounts"] if found else None
    except NotFound:  # we are in a container of another engine, and see the disk of this one
        held = None
    if held is None:
        return None
    return {Path(mount["Destination"]): Path(mount["Source"]) for mount in held}


def on_host(held: Mapping[Path, Path], path: str) -> str:
    """Where a folder of this container is on its host.

    Raises:
        PipelineError: it is nowhere else: the container of a stage could not see it.
    """
    for place in (Path(path), *Path(path).parents):
        if place in held:
            return str(held[place] / Path(path).relative_to(place))
    what = f"{path} is in the container of this worker alone: that of a stage cannot see it."
    raise PipelineError(what, "mount the repository and AIRFLOW__LEEWAY__HOME into the worker.")


def give(folder: Path, uid: int, gid: int, *, files: bool) -> None:
    """Give a folder, but for git's own, to the user of the container: a root worker made it."""
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if name != ".git"]
        for path in [place, *(os.path.join(place, name) for name in names if files)]:
            with suppress(FileNotFoundError):  # of another stage that works beside this one
                if os.lstat(path).st_uid != uid:
                    os.lchown(path, uid, gid)


@contextmanager
def container(client: Any, arguments: dict[str, Any]) -> Iterator[Any]:
    """A container that is gone when the block ends, however it ends."""
    made = client.containers.create(**arguments)
    try:
        made.start()
        yield made
    finally:
        made.remove(force=True)


def reap(client: Any, labels: dict[str, str]) -> None:
    """Remove what an earlier try of this stage left, when its worker was killed."""
    wanted = [f"{runtime.PREFIX}{name}={labels[name]}" for name in ("dag", "run", "stage")]
    for old in client.containers.list(all=True, filters={"label": wanted}):
        print(f"removing {old.name}, which an earlier try left", flush=True)
        old.remove(force=True)


def out_of_memory(task: dict[str, Any], where: Where) -> PipelineError:
    """The error of a step that was killed for its memory."""
    what = f"Stage {task['stage']!r} was killed: it used more than {where.memory_gb:g} GB."
    return PipelineError(what, "raise meta.resources.memory_gb of the stage, or let it use less.")


def end_on_signals() -> None:
    """Let every signal end this process in the orderly way, so that the container is removed."""

    def leave(number: int, frame: object) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
