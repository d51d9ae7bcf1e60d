"""Carry out an order: with the parent, under DVC's locks, and at the files of the run alone."""

from collections.abc import Callable
from typing import Any, TypeVar

from .dvc_locks import keep_locks_apart, patiently
from .guards import refuse_what_leads_out, save_no_runs
from .life import die_with_parent
from .orders import Answer, Order, Refused, Terms, answer
from .yaml_updates import update_yaml_quickly

Kind = TypeVar("Kind", bound=Order[Any])


def carry_out(terms: Terms, order: Kind, work: Callable[[Kind], Answer]) -> int:
    """Do the work of an order, and write its answer, or why it is refused."""
    die_with_parent(terms.parent)
    keep_locks_apart(terms, order)
    refuse_what_leads_out()
    update_yaml_quickly()
    if not terms.parent:
        save_no_runs()
    try:
        found: object = patiently(terms, lambda: work(order))
    except Refused as error:
        found = error.refusal
    answer(terms, found)
    return 0
