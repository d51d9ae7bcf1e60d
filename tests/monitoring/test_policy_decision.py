"""When a policy asks for a training, on windows small enough to judge by hand.

Long because each rule of a policy is a case on the same windows.
"""

import re
from datetime import date

import pytest
from pydantic import ValidationError

from include.errors import DataError, ParamsError
from include.monitoring.policy_decision import decide
from include.monitoring.policy_rules import Policy, Training, Window

RULES = {
    "windows": 2,
    "of": 3,
    "signals": {"auc": {"minimum": 0.7, "instead": "auc_estimated"}},
    "kinds": [],
    "missing": "unknown",
    "held_by": ["data"],
    "at_latest": {"days": None, "windows": None},
    "cool_down": {"days": 28, "windows": 1},
    "new_labels": 100,
    "budget": {"retrainings": 1, "cost": None},
}


def policy(**changes) -> Policy:
    return Policy.model_validate({**RULES, **changes})


def window(month: int, auc: float | None, estimated: float | None = None, **more) -> Window:
    """A month of 2013 with a hundred labels."""
    held = {
        "start": f"2013-{month:02}-01",
        "end": f"2013-{month + 1:02}-01",
        "labelled": 100,
        "signals": {"auc": auc, "auc_estimated": estimated},
    }
    return Window.model_validate({**held, **more})


def trained(until: str, cost: float | None = None) -> Training:
    return Training(run=f"run-{until}", until=until, cost=cost)


@pytest.mark.parametrize(
    ("known", "fresh", "answer", "grown"),
    [(1000, 2, "not needed", 0.2), (1000, 3, "retrain", 0.3), (None, 3, "not needed", None)],
)
def test_labels_that_came_are_a_reason_by_their_share_of_those_it_knew(known, fresh, answer, grown):
    past = [Training(run="first", until="2013-04-01", labels=known)]
    rule = {"days": None, "windows": None, "growth": 0.3}
    found = decide(months(*[0.8] * fresh), policy(at_latest=rule), past)
    assert (found.answer, found.numbers.get("labels_grown")) == (answer, grown)
    assert ("are 30% of those that" in found.sentence) == (answer == "retrain")


def months(*aucs: float | None) -> list[Window]:
    """Months from April on."""
    return [window(4 + number, auc) for number, auc in enumerate(aucs)]


@pytest.mark.parametrize(
    ("aucs", "answer"),
    [
        ([0.8, 0.8, 0.8], "not needed"),
        ([0.8, 0.8, 0.6], "not needed"),
        ([0.6, 0.8, 0.6], "retrain"),
        ([0.6, 0.6, 0.8, 0.8], "not needed"),
        ([0.6, 0.6], "retrain"),
        ([0.6], "not needed"),
        ([0.7, 0.7], "not needed"),
        ([0.6, None, 0.8], "unknown"),
        ([None, None, 0.8], "unknown"),
        ([0.8, None, 0.8], "not needed"),
        ([None, 0.6, 0.6], "retrain"),
    ],
    ids=str,
)
def test_n_of_the_last_m_windows_ask_for_a_training(aucs, answer):
    decision = decide(months(*aucs), policy())
    assert (decision.answer, decision.retrain) == (answer, answer == "retrain")


def test_the_decision_says_why_in_sentences_and_numbers():
    decision = decide(months(0.8, 0.65, 0.6), policy(), [trained("2013-04-01")])
    assert decision.sentence == (
        "Retrain: 2 of the last 3 windows since the last training are bad; "
        "2 of 3 are a reason to retrain."
    )
    assert decision.reasons == (
        "2013-05-01 to 2013-06-01: auc is 0.65; at least 0.7 is asked for.",
        "2013-06-01 to 2013-07-01: auc is 0.6; at least 0.7 is asked for.",
    )
    assert decision.until == date(2013, 7, 1)
    assert decision.numbers == {
        "bad_windows": 2,
        "unknown_windows": 0,
        "windows_since_training": 3,
        "new_labels": 300,
        "trainings_this_month": 0,
        "days_since_training": 91,
    }


def test_where_a_signal_is_missing_the_one_in_its_place_counts_and_is_named():
    decision = decide([window(4, 0.6), window(5, None, 0.65)], policy())
    assert decision.retrain
    said = "auc_estimated (for auc, which was not measured) is 0.65; at least 0.7 is asked for."
    assert decision.reasons[1] == f"2013-05-01 to 2013-06-01: {said}"


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")], ids=str)
def test_a_missing_number_is_never_good(value):
    assert decide(months(0.6, value), policy()).answer == "unknown"
    strict = decide(months(0.6, value), policy(missing="bad"))
    assert strict.retrain
    assert strict.reasons[1] == "2013-05-01 to 2013-06-01: auc was not measured."


def test_windows_that_the_last_training_has_seen_do_not_count():
    windows = months(0.6, 0.6, 0.8)
    assert decide(windows, policy()).retrain
    after = decide(windows, policy(), [trained("2013-06-01")])
    assert (after.answer, len(after.judged)) == ("not needed", 1)
    now = decide(windows, policy(), [trained("2013-07-01")])
    assert now.sentence == ("No training is needed: no window has begun since the last one ended.")


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


def test_all_that_holds_back_is_said_not_the_first_alone():
    rules = policy(new_labels=1000, cool_down={"days": 365, "windows": 9})
    assert len(decide(months(0.6, 0.6), rules, [trained("2013-04-01")]).held) == 3


def short(day: str, month: int, auc: float) -> Window:
    return window(month, auc, start=f"2013-{month:02}-{day}", end=f"2013-{month:02}-{int(day) + 7}")


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


def test_a_training_on_days_to_come_is_of_another_time():
    late = [trained("2014-01-01"), trained("2013-04-01")]
    decision = decide(months(0.6, 0.6), policy(), late)
    assert decision.retrain and decision.numbers["days_since_training"] == 61


def alarm(kind: str, value: float | None = 1.0, passed: bool = False) -> dict:
    return {"name": "gap", "kind": kind, "value": value, "passed": passed, "reason": "It grew."}


def test_an_alarm_of_a_kind_makes_a_window_bad_or_unknown_and_holds_back():
    rules = policy(kinds=["hurts"])
    bad = [window(4, 0.6), window(5, 0.8, checks=[alarm("hurts"), alarm("moved")])]
    assert decide(bad, rules).reasons[1] == "2013-05-01 to 2013-06-01: gap: It grew."
    assert decide(bad, rules).retrain and not decide(bad, policy()).retrain
    for passed in (True, False):  # of what was not measured
        blind = [window(4, 0.6), window(5, 0.8, checks=[alarm("hurts", None, passed)])]
        assert decide(blind, rules).answer == "unknown"
    faulty = [window(4, 0.6), window(5, 0.6, checks=[alarm("data")])]
    assert decide(faulty, rules).held == (
        "An alarm of the newest window holds it back: gap: It grew.",
    )


def test_no_window_is_no_reason():
    assert decide([], policy()).sentence == "No window was watched yet."


def test_a_rule_about_a_signal_that_nobody_watches_is_refused():
    with pytest.raises(ParamsError) as error:
        decide(months(0.6), policy(signals={"auk": {"minimum": 0.7}}))
    assert str(error.value) == (
        "retraining.signals names 'auk', which no window has. Did you mean 'auc'?\n"
        "  Next: name signals that are watched: auc, auc_estimated."
    )


def test_a_window_that_is_there_twice_does_not_count_twice():
    with pytest.raises(DataError, match=re.escape("2013-04-01 to 2013-05-01 was watched 2 times")):
        decide([window(4, 0.6), window(4, 0.6)], policy())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"windows": 4}, "4 of 3 windows can never be bad"),
        ({"signals": {}}, "name a signal or a kind of alarm"),
        ({"signals": {"auc": {}}}, "give a minimum, a maximum, or both"),
        (
            {"signals": {"auc": {"minimum": 0.9, "maximum": 0.1}}},
            "no number is at least 0.9 and at most 0.1",
        ),
        ({"signals": {"auc": {"minimum": float("nan")}}}, "finite"),
        ({"kinds": ["hurt"]}, "'moved', 'hurts', 'service' or 'data'"),
        ({"missing": "good"}, "'unknown' or 'bad'"),
        ({"cool_down": {"days": -1, "windows": 0}}, "greater than or equal to 0"),
        (
            {"at_latest": {"days": 20, "windows": None}},
            "a training is due after 20 days, and 28 days are to pass",
        ),
    ],
    ids=str,
)
def test_a_policy_that_cannot_be_meant_is_refused(changes, problem):
    with pytest.raises(ValidationError, match=problem):
        policy(**changes)
