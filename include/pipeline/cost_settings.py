"""Section `costs` of params.yaml: prices, energy and budgets. No stage depends on it.

A repository need not have it; a section of that name that is not ours is left alone.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import ParamsError, did_you_mean
from include.pipeline.lockfile import LOADER
from include.pipeline.params_file import DEFAULT

SECTION = "costs"
ANY = "default"  # the queue whose prices are those of queues that have none


class Section(BaseModel):
    """A part of the section: what is misspelt is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(Section):
    """What a queue costs; what is not given costs nothing."""

    hour: float = Field(default=0, ge=0, description="of an hour in which a stage holds its worker")
    cpu_hour: float = Field(default=0, ge=0, description="of an hour of one processor")
    gpu_hour: float = Field(default=0, ge=0, description="of an hour of one GPU")
    memory_gb_hour: float = Field(default=0, ge=0, description="of a GB for an hour, at its peak")


class Energy(Section):
    """What the estimate of energy rests on: see `energy_wh` in cost_words.py."""

    cpu_w: float = Field(default=12, ge=0, description="power of one processor at full use, W")
    gpu_w: float = Field(default=200, ge=0, description="power of one GPU at full use, W")
    memory_w_per_gb: float = Field(default=0.3725, ge=0, description="power of memory, W per GB")
    pue: float = Field(default=1.67, ge=1, description="energy of the site per energy of machines")


class Budget(Section):
    """The most that one run may take; nothing is held to what is not given."""

    cpu_s: float | None = Field(default=None, ge=0, description="seconds of processors")
    gpu_s: float | None = Field(default=None, ge=0, description="seconds of GPUs")
    money: float | None = Field(default=None, ge=0, description="money, in the currency of costs")
    energy_wh: float | None = Field(default=None, ge=0, description="energy, Wh")
    gate: bool = Field(default=False, description="whether what is beyond it may not go live")


class Costs(Section):
    """Section `costs` of params.yaml."""

    currency: str = Field(default="USD", min_length=1, description="of all prices")
    queues: dict[str, Price] = Field(
        default={}, description="prices by queue: hour, cpu_hour, gpu_hour, memory_gb_hour"
    )
    energy: Energy = Field(default=Energy(), description="what the estimate of energy rests on")
    budget: Budget = Field(default=Budget(), description="the most that one run may take")


NONE = Costs()


def costs_in(text: str, file: str = DEFAULT) -> Costs:
    """What the text of a file of params says of costs; nothing, if it has no such section.

    Raises:
        ParamsError: the section is another one than ours, or something in it is misspelt.
    """
    try:
        held = yaml.load(text, LOADER)
    except yaml.YAMLError:  # DVC says what is wrong with it
        return NONE
    if not isinstance(held, dict) or held.get(SECTION) is None:
        return NONE
    try:
        return Costs.model_validate(held[SECTION])
    except ValidationError as error:
        raise not_ours(error.errors()[0], file) from None


def not_ours(first: Any, file: str) -> ParamsError:
    """Say what in the section is none of ours."""
    names = [str(name) for name in first["loc"]]
    where = ".".join([SECTION, *names])
    fix = f"change {where} in {file}; a section that is for something else needs another name."
    if first["type"] == "extra_forbidden":
        parts: dict[str, type[BaseModel]] = {"queues": Price, "energy": Energy, "budget": Budget}
        kind = parts.get(names[0], Costs) if len(names) > 1 else Costs
        hint = did_you_mean(names[-1], kind.model_fields)
        return ParamsError(f"{file} has an unknown setting {where}.{hint}", fix)
    said = first["msg"][:1].lower() + first["msg"][1:]
    return ParamsError(f"{file} sets {where} to {first['input']!r}: {said}.", fix)


def costs_of(folder: Path) -> tuple[Costs, str]:
    """What a working tree says of costs; and what is wrong with it, for people to read."""
    try:
        return costs_in((folder / DEFAULT).read_text(errors="replace")), ""
    except OSError:
        return NONE, ""
    except ParamsError as error:
        return NONE, f"{error.what} No prices and budgets are known."
