"""The pod of a stage, in the words of Kubernetes."""

import hashlib
from pathlib import Path
from typing import Any

from include.errors import PipelineError
from include.pipeline.places.container import environment_of, user_of
from include.pipeline.places.mounts import Mount
from include.pipeline.places.where import PREFIX, Where


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
    claims = dict(volume.partition(":")[::2] for volume in where.volumes)
    names = {claim: f"volume-{i}" for i, claim in enumerate(claims)}
    mounts = [mounted(mount, claims, names) for mount in folders]
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
            "containers": [container_in_pod(where, command, folder, mounts)],
            "volumes": [
                *({"name": n, "persistentVolumeClaim": {"claimName": c}} for c, n in names.items()),
                {"name": "tmp", "emptyDir": {}},
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            ],
        },
    }


def container_in_pod(
    where: Where, command: list[str], folder: Path, mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    """The only container of a pod: no root, no rights, and a disk of its own that it cannot write.

    Args:
        mounts: the folders of the run.
    """
    uid, _, gid = user_of(where).partition(":")
    limits = {
        **({"cpu": f"{where.cpus:g}"} if where.cpus else {}),
        **({"memory": f"{int(where.memory_gb * 1000)}M"} if where.memory_gb else {}),
        **({"nvidia.com/gpu": str(where.gpus)} if where.gpus else {}),
    }
    pairs = environment_of(where, folder).items()
    return {
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
            *mounts,
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "shm", "mountPath": "/dev/shm"},  # PyTorch's workers pass tensors through it
        ],
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
