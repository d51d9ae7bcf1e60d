"""Try a policy of retraining on what was recorded: when would it have trained, why, at what price.

Of several files of windows each window counts as it was watched when it was the newest; what became
known of it later counts too, as long as it is of the same model.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import yaml
from pydantic import ValidationError

from include.errors import DataError, ParamsError, at_most_ten, did_you_mean
from include.monitoring.policy_files import read_windows
from include.monitoring.policy_replay import Replay, replay
from include.monitoring.policy_rules import Policy, Retrained, Training, Window, names_of
from include.step import params_error, read_params

SECTION = "retraining"
BLIND = (
    "The labels that the first model knew are unknown, and so is their growth: "
    "retraining.at_latest.growth asked for nothing. Give --labels."
)


def compared(
    windows: Sequence[Window], first: Training, policies: Mapping[str, Policy], signal: str
) -> str:
    """What each policy would have done, and all of them side by side.

    Args:
        first: the training of the first model, as dear as those that are simulated.
        signal: by which a gain is estimated.

    Raises:
        DataError: no window has that signal.
    """
    if signal not in (known := names_of(windows)):
        what = f"No window has a signal {signal!r}.{did_you_mean(signal, known)}"
        raise DataError(what, f"name one that was watched: {at_most_ten(sorted(known))}.")
    shown = {
        name: replay(windows, policy, first.cost, signal, [first])
        for name, policy in policies.items()
    }
    full = [f"{name}\n{in_full(windows, found)}\n" for name, found in shown.items()]
    return "\n".join([*full, side_by_side(shown, signal)])


def first_of(
    windows: Sequence[Window],
    past: Sequence[Training],
    recorded: Sequence[Mapping[str, object]] = (),
) -> Training:
    """The training of the first model, as it was recorded.

    Else it counts as made when the first window began: the model had not seen what it was asked.

    Args:
        past: the trainings that are known: they say what one costs, and what the first model knew.
        recorded: the training itself, if anybody recorded it.
    """
    start = min(windows, key=lambda window: window.start)
    costs = [one.cost for one in past if one.cost is not None]
    cost = mean(costs) if costs else None
    for one in checked(recorded):
        return one.model_copy(update={"cost": cost})
    earlier = [one for one in past if one.labels is not None and one.until <= start.start]
    labels = max(earlier, key=lambda one: one.until).labels if earlier else None
    return Training(run=start.model or "the first", until=start.start, cost=cost, labels=labels)


def trainings(path: Path, history: Sequence[Mapping[str, object]]) -> Sequence[Training]:
    """The trainings that a file of params says, or else the history.

    What one of the file cost is taken of the history, if the file does not say it.
    """
    held = yaml.safe_load(path.read_text()) if path.exists() else None
    section = isinstance(held, dict) and "retrained" in held
    past = checked(history)
    if section and (said := read_params("retrained", Retrained, path).trainings):
        costs = {one.run: one.cost for one in past}
        return [
            one if one.cost is not None else one.model_copy(update={"cost": costs.get(one.run)})
            for one in said
        ]
    return past


def checked(history: Sequence[Mapping[str, object]]) -> Sequence[Training]:
    """The trainings that a history tells.

    Raises:
        ParamsError: one of them is none.
    """
    try:
        return Retrained.model_validate({"trainings": list(history)}).trainings
    except ValidationError as error:
        raise params_error(Path("The history"), "retrained", Retrained, error) from None


def watched(paths: Sequence[Path], *, spare: bool = False) -> tuple[list[Window], list[str]]:
    """The windows of several files, each once, and the files that cannot be read.

    Args:
        spare: whether others are read if a file cannot be.

    Raises:
        DataError: none can be read, or one without `spare`; or there is no window.
    """
    files, lost = [], []
    for path in paths:
        try:
            files.append(read_windows(path))
        except DataError:
            lost.append(str(path))
            if not spare or len(lost) == len(paths):
                raise
    return merged(files), lost


def merged(files: Sequence[Sequence[Window]]) -> list[Window]:
    """The windows of several files, each of the model that was live when it was the newest.

    Args:
        files: of those that end alike, the one that was made first comes first.

    Raises:
        DataError: there is none.
    """
    found: dict[object, Window] = {}
    for windows in sorted(filter(None, files), key=lambda held: max(one.end for one in held)):
        for window in windows:
            place = (window.start, window.end)
            held = found.get(place)
            # Another model that is asked later about a month was not live in it.
            if held is None or held.model == window.model:
                found[place] = window
    if not found:
        raise DataError("No window was watched yet.", "run the DAG that watches, or its stage.")
    return [*found.values()]


def changed(path: Path, changes: Sequence[str]) -> Policy:
    """The policy of a file of params, with other values.

    Raises:
        ParamsError: a value is none of the policy, or makes one that cannot be.
    """
    policy = read_params(SECTION, Policy, path)
    held: dict[str, Any] = copy.deepcopy(yaml.safe_load(path.read_text())[SECTION])
    for change in changes:
        name, sign, text = change.partition("=")
        section, *keys = name.split(".")
        if not sign or section != SECTION or not keys:
            what = (
                f"--set {change!r} names no value of the policy.{did_you_mean(section, [SECTION])}"
            )
            raise ParamsError(what, f"write it as {SECTION}.of=4.")
        place = held
        for key in keys[:-1]:
            if not isinstance(place.setdefault(key, {}), dict):
                raise ParamsError(f"{SECTION} has nothing at {name}.", "see docs/params.md.")
            place = place[key]
        place[keys[-1]] = value_of(change, text)
    try:
        return Policy.model_validate(held) if changes else policy
    except ValidationError as error:
        raise params_error(Path("--set"), SECTION, Policy, error) from None


def value_of(change: str, text: str) -> object:
    """A value as YAML has it.

    Raises:
        ParamsError: it is none.
    """
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        problem = " ".join(str(error).split())
        what = f"--set {change!r} has a value that is not YAML: {problem}."
        raise ParamsError(what, f"write it as {SECTION}.of=4.") from None


def in_full(windows: Sequence[Window], found: Replay) -> str:
    """Each decision with its reasons: a line where nothing is to be said beside it."""
    ends = sorted(windows, key=lambda window: (window.end, window.start))
    lines = []
    for window, decision in zip(ends, found.decisions, strict=True):
        lines.append(f"  {window.end}  {decision.answer}")
        if decision.answer != "not needed":
            reasons = [f"because {one}" for one in decision.reasons]
            lines += [f"              {one}" for one in (*reasons, *decision.held)]
    return "\n".join(lines)


def side_by_side(found: dict[str, Replay], signal: str) -> str:
    """A row for each policy."""
    rows = [("POLICY", "TRAININGS", "HELD BACK", "COST", f"GAIN OF {signal}")]
    for name, one in found.items():
        gain, cost = one.gain, "unknown" if one.cost is None else f"{one.cost:.3g}"
        said = gain.said if gain.value is None else f"{gain.value:+.4f}, {gain.said}"
        made = f"{len(one.trainings)}{' without the rule of growth' if one.blind else ''}"
        rows.append((name, made, str(one.held), cost, said))
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    text = "\n".join(line.rstrip() for line in lines)
    return f"{text}\n{BLIND}" if any(one.blind for one in found.values()) else text
