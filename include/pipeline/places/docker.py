"""Carry out an order in a container: live output, its own exit status, and nothing left behind."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline.child.orders import Terms
from include.pipeline.places.container import (
    command_of,
    end_on_signals,
    environment_of,
    succeeded,
    user_of,
)
from include.pipeline.places.mounts import Mount, folders_of
from include.pipeline.places.ownership import hand_over
from include.pipeline.places.where import PREFIX, Contained, Where

PATIENCE_S = 300  # for an engine that is busy

# How Docker and Podman give a container its name tells which container it is.
OWN_NAME = re.compile(r"/([0-9a-f]{64})/\S*hostname /etc/hostname ")


def run(order: Contained, terms: Terms) -> int:
    """Let a container carry out an order, and pass on what it writes; it writes the answer."""
    import docker
    from docker.errors import APIError, DockerException, ImageNotFound
    from requests.exceptions import RequestException

    end_on_signals()
    try:
        client = docker.from_env(timeout=PATIENCE_S)
        arguments = prepared(order, terms, mounts(client))
        reap(client, arguments["labels"])
        with container(client, arguments) as made:
            for chunk in made.logs(stream=True, follow=True):
                os.write(1, chunk)
            status = int(made.wait()["StatusCode"])
            made.reload()
            # A step may live on without a part of it that took too much.
            if made.attrs["State"].get("OOMKilled") and (status or not succeeded(terms)):
                raise out_of_memory(order)
        return status
    except ImageNotFound:
        fix = "make it (`make images`) or pull it on this worker, then clear this task."
        raise PipelineError(f"This worker has no image {order.where.image}.", fix) from None
    except (APIError, DockerException, RequestException) as error:
        what = f"Docker refused the container of {order.name}: {error}"
        raise PipelineError(what, "see that its engine runs here, then clear this task.") from None


def prepared(order: Contained, terms: Terms, held: Mapping[Path, Path] | None) -> dict[str, Any]:
    """What the container is made of; the workspace and the cache are given to its user."""
    command = command_of(order, terms)
    hand_over(order.where, order.top, order.cache)
    folders = folders_of(order.folder, order.top, order.cache, order.repo)
    source = partial(on_host, held) if held is not None else str
    # Where it is on this machine tells a run from one of the same name of another deployment.
    labels = {**order.labels, "workspace": source(str(order.folder))}
    return docker_arguments(order.where, command, order.folder, folders, labels, source)


def docker_arguments(
    where: Where,
    command: list[str],
    folder: Path,
    folders: list[Mount],
    labels: dict[str, str],
    source: Callable[[str], str] = str,
) -> dict[str, Any]:
    """The container, in the words of Docker's Python client; it works in `folder`.

    Args:
        source: the path of a folder on the machine of the engine.
    """
    gpus = [{"Driver": "nvidia", "Count": where.gpus, "Capabilities": [["gpu"]]}]
    return {
        "image": where.image,
        "command": command,
        "working_dir": str(folder),
        "user": user_of(where),
        "labels": {PREFIX + name: value for name, value in labels.items()},
        "environment": environment_of(where, folder),
        "volumes": {
            source(mount.source or mount.path): {"bind": mount.path, "mode": mount.mode}
            for mount in folders
        },
        "network_mode": where.network or "none",
        "read_only": True,
        "tmpfs": {"/tmp": "mode=1777,exec"},  # where compilers of models put what they make
        "shm_size": "1g",  # PyTorch's workers pass tensors through it
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        **({"nano_cpus": int(where.cpus * 1e9)} if where.cpus else {}),
        **({"mem_limit": int(where.memory_gb * 1e9)} if where.memory_gb else {}),
        **({"device_requests": gpus} if where.gpus else {}),
    }


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
    names = (PREFIX + name for name in ("workspace", "stage"))
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


def out_of_memory(order: Contained) -> PipelineError:
    """The error of a step that was killed for its memory."""
    memory_gb = order.where.memory_gb
    most = f"its {memory_gb:g} GB" if memory_gb else "this machine has left"
    what = f"Stage {order.name!r} was killed: it used more memory than {most}."
    return PipelineError(what, "raise meta.resources.memory_gb of the stage, or let it use less.")
