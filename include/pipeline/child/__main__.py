"""DVC in a process of its own: it brings one stage up to date, and ends with its task."""

import sys
from functools import partial

from .carrying import carry_out
from .orders import Reproduce, Terms, received
from .reproducing import reproduce


def main() -> int:
    """Be a new process: do what it is told."""
    terms, _, held = received()
    return work(terms, Reproduce(**held))


def work(terms: Terms, order: Reproduce) -> int:
    """Bring a stage up to date."""
    return carry_out(terms, order, partial(reproduce, contained=not terms.parent))


if __name__ == "__main__":
    sys.exit(main())
