"""What a set of checks comes to."""

import pytest

from include.monitoring.drift_limits import Check, Sort
from include.monitoring.verdict import State, Verdict, verdict


def check(name: str, kind: Sort, passed: bool = True, value: float | None = 0.5) -> Check:
    return Check(name, value, 0.5, passed, f"{name} in words.", kind)


AUC, GAP = check("auc", "hurts"), check("calibration_gap", "hurts")
PSI = check("prediction_psi", "moved")
LOW = check("auc", "hurts", passed=False)
SPREAD = check("prediction_psi", "moved", passed=False)
UNKNOWN = check("auc", "hurts", passed=False, value=None)
UNASKED = check("auc", "hurts", value=None)
NEW = check("columns_emptied", "data", passed=False)
SLOW = check("latency_p99_ms", "service", passed=False)


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([AUC, GAP, PSI], "steady"),
        ([AUC, GAP, SPREAD], "moved"),
        ([AUC, NEW], "moved"),
        ([AUC, SLOW], "steady"),
        ([LOW, GAP, PSI], "hurts"),
        ([LOW, SPREAD, NEW, SLOW], "hurts"),
        ([UNKNOWN, GAP], "blind"),
        ([UNKNOWN, check("calibration_gap", "hurts", passed=False)], "hurts"),
        ([UNASKED, GAP], "steady"),
        ([UNASKED, SPREAD], "blind"),
        ([PSI], "blind"),
        ([], "blind"),
    ],
    ids=[
        "all passed",
        "only inputs moved",
        "faulty data",
        "a slow service is no state of the model",
        "worse",
        "worse comes first",
        "one that is needed is unknown",
        "worse comes before unknown",
        "one that nobody needs is unknown",
        "no other tells",
        "nothing tells",
        "no check at all",
    ],
)
def test_the_state_is_the_worst_that_the_checks_say(checks: list[Check], state: State) -> None:
    assert verdict(checks).state == state


def test_the_sentence_names_what_failed_and_says_what_to_do() -> None:
    assert verdict([AUC, PSI]) == Verdict(
        "steady",
        "The model does as it should, and what it uses is within its limits.",
        "Nothing to mend.",
        "The model does as it should, and what it uses is within its limits.",
    )
    assert verdict([AUC, SPREAD]) == Verdict(
        "moved",
        "What the model sees has moved (prediction psi), and it does not hurt.",
        "That alone hurts no model: see what moved, and look again at the next period.",
        "What the model sees has moved, and it does not hurt.",
    )
    assert verdict([LOW, SPREAD]) == Verdict(
        "hurts",
        "The model does worse than it should (auc), and what it sees has moved (prediction psi).",
        "See that the outcomes are right, then retrain on newer rows.",
        "The model does worse than it should, and what it sees has moved.",
    )
    assert verdict([UNKNOWN, GAP]) == Verdict(
        "blind",
        "Whether the model is hurt cannot be told (auc).",
        "Find out why the outcomes are missing, and decide nothing until they are there.",
        "Whether the model is hurt cannot be told.",
    )


def test_faults_of_the_data_and_of_the_service_are_named_and_mended_first() -> None:
    data, service = verdict([LOW, NEW]), verdict([AUC, SLOW])
    assert data.sentence == (
        "The model does worse than it should (auc); the data have faults (columns emptied)."
    )
    assert data.to_do == "Repair the data where they come from before you retrain."
    assert service.sentence.endswith("within its limits; the service has faults (latency p99 ms).")
    assert service.to_do.startswith("See the log and the metrics of the service")


def test_values_that_the_model_does_not_know_are_mapped_or_learned() -> None:
    found = verdict([AUC, check("unknown_share", "moved", passed=False)])
    assert found.sentence == "What the model sees has moved (unknown share), and it does not hurt."
    assert found.to_do == "Map the values that the model does not know, or retrain with them."


def test_faulty_data_alone_are_not_said_to_have_moved_by_name() -> None:
    assert verdict([AUC, NEW]).sentence == (
        "What the model sees has moved, and it does not hurt; the data have faults (columns emptied)."
    )
