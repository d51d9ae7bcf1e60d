"""Where a stage runs: the keys of `meta` in dvc.yaml, each with a default."""

import difflib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import PipelineError, did_you_mean

Runtime = Literal["process", "docker", "kubernetes"]
OWN = "leeway"  # the key of `meta` under which our keys may stand
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


class Resources(BaseModel):
    """What a stage needs of a machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpus: float | None = Field(default=None, gt=0, description="processors")
    memory_gb: float | None = Field(default=None, gt=0, description="memory in GB")
    gpus: int | None = Field(default=None, ge=0, description="GPUs")


class Meta(BaseModel):
    """Section `meta` of a stage. It is outside DVC's key: a change of it reruns nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue: str | None = Field(default=None, pattern=NAME, description="queue of the workers")
    runtime: Runtime | None = Field(default=None, description="process, docker or kubernetes")
    image: str | None = Field(default=None, description="container image")
    resources: Resources = Field(default=Resources(), description="cpus, memory_gb and gpus")
    retries: int | None = Field(default=None, ge=0, le=100, description="tries after the first")
    timeout_minutes: float | None = Field(default=None, gt=0, description="most minutes of a try")
    network: bool = Field(default=False, description="whether a container may use the network")
    objects: tuple[str, ...] = Field(
        default=(), description="values that are hashes of what it reads from DVC's cache"
    )
    verdict: str | None = Field(
        default=None, description="out in JSON whose verdict is told in the notes of task and run"
    )
    predictions: str | None = Field(
        default=None,
        pattern=r"^[^:]+:.+$",
        description="the metric that counts what it predicts, as metrics/scores.json:rows",
    )
    node_selector: dict[str, str] = Field(default={}, description="labels of a node for its pod")
    tolerations: tuple[dict[str, str | int], ...] = Field(
        default=(), description="taints it tolerates"
    )


def read_meta(stage: str, file: str, held: object) -> Meta:
    """Read what `meta` of a stage says to Leeway; what it says to others is left alone.

    Ours are the keys of `Meta` at its top. Where a key `leeway` is there, ours are those in it, and
    all else is others'.

    Raises:
        PipelineError: a key of ours is unknown or misspelt, or a value is not of its kind.
    """
    place: tuple[str, ...] = ()
    if isinstance(held, dict) and OWN in held:
        held, place = held[OWN], (OWN,)
    elif isinstance(held, dict):
        held = {key: value for key, value in held.items() if ours(key)}
    else:
        held = None
    try:
        return Meta.model_validate({} if held is None else held)
    except ValidationError as error:
        raise meta_error(stage, file, place, error.errors()[0]) from None


def ours(key: object) -> bool:
    """Whether a key at the top of `meta` is one of ours, or looks like one that is misspelt."""
    return bool(difflib.get_close_matches(str(key), Meta.model_fields, n=1, cutoff=0.8))


def meta_error(stage: str, file: str, place: tuple[str, ...], first: Any) -> PipelineError:
    """Say which key of which stage is wrong, and how to right it."""
    names = [str(name) for name in first["loc"]]
    where = ".".join(["meta", *place, *names])
    fix = "" if place else f", or put ours under meta.{OWN}: the rest is then left alone"
    if first["type"] == "extra_forbidden":
        kind = Resources if names[:-1] == ["resources"] else Meta
        known = ", ".join(kind.model_fields)
        hint = did_you_mean(names[-1], kind.model_fields)
        what = f"Stage {stage!r} in {file} has an unknown key {where}.{hint}"
        return PipelineError(what, f"use one of {known}, or remove it{fix}.")
    message = first["msg"][:1].lower() + first["msg"][1:].rstrip(".")
    what = f"Stage {stage!r} in {file} sets {where} to {first['input']!r}: {message}."
    return PipelineError(what, f"change {where} of this stage in {file}{fix}.")
