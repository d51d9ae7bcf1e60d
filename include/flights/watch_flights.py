"""Stage watch_flights: month by month, whether the live model does as it should, and on what.

What a month looks like is measured once, and again only if its flights, its scores, its labels,
its log or the code changed. All months are then judged by the limits of params.yaml.
"""

from pathlib import Path

from include import partitions, step
from include.flights.drifting.weights import read_weights
from include.flights.members.chosen import read_chosen
from include.flights.splits import Label, Window
from include.flights.watching.months import KINDS, Months
from include.flights.watching.settings import Params
from include.monitoring import watch_report, watch_verdict, weights
from include.monitoring.watch import Facts
from include.monitoring.watch_log import NONE
from include.monitoring.watch_verdict import Judged
from include.step import Kept, Out

NOBODY = "No model was watched: no version is live, or champion.version is none."


def watch_flights(
    champion: Path,
    scores: Path,
    features: Path,
    flights: Path,
    facts: Kept,
    report: Out,
    metrics: Out,
    window: Window,
    label: Label,
    params: Params,
) -> None:
    """Bring the facts of the last months up to date, and judge the months that were scored.

    Raises:
        DataError: scores, flights or the log are not what they must be.
    """
    months = Months(champion, scores, features, flights, window, label, params)
    if partitions.files(scores):
        months.check()
        made = partitions.update(
            facts, {name: months.key(name) for name in months.days}, months.build
        )
        print(f"months measured: {', '.join(made) or 'none'}", flush=True)
        found, log = judge(facts, months), months.log.md5
    else:
        partitions.update(facts, {}, months.build)
        partitions.write_keys(facts, {})  # a folder without a file is none to git and some tools
        found, log = [], NONE
    watch_report.write(found, NOBODY, log, report, metrics)


def judge(facts: Path, months: Months) -> list[Judged]:
    """Judge the months that were scored; drift counts by what the champion uses of a column."""
    used, _ = read_weights(months.champion, read_chosen(months.champion / "chosen.json"))
    held = [Facts.model_validate_json((facts / f"{name}.json").read_text()) for name in months.days]
    shares = weights.shares(used, KINDS)
    return watch_verdict.judge(held, KINDS, shares, months.params, rows="flights")


if __name__ == "__main__":
    raise SystemExit(step.run(watch_flights))
