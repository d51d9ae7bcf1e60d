"""Energy, money and budgets of what was measured, and all of it in words."""

import math
from collections.abc import Mapping
from dataclasses import replace

from include.pipeline.cost import Cost, together
from include.pipeline.cost_settings import ANY, Budget, Costs, Energy, Price

HOUR_S = 3600
NAMES = {"cpu_s": "s of CPU", "gpu_s": "s of GPU", "energy_wh": "Wh", "money": ""}


def energy_wh(cost: Cost, rules: Energy) -> float:
    """The energy that a stage took, as Green Algorithms estimates it.

    E = t x (n_c x P_c x u_c + n_m x P_m) x PUE (Lannelongue, Grealey, Inouye 2021: Green
    Algorithms: Quantifying the Carbon Footprint of Computation. Advanced Science 8, 2100707). What
    they take from a core count and a use, t x n_c x u_c, is measured here: seconds of CPU and GPU.
    Their n_m is the memory that was available; here it is that of the largest process.
    """
    machines = cost.cpu_s * rules.cpu_w + cost.gpu_s * rules.gpu_w
    memory = cost.wall_s * cost.peak_gb * rules.memory_w_per_gb
    return (machines + memory) * rules.pue / HOUR_S


def money(cost: Cost, price: Price) -> float:
    """What a stage cost, by the prices of its queue."""
    seconds = cost.wall_s * price.hour + cost.cpu_s * price.cpu_hour
    seconds += cost.gpu_s * price.gpu_hour + cost.wall_s * cost.peak_gb * price.memory_gb_hour
    return seconds / HOUR_S


def priced(cost: Cost, rules: Costs) -> Cost:
    """What a stage took, with its energy, and with its money where its queue has a price."""
    price = rules.queues.get(cost.queue or ANY, rules.queues.get(ANY))
    paid = None if price is None else money(cost, price)
    return replace(cost, energy_wh=energy_wh(cost, rules.energy), money=paid)


def in_words(cost: Cost, currency: str = "") -> str:
    """What was taken, in a line: 31 s of CPU in 18 s, 0.83 GB, 0.17 Wh, 0.0004 USD."""
    parts = [f"{number(cost.cpu_s)} s of CPU in {number(cost.wall_s)} s"]
    parts += [f"{number(cost.gpu_s)} s of GPU"] if cost.gpu_s else []
    parts += [f"{cost.peak_gb:.2f} GB"] if cost.peak_gb else []
    parts += [f"{number(cost.energy_wh)} Wh"] if cost.energy_wh else []
    parts += [] if cost.money is None or not currency else [f"{number(cost.money)} {currency}"]
    return ", ".join(parts)


def number(value: float) -> str:
    """A number with the digits that tell something: 1,234, 31, 3.1, 0.000031, 0."""
    if value >= 100:
        return f"{value:,.0f}"
    if 1e-9 < value < 1e-3:
        return f"{value:.{1 - math.floor(math.log10(value))}f}"
    return f"{value:.2g}" if value < 10 else f"{value:.3g}"


def beyond_budget(total: Cost, budget: Budget, currency: str) -> list[str]:
    """What of a run is beyond its budget, in words; nothing if it is within."""
    found = []
    for name, unit in NAMES.items():
        most, taken = getattr(budget, name), getattr(total, name)
        if most is not None and taken is not None and taken > most:
            found.append(f"{number(taken)} of {number(most)} {unit or currency}")
    return found


def of_run(cost: Mapping[str, Cost], idle: Mapping[str, Cost], rules: Costs) -> str:
    """What the note of a run says of its cost, and of its budget.

    Args:
        cost: by stage, with its price.
        idle: what the stages that did not run took when they ran the last time.
    """
    total = together(cost.values())
    found = f"It took {in_words(total, rules.currency)}"
    if idle:
        spared = together(priced(one, rules) if one.money is None else one for one in idle.values())
        found += f", and saved {in_words(spared, rules.currency)} ({len(idle)} cached)"
    if (thousand := per_thousand(cost)) is not None:
        found += f"; a thousand predictions: {in_words(thousand, rules.currency)}"
    over = beyond_budget(total, rules.budget, rules.currency)
    return f"{found}." + (f" BEYOND ITS BUDGET: {', '.join(over)}." if over else "")


def per_thousand(cost: Mapping[str, Cost]) -> Cost | None:
    """What a thousand predictions took, of the stages that say how many they made."""
    total = together(one for one in cost.values() if one.rows and one.ran)
    if not total.rows:
        return None
    share = 1_000 / total.rows
    scaled = {name: getattr(total, name) * share for name in ("wall_s", "cpu_s", "gpu_s")}
    known = {
        name: value * share
        for name in ("energy_wh", "money")
        if (value := getattr(total, name)) is not None
    }
    return Cost(peak_gb=total.peak_gb, rows=1_000, ran=True, **scaled, **known)
