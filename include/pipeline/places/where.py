"""The container or pod of a stage, as plain data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from include.pipeline.child.orders import Order, Reproduce, Reproduced

PREFIX = "leeway."  # of labels


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
    def from_json(cls, held: Mapping[str, Any]) -> "Where":
        """What `to_json` made, also on its way through JSON, which knows no tuples."""
        return TypeAdapter(cls).validate_python(dict(held))


@dataclass(frozen=True)
class Contained(Order[Reproduced]):
    """Bring one stage up to date in a container or pod."""

    step: Reproduce
    where: Where
    labels: Mapping[str, str]  # dag, run, stage and try
    folder: Path  # of DVC in the workspace
    top: Path  # root of the workspace
    cache: Path
    repo: Path  # root of the DVC repository that was cloned

    @property
    def name(self) -> str:
        """What the process is called."""
        return self.step.stage
