"""Where a stage runs: a process of its task, or a container or pod with the same workspace.

All run the same: DVC, in the workspace of the run, with the shared cache, at the same paths. What
a container or pod is made of is plain data here; docker_step and kubernetes_step make it.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from include.errors import PipelineError
from include.pipeline import files
from include.pipeline.git import lent, objects_of, parts
from include.pipeline.workspace import marker_of, own

# Of DVC's settings; the others name remotes, databases and servers.
DVC_SECTIONS = {
    f"[{name}]"
    for name in ("core", "cache", "parsing", "hydra", "feature", "exp", "plots", "state", "index")
}
RUNTIMES = ("process", "docker", "kubernetes")
PREFIX = "leeway."


@dataclass(frozen=True)
class Where:
    """The container or pod of a stage."""

    runtime: str  # docker or kubernetes
    image: str
    cpus: float | None = None
    memory_gb: float | None = None
    gpus: int = 0
    network: str = ""  # of containers, by its name; none if empty
    user: str = ""  # uid:gid; that of the worker if empty
    volumes: tuple[str, ...] = ()  # CLAIM:PATH, of pods
    environment: tuple[str, ...] = ()  # names that a step may see
    namespace: str = "default"
    node_selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[tuple[tuple[str, str | int], ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> "Where":
        """What `to_json` made, also on its way through JSON, which knows no tuples."""
        names = ("volumes", "environment", "node_selector", "tolerations")
        return cls(**{**held, **{name: frozen(held[name]) for name in names}})


def frozen(held: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(frozen(part) for part in held) if isinstance(held, list | tuple) else held


def command_of(folder: Path, task: dict[str, Any]) -> list[str]:
    """What runs in the container: DVC, by a script that needs nothing but DVC.

    The script is put into the workspace, so that any image with DVC will do.
    """
    script = folder / ".dvc" / "tmp" / "leeway-child.py"
    files.write(script, Path(__file__).with_name("child.py").read_text())
    names = ("do", "stage", "lock_wait_s", "result", "workspace", "recall", "opened", "begin")
    words = {name: task[name] for name in names}
    alone = {"remote": False, "fetch": False, "parent": 0, "python_path": None}
    return ["python3", str(script), json.dumps({**words, **alone})]


def environment_of(where: Where, folder: Path) -> dict[str, str]:
    """What a step sees in a container: little, and only what it was promised."""
    fixed = {
        "HOME": "/tmp",
        "USER": "leeway",  # whoever the number is: an image may not know it
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / ".dvc" / "tmp" / "site-cache"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # the workspace is the run's, not the image's
        # The workspace's git belongs to the worker, whose user may be another.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    return fixed | {name: os.environ[name] for name in where.environment if name in os.environ}


class Mount(NamedTuple):
    """A folder or file of this machine in a container or pod."""

    path: str
    mode: str  # ro or rw
    source: str = ""  # where it is on this machine, if that is another path


def folders_of(folder: Path, top: Path, cache: Path, repo: Path) -> list[Mount]:
    """The folders of a run, and how they may be used: workspace, cache, and the clone's objects.

    A step must not write what git and DVC obey, a remote's settings for one: the worker runs both
    in this folder; nor DVC's run cache, whose entries later runs take for what stages made. As
    mounts of their own these folders can be neither moved nor replaced, and so are those that they
    are in. What holds logins is not there to be read: a step needs none, for its worker does what
    needs a network.

    Args:
        folder: of DVC in the workspace.
        top: root of the workspace, which may lie above it.
        repo: root of the DVC repository that was cloned.
    """
    return [
        Mount(str(top), "rw"),
        *(Mount(str(place), "rw") for place in below(folder, top)),
        Mount(str(top / ".git"), "ro"),
        Mount(str(folder / ".dvc"), "ro"),
        Mount(str(folder / ".dvc" / "tmp"), "rw"),
        Mount(str(cache), "rw"),
        Mount(str(cache / "runs"), "ro"),
        *(
            Mount(str(place), "ro")
            for place in lent(top / ".git" / "objects") or [objects_of(repo)]
        ),
        *(Mount(str(path), "ro", str(shown)) for path, shown in shown_of(folder, top).items()),
    ]


def below(folder: Path, top: Path) -> list[Path]:
    """The folders from the root of a workspace down to that of DVC, without the root."""
    return [p for p in reversed((folder, *folder.parents)) if top in p.parents]


def shown_of(folder: Path, top: Path) -> dict[Path, Path]:
    """Files that hold logins or addresses, and what a container has in their place."""
    texts: dict[Path, Callable[[Path], str]] = {
        top / ".git" / "config": git_settings,
        folder / ".dvc" / "config.local": dvc_settings,
        marker_of(top): nothing,
    }
    found = {}
    for path, text in texts.items():
        if path.exists():
            found[path] = shown = own(top) / "shown" / path.name
            if not shown.exists():
                files.write(shown, text(path))
                shown.chmod(0o644)
    return found


def nothing(path: Path) -> str:
    """What a container sees of a run as a whole."""
    return "{}"


def git_settings(path: Path) -> str:
    """What git needs to read a clone."""
    kept = ("get-regexp", r"^(core|extensions|filter)\.")
    entries = parts(path.parent, "config", "--local", "-z", f"--{kept[0]}", kept[1])
    found = []
    for name, _, value in (entry.partition("\n") for entry in entries):
        section, _, key = name.rpartition(".")
        kind, _, inner = section.partition(".")
        title = f'[{kind} "{inner}"]' if inner else f"[{kind}]"
        found.append(f"{title}\n\t{key} = {json.dumps(value, ensure_ascii=False)}\n")
    return "".join(found)


def dvc_settings(path: Path) -> str:
    """What of DVC's settings is no remote, and has no login: sections of plain choices."""
    found, kept = [], False
    for line in path.read_text().splitlines(keepends=True):
        if line.startswith("["):
            kept = line.strip() in DVC_SECTIONS
        if kept and line.split("=")[0].strip() != "remote":
            found.append(line)
    return "".join(found)


def user_of(where: Where) -> str:
    """Who a step is: the worker's own user, but never root."""
    if where.user:
        if not re.fullmatch(r"[1-9]\d*(:\d+)?", where.user):
            what = f"AIRFLOW__LEEWAY__USER is {where.user!r}: no number of a user, or that of root."
            raise PipelineError(what, "set it to UID:GID, as 50000:0.")
        return where.user
    return "50000:0" if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"


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


def pod_manifest(
    where: Where,
    command: list[str],
    folder: Path,
    folders: list[Mount],
    labels: dict[str, str],
) -> dict[str, Any]:
    """The pod, in the words of Kubernetes; `volumes` names claims that hold the run's folders.

    Raises:
        PipelineError: no volume is set: a pod cannot see the folders of a worker.
    """
    if not where.volumes:
        what = "The runtime kubernetes has no volume: a pod cannot see the folders of a worker."
        fix = "set AIRFLOW__LEEWAY__VOLUMES to CLAIM:PATH, the claim that the workers mount."
        raise PipelineError(what, fix)
    uid, _, gid = user_of(where).partition(":")
    claims = dict(volume.partition(":")[::2] for volume in where.volumes)
    names = {claim: f"volume-{i}" for i, claim in enumerate(claims)}
    limits = {
        **({"cpu": f"{where.cpus:g}"} if where.cpus else {}),
        **({"memory": f"{int(where.memory_gb * 1000)}M"} if where.memory_gb else {}),
        **({"nvidia.com/gpu": str(where.gpus)} if where.gpus else {}),
    }
    pairs = environment_of(where, folder).items()
    container = {
        "name": "step",
        "image": where.image,
        "command": command,
        "workingDir": str(folder),
        "env": [{"name": name, "value": value} for name, value in sorted(pairs)],
        "resources": {"requests": limits, "limits": limits},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": int(uid),
            "runAsGroup": int(gid or uid),
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            *(mounted(mount, claims, names) for mount in folders),
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "shm", "mountPath": "/dev/shm"},  # PyTorch's workers pass tensors through it
        ],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name({**labels, "place": f"{where.volumes} {folder}"}),
            "namespace": where.namespace,
            # A network policy can tell those that may use the network by the last one.
            "labels": {
                **{PREFIX + name: label(value) for name, value in labels.items()},
                PREFIX + "network": str(bool(where.network)).lower(),
            },
            "annotations": {PREFIX + name: value for name, value in labels.items()},
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "nodeSelector": dict(where.node_selector),
            "tolerations": [dict(toleration) for toleration in where.tolerations],
            "containers": [container],
            "volumes": [
                *({"name": n, "persistentVolumeClaim": {"claimName": c}} for c, n in names.items()),
                {"name": "tmp", "emptyDir": {}},
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            ],
        },
    }


def mounted(mount: Mount, claims: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    """A folder of the run in a pod: that part of a claim, and no more of it.

    Raises:
        PipelineError: the folder is in no claim.
    """
    path = mount.source or mount.path
    for claim, place in sorted(claims.items(), key=lambda held: -len(held[1])):
        if Path(place) == Path(path) or Path(place) in Path(path).parents:
            part = str(Path(path).relative_to(place))
            held = {"name": names[claim], "mountPath": mount.path, "readOnly": mount.mode == "ro"}
            return held if part == "." else {**held, "subPath": part}
    what = f"{path} is in no claim of AIRFLOW__LEEWAY__VOLUMES ({', '.join(claims)})."
    raise PipelineError(what, "name the claim that holds it, as CLAIM:PATH.")


def label(value: str) -> str:
    """A value that Kubernetes takes as a label: 63 letters at most, and few kinds of them."""
    clean = "".join(c if plain(c) or c in "-_." else "-" for c in value).strip("-_.")
    if len(clean) <= 63:
        return clean
    return f"{clean[:50]}-{hashlib.sha256(value.encode()).hexdigest()[:12]}"


def pod_name(labels: dict[str, str]) -> str:
    """The same for each try of a stage: two pods of one stage cannot be."""
    words = " ".join(labels[name] for name in ("place", "run", "stage"))
    digest = hashlib.sha256(words.encode()).hexdigest()[:12]
    base = "".join(c if plain(c) else "-" for c in labels["stage"].lower()).strip("-")
    return f"leeway-{base[:40].strip('-')}-{digest}"


def plain(letter: str) -> bool:
    """Whether names in a cluster may hold the letter."""
    return letter.isascii() and letter.isalnum()
