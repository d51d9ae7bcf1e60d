"""Where the right section stands among those that a search finds, and what that is worth.

A section stands where its best passage stands. Sections that answer a question together count as
one: whichever comes first, the question is answered. Measures are those of ir-measures.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

MEASURES = ("ndcg_at_10", "recall_at_5")
DEPTH = 10  # sections that are kept of a ranking: no measure looks further
Scores = NDArray[np.float32]


def ranked(
    scores: Scores, sections: Sequence[str], gold: Collection[str], only_above: float = -np.inf
) -> list[tuple[int, str]]:
    """The best passage of each of the best sections, as row and section, the best first.

    Args:
        scores: one per passage.
        sections: the section of each passage.
        gold: the sections that count as one.
        only_above: passages with no higher score than that are not found.
    """
    found: list[tuple[int, str]] = []
    seen: set[str] = set()
    together = min(gold, default="")
    for row in np.argsort(-scores, kind="stable"):
        if len(found) == DEPTH or scores[row] <= only_above:
            break
        section = sections[row]
        unit = together if section in gold else section
        if unit not in seen:
            seen.add(unit)
            found.append((int(row), unit))
    return found


def measured(
    rankings: Mapping[str, Sequence[str]], gold: Mapping[str, str]
) -> dict[str, list[float]]:
    """Each measure of each question, in the order of `gold`.

    Args:
        rankings: question to the units that were found, the best first.
        gold: question to the unit that is right.
    """
    import ir_measures
    from ir_measures import Qrel, R, ScoredDoc, nDCG

    names = dict(zip(MEASURES, (nDCG @ 10, R @ 5), strict=True))
    right = [Qrel(question, unit, 1) for question, unit in gold.items()]
    # The rank itself is the score: two equal ones would be put in the order of their names.
    run = [
        ScoredDoc(question, unit, float(-place))
        for question in gold
        for place, unit in enumerate(rankings[question])
    ]
    held = {
        (one.query_id, str(one.measure)): float(one.value)
        for one in ir_measures.iter_calc(names.values(), right, run)
    }
    return {
        name: [held.get((question, str(measure)), 0.0) for question in gold]
        for name, measure in names.items()
    }
