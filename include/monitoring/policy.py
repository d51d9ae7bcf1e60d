"""Try a policy of retraining on what was recorded: when would it have trained, why, at what price.

  python -m include.monitoring.policy reports/watch.json
  python -m include.monitoring.policy reports/watch.json --set retraining.of=4
  python -m include.monitoring.policy .airflow/leeway/reports/*/reports/watch.json --cost 0.4

The policy is that of params.yaml; each --set is another one beside it, and may change several
values. Of several files each window counts as it was watched when it was the newest; what became
known of it later counts too, as long as it is of the same model. The first model counts as trained
when the first window began.
"""

import argparse
import copy
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import yaml
from pydantic import ValidationError

from include.errors import DataError, ParamsError, PlatformError, did_you_mean
from include.monitoring.policy_files import read_windows
from include.monitoring.policy_replay import Replay, replay
from include.monitoring.policy_rules import Policy, Retrained, Training, Window
from include.step import params_error, read_params

SECTION = "retraining"
BLIND = (
    "The labels that the first model knew are unknown, and so is their growth: "
    "retraining.at_latest.growth asked for nothing. Give --labels."
)


def main(argv: Sequence[str]) -> int:
    """Print what each policy would have done, and all of them side by side."""
    words = parser().parse_args(argv)
    windows = merged([read_windows(path) for path in words.watch])
    past = read_params("retrained", Retrained, words.params).trainings
    known = [one.cost for one in past if one.cost is not None]
    cost = words.cost if words.cost is not None else mean(known) if known else None
    # Nobody records when the first of the models was trained: it had not seen what it was asked.
    first = min(windows, key=lambda window: window.start)
    told = [one.labels for one in past if one.labels is not None and one.until <= first.start]
    labels = words.labels if words.labels is not None else told[-1] if told else None
    about = {"run": first.model or "the first", "until": first.start, "cost": cost}
    before = [Training.model_validate({**about, "labels": labels})]
    shown = {}
    for changes in ([], *words.set):
        name = " ".join(changes) or str(words.params)
        shown[name] = replay(windows, changed(words.params, changes), cost, words.by, before)
        print(f"{name}\n{in_full(windows, shown[name])}\n")
    print(side_by_side(shown, words.by))
    return 0


def parser() -> argparse.ArgumentParser:
    """What the command may be told."""
    form = argparse.RawDescriptionHelpFormatter
    told = argparse.ArgumentParser("policy", description=__doc__, formatter_class=form)
    told.add_argument("watch", nargs="+", type=Path, help="files of windows: reports/watch.json")
    change = {"nargs": "+", "action": "append", "default": [], "metavar": "NAME=VALUE"}
    told.add_argument("--set", **change, help="another policy, as retraining.of=4")  # type: ignore[arg-type]
    told.add_argument("--cost", type=float, help="of a training; else what past ones cost")
    said = "that the first model knew; else those of the last training before it"
    told.add_argument("--labels", type=positive, help=said)
    told.add_argument("--by", default="auc", metavar="SIGNAL", help="by which a gain is estimated")
    told.add_argument("--params", type=Path, default=Path("params.yaml"))
    return told


def positive(text: str) -> int:
    """A number of labels."""
    if (number := int(text)) < 1:
        raise ValueError(f"{number} is not positive")
    return number


def merged(files: Sequence[Sequence[Window]]) -> list[Window]:
    """The windows of several files, each of the model that was live when it was the newest.

    Raises:
        DataError: there is none.
    """
    found: dict[object, Window] = {}
    for windows in sorted(filter(None, files), key=lambda held: max(one.end for one in held)):
        newest = max(windows, key=lambda one: one.end)
        for window in windows:
            place = (window.start, window.end)
            held = found.get(place)
            if held is None or held.model == window.model or window is newest:
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
        place[keys[-1]] = yaml.safe_load(text)
    try:
        return Policy.model_validate(held) if changes else policy
    except ValidationError as error:
        raise params_error(Path("--set"), SECTION, Policy, error) from None


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
        gain, cost = one.gain, "unknown" if one.cost is None else f"{one.cost:.2f}"
        said = gain.said if gain.value is None else f"{gain.value:+.4f}, {gain.said}"
        made = f"{len(one.trainings)}{' without the rule of growth' if one.blind else ''}"
        rows.append((name, made, str(one.held), cost, said))
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    text = "\n".join(line.rstrip() for line in lines)
    return f"{text}\n{BLIND}" if any(one.blind for one in found.values()) else text


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except PlatformError as error:
        print(f"policy: {error}", file=sys.stderr)
        raise SystemExit(1) from None
