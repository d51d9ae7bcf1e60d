"""What DVC processes of a worker are told to do, beside the one of child/orders.py: values all.

Where a field is a path, it is one of the worker's. What an answer holds was made by DVC, or by a
step of the run: who asks for it has it checked against these types (see asking.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.pipeline.child.orders import Order

Missing = tuple[str, str, str]  # what a stage needs and cannot have: stage, path, and why


@dataclass(frozen=True)
class Resolve(Order[dict[str, Any]]):
    """Resolve the graph of the repository that the process is in: see resolve.py."""


@dataclass(frozen=True)
class Settings:
    """What DVC's configuration says of a run."""

    cache: str  # its folder
    remote: bool  # whether data can be pushed


@dataclass(frozen=True)
class Configure(Order[Settings]):
    """Give a workspace DVC's settings, and write down what it begins with."""

    repo: str
    began: str  # the file to write to


@dataclass(frozen=True)
class Told:
    """What the record of a run says of its stages."""

    params: dict[str, Any] = field(default_factory=dict)  # that they were made from, by name
    metrics: dict[str, str] = field(default_factory=dict)  # files, and where on this disk each is
    queues: dict[str, str] = field(default_factory=dict)  # by stage, if it asks for one
    predictions: dict[str, str] = field(default_factory=dict)  # by stage: the metric of their count


@dataclass(frozen=True)
class Opened:
    """The graph of a run as its values make it, and what of it has nothing to do."""

    settings: Settings
    graph: dict[str, Any]  # see resolve.py
    chosen: list[str]
    missing: list[Missing]
    unchanged: list[str] = field(default_factory=list)  # empty while something is missing
    files: list[str] = field(default_factory=list)  # of the experiment, if nothing has to run
    told: Told = field(default_factory=Told)  # in that case


@dataclass(frozen=True)
class Open(Order[Opened]):
    """Decide what a run consists of, and what has nothing to do."""

    repo: str
    apart: bool  # whether other workers of the run share no disk with this one
    memory: str  # what earlier runs made
    own: str  # the folder of the run's own files
    began: str  # the file of what the run began with
    given: str  # the file of the values that it was given by somebody who may not run anything
    values: bool  # whether it was given any
    contained: bool  # whether steps of it were in containers: it is opened again
    made: Mapping[str, Mapping[str, Any]]  # by the stages that ended in it
    targets: Sequence[str]
    upstream: bool
    downstream: bool
    without: Sequence[str]
    hollow: Mapping[str, str]  # paths of which the clone holds no more than the name, and why


@dataclass(frozen=True)
class Unchanged(Order[list[str]]):
    """Name the stages of a working tree that have nothing to do."""

    stages: Sequence[str]


@dataclass(frozen=True)
class Finished:
    """What of a run has no good result; else what its experiment holds."""

    stale: list[str]
    good: list[str] = field(default_factory=list)  # whose results later runs may take for theirs
    wrong: list[str] = field(default_factory=list)  # whose entries in the lockfile a step wrote
    read: list[str] = field(default_factory=list)  # deps that git may track
    files: list[str] = field(default_factory=list)  # beside what git tracks
    told: Told = field(default_factory=Told)


@dataclass(frozen=True)
class Finish(Order[Finished]):
    """See that all stages of a run ended well, and say what its experiment holds."""

    stages: Sequence[str]
    unchanged: Sequence[str]
    made: Mapping[str, Mapping[str, Any]]  # of each stage that ran: what it was made from
    began: str  # the file of what the run began with; empty if no step was in a container


@dataclass(frozen=True)
class Sound(Order[None]):
    """See that outs, and what the remote lacks of stages, may be given to others."""

    paths: Sequence[str]
    stages: Sequence[str]


@dataclass(frozen=True)
class Push(Order[None]):
    """Push the outs of stages to their remotes."""

    stages: Sequence[str]


@dataclass(frozen=True)
class Fetch(Order[None]):
    """Check out paths from the cache, or pull them from the default remote."""

    paths: Sequence[str]
    apart: bool


@dataclass(frozen=True)
class Describe(Order[dict[str, Any]]):
    """Say what an artifact of a commit is, and what it was made from: see judge/describing.py."""

    commit: str
    artifact: str


@dataclass(frozen=True)
class Locate(Order[str]):
    """Name the hash of an artifact that a commit made, as DVC has it."""

    commit: str
    artifact: str


@dataclass(frozen=True)
class Read(Order[str]):
    """Give the text of a file that a commit has made."""

    commit: str
    path: str


@dataclass(frozen=True)
class Verified:
    """An artifact and a verdict on it, each with its hash, and the hashes of all of the commit."""

    path: str
    hash: str
    text: str  # of the verdict
    verdict_hash: str
    hashes: dict[str, str]  # of files and folders, by path


@dataclass(frozen=True)
class Verify(Order[Verified]):
    """See that an artifact of a commit, and a verdict on it, are there as they were made."""

    commit: str
    artifact: str
    verdict: str  # its path
