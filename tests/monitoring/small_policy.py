"""A policy, and windows that are small enough to judge by hand."""

from include.monitoring.policy_rules import Policy, Training, Window

RULES = {
    "windows": 2,
    "of": 3,
    "signals": {"auc": {"minimum": 0.7, "instead": "auc_estimated"}},
    "kinds": [],
    "missing": "unknown",
    "held_by": ["data"],
    "at_latest": {"days": None, "windows": None},
    "cool_down": {"days": 28, "windows": 1},
    "new_labels": 100,
    "budget": {"retrainings": 1, "cost": None},
}
# One that asks as soon as a window is bad, and is held back by little.
QUICK = {
    **RULES,
    "windows": 1,
    "of": 2,
    "signals": {"auc": {"minimum": 0.7}},
    "held_by": [],
    "cool_down": {"days": 0, "windows": 1},
    "new_labels": 0,
    "budget": {"retrainings": None, "cost": None},
}


def policy(**changes) -> Policy:
    return Policy.model_validate({**RULES, **changes})


def window(month: int, auc: float | None, estimated: float | None = None, **more) -> Window:
    """A month of 2013 with a hundred labels."""
    held = {
        "start": f"2013-{month:02}-01",
        "end": f"2013-{month + 1:02}-01",
        "labelled": 100,
        "signals": {"auc": auc, "auc_estimated": estimated},
    }
    return Window.model_validate({**held, **more})


def trained(until: str, cost: float | None = None) -> Training:
    return Training(run=f"run-{until}", until=until, cost=cost)


def months(*aucs: float | None) -> list[Window]:
    """Months from April on."""
    return [window(4 + number, auc) for number, auc in enumerate(aucs)]


def short(day: str, month: int, auc: float) -> Window:
    return window(month, auc, start=f"2013-{month:02}-{day}", end=f"2013-{month:02}-{int(day) + 7}")
