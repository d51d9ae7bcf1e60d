"""Stage decide_retraining: whether a new model is asked for, by the rules of params.yaml.

"No" is a result as any other: the stage ends well, and its outs say why.
"""

import json
from pathlib import Path

from include import step
from include.monitoring.policy_decision import decide
from include.monitoring.policy_files import described, flat, in_lines, read_windows
from include.monitoring.policy_rules import Policy, Retrained
from include.pages import html
from include.step import Out


def decide_retraining(
    watch: Path,
    report: Out,
    page: Out,
    metrics: Out,
    retraining: Policy,
    retrained: Retrained,
) -> None:
    """Hold the windows that were watched against the policy, and write the decision."""
    decision = decide(read_windows(watch), retraining, retrained.trainings)
    held = described(decision, retraining, retrained.trainings)
    report.write_text(json.dumps(held, indent=2) + "\n")
    page.write_text(html.render("monitoring/policy_page.html.j2", v=held), encoding="utf-8")
    metrics.write_text(json.dumps(flat(decision), indent=2) + "\n")
    print(in_lines(decision), flush=True)


if __name__ == "__main__":
    raise SystemExit(step.run(decide_retraining))
