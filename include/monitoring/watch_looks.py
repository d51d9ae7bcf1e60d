"""Whether the rows of windows look like those of other data: a unit, lost values, a wrong key.

A fault that stays must not turn green because the window before has it too. So a window is held
against the last one that had none, and a column that jumped is an alarm until it jumps back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from include.errors import at_most_ten
from include.monitoring.drift_limits import Check, rounded
from include.monitoring.plain_columns import Kind
from include.monitoring.watch import Facts, Looks
from include.monitoring.watch_limits import Looking

# Movements before a window from which the largest says what is usual. Of real months, of which
# nothing befell any, a wind moved 24 times as far as in the single month before.
LEAST = 3
LASTING = 12  # windows after which what a fault brought is how the data are
# Part of a jump that is the way back: measured from the other side, it is not quite as far.
BACK = 0.5

JUMPED = "Columns that moved as no other window did, as if their unit were another: {}."
GONE = "Values that are gone: {}."
EMPTIED = "Columns that lost their values: {}."
DISAGREE = "Columns that no longer know of each other, as if joined by a wrong key: {}."


@dataclass(frozen=True)
class Jump:
    """A movement of a column that was much further than is usual.

    Args:
        place: of its window, among all.
        usual: the furthest that the column had moved before.
    """

    place: int
    start: date
    moved: float
    usual: float

    def said(self, place: int) -> str:
        """The jump in words, as seen from a window."""
        how = f"by {self.moved:.2f}, where {self.usual:.2f} is the most before"
        return how if place == self.place else f"{how}, in {self.start:%Y-%m-%d}, and is not back"


def look_checks(
    facts: Sequence[Facts], kinds: Mapping[str, Kind], limits: Looking
) -> list[list[Check]]:
    """The checks of each window, in the order of the windows, the earliest first."""
    jumps = {name: jumps_of(name, facts, kind, limits) for name, kind in kinds.items()}
    found: list[list[Check]] = []
    sound = 0  # the last window without a fault
    for place, one in enumerate(facts):
        jumped = {name: held[place] for name, held in jumps.items() if held[place]}
        before = facts[sound].looks if place else None
        found.append([named("columns_jumped", jumped, JUMPED), *compared(before, one, limits)])
        if all(check.passed for check in found[-1]) or place - sound >= LASTING:
            sound = place
    return found


def compared(before: Looks | None, now: Facts, limits: Looking) -> list[Check]:
    """What is no longer as it was in the last window without a fault."""
    gone, emptied, disagree = (
        find(before, now.looks, limits) if before else {}
        for find in (gone_values, emptied_columns, broken_pairs)
    )
    return [
        named("values_gone", gone, GONE),
        named("columns_emptied", emptied, EMPTIED),
        named("columns_disagree", disagree, DISAGREE),
    ]


def named(name: str, found: Mapping[str, str], sentence: str) -> Check:
    """A check that nothing of a sort was found."""
    said = [f"{what} ({how})" for what, how in found.items()]
    reason = sentence.format(at_most_ten(said) if said else "none")
    return Check(name, float(len(found)), 0.0, not found, reason, "data")


def jumps_of(name: str, facts: Sequence[Facts], kind: Kind, limits: Looking) -> list[str]:
    """For each window, the jump from which the column is not back, in words; empty if none.

    Neither a jump nor the way back says what is usual.
    """
    said: list[str] = []
    usual: list[float] = []
    away: Jump | None = None
    for place, one in enumerate(facts):
        if away and place - away.place >= LASTING:
            away = None
        moved = one.looks.statistics.get(name)
        if moved is not None:
            if away is None and far(moved, usual, kind, limits):
                away = Jump(place, one.start, moved, max([limits.usual_least, *usual]))
            elif away and moved >= BACK * away.moved:
                away = None
            else:
                usual.append(moved)
        said.append(away.said(place) if away else "")
    return said


def far(moved: float, usual: Sequence[float], kind: Kind, limits: Looking) -> bool:
    """Whether a column moved much further than it did from window to window before."""
    most = max([limits.usual_least, *usual])
    told = len(usual) >= LEAST and moved >= limits.jump_times * most
    return told or (kind == "number" and moved >= limits.jump_psi)


def gone_values(before: Looks, now: Looks, limits: Looking) -> dict[str, str]:
    """The values of categories that no row has any more."""
    return {
        f"{name} {value}": f"{share:.1%} of the rows before"
        for name, values in before.values.items()
        for value, share in values.items()
        if share >= limits.category_share and value not in now.values.get(name, {})
    }


def emptied_columns(before: Looks, now: Looks, limits: Looking) -> dict[str, str]:
    """The columns that have fewer values than before."""
    return {
        name: f"{now.empty[name]:.1%} are empty, {share:.1%} before"
        for name, share in before.empty.items()
        if rounded(now.empty.get(name, 1.0) - share) >= limits.empty_share_change
    }


def broken_pairs(before: Looks, now: Looks, limits: Looking) -> dict[str, str]:
    """The numbers of which a category explained much, and now next to nothing."""
    return {
        pair: f"{now.explained.get(pair, 0.0):.0%} explained, {share:.0%} before"
        for pair, share in before.explained.items()
        if share >= limits.explained_least
        and now.explained.get(pair, 0.0) < limits.explained_kept * share
    }
