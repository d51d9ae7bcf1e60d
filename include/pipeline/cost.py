"""What a stage took of machines: measured by the runner, and in no key of DVC's."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Cost:
    """What a stage took in one run, all its tries together."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0  # of all GPUs that it held
    peak_gb: float = 0.0  # of its largest process, in 10^9 bytes
    bytes_in: int = 0  # of its deps
    bytes_out: int = 0  # of its outs
    rows: int = 0  # that it predicted, if it says where that is written
    queue: str = ""  # that it ran on; empty: the default one
    ran: bool = False  # whether its command was run; opening and closing a run have none
    tries: int = 1
    energy_wh: float | None = None  # estimated, where the run says how
    money: float | None = None  # where the run has prices

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it: what says nothing is left out, and so are digits beyond eight."""
        held = {name: value for name, value in asdict(self).items() if value != BLANK[name]}
        return {n: float(f"{v:.8g}") if isinstance(v, float) else v for n, v in held.items()}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> "Cost":
        """What `to_json` made; a value that is none, as somebody wrote it, is as if it were absent.

        A step in a container may have written its own figures: none is negative or infinite.
        """
        return cls(**{name: held[name] for name in BLANK.keys() & held.keys() if good(held, name)})


BLANK: dict[str, Any] = {field.name: field.default for field in fields(Cost)}
KINDS: dict[str, tuple[type, ...]] = {name: (type(value),) for name, value in BLANK.items()}
KINDS |= {name: (int, float) for name, kind in KINDS.items() if kind in ((float,), (type(None),))}


def good(held: Mapping[str, Any], name: str) -> bool:
    """Whether a value can be that of a field."""
    value = held[name]
    if type(value) not in KINDS[name]:
        return False
    return isinstance(value, str) or 0 <= value < 1e18  # not so of NaN


def together(costs: Iterable[Cost]) -> Cost:
    """What stages took as a whole: sums, and the largest process of all."""
    found = Cost(tries=0)
    for one in costs:
        found = replace(
            found,
            **{name: getattr(found, name) + getattr(one, name) for name in SUMS},
            peak_gb=max(found.peak_gb, one.peak_gb),
            ran=found.ran or one.ran,
            energy_wh=added(found.energy_wh, one.energy_wh),
            money=added(found.money, one.money),
        )
    return found


SUMS = ("wall_s", "cpu_s", "gpu_s", "bytes_in", "bytes_out", "rows", "tries")


def added(one: float | None, other: float | None) -> float | None:
    """A sum of what is known; None if nothing is."""
    return other if one is None else one + (other or 0.0)
