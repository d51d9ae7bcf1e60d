"""Run one DVC process in a container: live output, its own exit status, and nothing left behind."""

import json
import os
import re
import signal
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from include.errors import PipelineError
from include.pipeline import runtime
from include.pipeline.runtime import Where

PATIENCE_S = 300  # for an engine that is busy
# How Docker and Podman give a container its name tells which container it is.
OWN_NAME = re.compile(r"/([0-9a-f]{64})/\S*hostname /etc/hostname ")


def run(task: dict[str, Any]) -> int:
    """Do a task in a container, and pass on what it writes; the task's result is a file of it."""
    import docker
    from docker.errors import APIError, DockerException, ImageNotFound
    from requests.exceptions import RequestException

    where, folder = Where.from_json(task["where"]), Path(task["folder"])
    end_on_signals()
    try:
        client = docker.from_env(timeout=PATIENCE_S)
        arguments = prepared(where, folder, task, mounts(client))
        reap(client, arguments["labels"])
        with container(client, arguments) as made:
            for chunk in made.logs(stream=True, follow=True):
                os.write(1, chunk)
            status = int(made.wait()["StatusCode"])
            made.reload()
            # A step may live on without a part of it that took too much.
            if made.attrs["State"].get("OOMKilled") and (status or not succeeded(task)):
                raise out_of_memory(task, where)
        return status
    except ImageNotFound:
        fix = "make it (`make images`) or pull it on this worker, then clear this task."
        raise PipelineError(f"This worker has no image {where.image}.", fix) from None
    except (APIError, DockerException, RequestException) as error:
        what = f"Docker refused the container of {task['stage']}: {error}"
        raise PipelineError(what, "see that its engine runs here, then clear this task.") from None


def prepared(
    where: Where, folder: Path, task: dict[str, Any], held: Mapping[Path, Path] | None
) -> dict[str, Any]:
    """What the container is made of; the workspace and the cache are given to its user."""
    command = runtime.command_of(folder, task)
    top, cache = Path(task["top"]), Path(task["cache"])
    hand_over(where, top, cache)
    folders = runtime.folders_of(folder, top, cache, Path(task["repo"]))
    source = partial(on_host, held) if held is not None else str
    # Where it is on this machine tells a run from one of the same name of another deployment.
    labels = {**task["labels"], "workspace": source(str(folder))}
    return runtime.docker_arguments(where, command, folder, folders, labels, source)


def succeeded(task: dict[str, Any]) -> bool:
    """Whether the process in the container says that its work was done."""
    result = Path(task["result"])
    return result.exists() and json.loads(result.read_text()).get("status") == 0


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


def hand_over(where: Where, folder: Path, cache: Path) -> None:
    """Let the user of a container write to what a worker made that is root."""
    (cache / "runs").mkdir(parents=True, exist_ok=True)  # Docker would make them, as root
    if os.geteuid() == 0:
        uid, _, gid = runtime.user_of(where).partition(":")
        give(folder, int(uid), int(gid or uid), files=True)
        give(cache, int(uid), int(gid or uid), files=False)


def give(folder: Path, uid: int, gid: int, *, files: bool) -> None:
    """Give a folder, but for git's own, to the user of the container: a root worker made it.

    Steps of other stages may be at work in it. What they put in the place of a file or a folder,
    as a link to another's, must not be given away: each is changed by a handle of its own, no link
    is followed, and what root did not make, or has two names, stays as it is.
    """
    for _, inner, names, at in os.fwalk(folder, follow_symlinks=False):
        inner[:] = [name for name in inner if name != ".git"]
        if os.fstat(at).st_uid == 0:
            os.fchown(at, uid, gid)
        for name in names if files else ():
            with suppress(FileNotFoundError):  # of another stage that works beside this one
                give_file(name, at, uid, gid)


def give_file(name: str, at: int, uid: int, gid: int) -> None:
    """Give a file in an open folder, if it is root's, and has this one name."""
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=at)
    try:
        held = os.fstat(handle)
        if held.st_uid == 0 and held.st_nlink == 1 and stat.S_ISREG(held.st_mode):
            os.chown(f"/proc/self/fd/{handle}", uid, gid)  # the very file, whatever its name is now
    finally:
        os.close(handle)


@contextmanager
def container(client: Any, arguments: dict[str, Any]) -> Iterator[Any]:
    """A container that is gone when the block ends, however it ends."""
    made = client.containers.create(**arguments)
    try:
        made.start()
        yield made
    finally:
        remove(made)


def reap(client: Any, labels: dict[str, str]) -> None:
    """Remove what an earlier try of this stage left, when its worker was killed."""
    names = (runtime.PREFIX + name for name in ("workspace", "stage"))
    wanted = [f"{name}={labels[name]}" for name in names]
    for old in client.containers.list(all=True, filters={"label": wanted}):
        print(f"removing {old.name}, which an earlier try left", flush=True)
        remove(old)


def remove(container: Any) -> None:
    """Remove a container, and return when it is gone, whoever else removes it.

    Raises:
        PipelineError: it is still there after PATIENCE_S.
    """
    from docker.errors import APIError, NotFound

    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            container.remove(force=True)
            container.reload()
        except NotFound:
            return
        except APIError as error:
            if error.status_code != 409:  # it is being removed
                raise
        time.sleep(0.2)
    what = f"The container {container.name} is still there, {PATIENCE_S} s after its removal."
    raise PipelineError(what, f"see `docker inspect {container.name}`.")


def out_of_memory(task: dict[str, Any], where: Where) -> PipelineError:
    """The error of a step that was killed for its memory."""
    most = f"its {where.memory_gb:g} GB" if where.memory_gb else "this machine has left"
    what = f"Stage {task['stage']!r} was killed: it used more memory than {most}."
    return PipelineError(what, "raise meta.resources.memory_gb of the stage, or let it use less.")


def end_on_signals() -> None:
    """Let every signal end this process in the orderly way, so that the container is removed."""

    def leave(number: int, frame: object) -> NoReturn:
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
