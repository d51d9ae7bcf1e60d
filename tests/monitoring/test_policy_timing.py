"""What makes a training due, and what holds one back."""

import pytest
from small_policy import months, policy, short, trained, window

from include.monitoring.policy_decision import decide
from include.monitoring.policy_rules import Training


@pytest.mark.parametrize(
    ("changes", "trainings", "held"),
    [
        ({"new_labels": 201}, [], "200 labels are new; at least 201 are asked for."),
        (
            {"cool_down": {"days": 62, "windows": 0}},
            [trained("2013-04-01")],
            "The last training (run-2013-04-01) is 61 days old; 62 are to pass.",
        ),
        (
            {"cool_down": {"days": 0, "windows": 3}},
            [trained("2013-04-01")],
            "2 windows have ended since the last training (run-2013-04-01); at least 3 are asked for.",
        ),
        (
            {"budget": {"retrainings": 0, "cost": None}},
            [],
            "Trainings of this month: 0; the budget is 0.",
        ),
        (
            {"budget": {"retrainings": None, "cost": 1.0}},
            [trained("2013-04-01", 1.5)],
            "This month's trainings cost 0.00, and the last one 1.50: with another such, the "
            "budget of 1.00 is overdrawn.",
        ),
    ],
    ids=["labels", "days", "windows", "retrainings", "cost"],
)
def test_what_holds_a_training_back_is_a_sentence(changes, trainings, held):
    decision = decide(months(0.6, 0.6), policy(**changes), trainings)
    assert (decision.answer, decision.held) == ("held back", (held,))
    assert decision.sentence.startswith("Not yet, though a training is needed (1 of the rules")


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (
            {"days": None, "windows": 2},
            "2 windows have ended since the last training (run-2013-04-01); one is due with 2.",
        ),
        (
            {"days": 61, "windows": 3},
            "The last training (run-2013-04-01) is 61 days old; one is due after 61.",
        ),
    ],
    ids=["windows", "days"],
)
def test_a_model_that_does_well_is_trained_again_at_the_latest_when_it_is_old(rule, due):
    rules, past = policy(at_latest=rule), [trained("2013-04-01")]
    decision = decide(months(0.8, 0.8), rules, past)
    assert (decision.sentence, decision.reasons) == (f"Retrain: {due}", (due,))
    assert decide(months(0.8, None), rules, past).retrain
    assert not decide(months(0.8), rules, past).retrain
    assert not decide(months(0.8, 0.8), rules).retrain  # how old it is, nobody knows
    few = policy(at_latest=rule, new_labels=201)
    assert decide(months(0.8, 0.8), few, past).answer == "held back"


def test_a_record_that_does_not_reach_back_to_the_training_makes_it_no_younger():
    rules = policy(at_latest={"days": None, "windows": 4})
    recorded = [window(6, 0.8), window(7, 0.8)]  # three would be too few if these were all
    assert not decide(recorded, rules, [trained("2013-05-01")]).retrain
    decision = decide(recorded, rules, [trained("2013-04-01")])
    assert decision.retrain and decision.numbers["windows_since_training"] == 4
    february = [window(2, 0.8)]  # January has 31 days, and February 28
    assert decide(february, rules, [trained("2013-01-01")]).numbers["windows_since_training"] == 2
    middle = decide([window(7, 0.8)], rules, [trained("2013-06-15")])
    assert middle.numbers["windows_since_training"] == 1


def test_labels_of_windows_that_are_no_longer_recorded_count_as_those_of_the_others():
    rules = policy(at_latest={"days": None, "windows": None, "growth": 0.5}, new_labels=500)
    recorded = [window(month, 0.8) for month in (6, 7, 8)]  # 300 labels, three months of five
    first = Training(run="first", until="2013-04-01", labels=1000)
    decision = decide(recorded, rules, [first])
    assert (decision.answer, decision.held) == ("retrain", ())
    assert (decision.numbers["labels_grown"], decision.numbers["new_labels"]) == (0.5, 500)
    later = first.model_copy(update={"until": first.until.replace(month=5)})
    assert decide(recorded, rules, [later]).answer == "not needed"  # four months


def test_all_that_holds_back_is_said_not_the_first_alone():
    rules = policy(new_labels=1000, cool_down={"days": 365, "windows": 9})
    assert len(decide(months(0.6, 0.6), rules, [trained("2013-04-01")]).held) == 3


def test_a_months_budget_counts_the_month_of_today():
    rules = policy(cool_down={"days": 0, "windows": 0}, new_labels=0)
    windows = [short("10", 6, 0.6), short("17", 6, 0.6)]
    trainings = [trained("2013-06-03", 2.0)]
    assert decide(windows, rules, trainings).held == (
        "Trainings of this month: 1; the budget is 1.",
    )
    later = [short("10", 7, 0.6), short("17", 7, 0.6)]
    assert decide(later, rules, trainings).retrain


def test_a_cost_that_is_not_known_does_not_count_as_nothing():
    rules = policy(
        cool_down={"days": 0, "windows": 0}, new_labels=0, budget={"retrainings": None, "cost": 9}
    )
    windows = [short("10", 6, 0.6), short("17", 6, 0.6)]
    assert decide(windows, rules, [trained("2013-06-03")]).held == (
        "The cost of run-2013-06-03 is not known, so what is left is not either.",
    )
    assert decide(windows, rules, [trained("2013-05-03")]).held == (
        "The cost of no training is known, so what another one costs is not either.",
    )
    assert decide(windows, rules).retrain
    assert decide(windows, rules, [trained("2013-06-03", 4.5)]).retrain
    assert not decide(windows, rules, [trained("2013-06-03", 4.6)]).retrain
