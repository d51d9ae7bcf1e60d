"""When a policy asks for a training, on windows small enough to judge by hand.

Long because each rule of a policy is a case on the same windows.
"""

import re
from datetime import date

import pytest
from pydantic import ValidationError
from small_policy import months, policy, trained, window

from include.errors import DataError, ParamsError
from include.monitoring.policy_decision import decide
from include.monitoring.policy_rules import Training

NO_BUDGET = {"retrainings": None, "cost": None}


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


def test_a_training_that_has_not_gone_live_does_not_hide_what_the_live_model_does():
    live = Training(run="live", until="2013-04-01", live=True)
    by_hand = Training(run="by-hand", until="2013-07-01", live=False)
    decision = decide(months(0.6, 0.55, 0.5), policy(), [live, by_hand])
    assert decision.answer == "held back"  # for the training by hand is 0 days old
    assert decision.sentence.endswith(
        "3 of the last 3 windows since the live model was trained are bad; 2 of 3 are a reason to "
        "retrain. The last training (by-hand) has not gone live."
    )
    free = policy(cool_down={"days": 0, "windows": 0}, new_labels=0, budget=NO_BUDGET)
    assert decide(months(0.6, 0.55, 0.5), free, [live, by_hand]).retrain


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (False, " The last training (last) has not gone live."),
        (None, " Whether the last training (last) has gone live is not known."),
        (True, ""),
    ],
)
def test_a_bad_window_is_never_not_needed_because_a_training_came_after_it(live, said):
    past = [Training(run="last", until="2013-07-01", live=live)]
    decision = decide(months(0.6, 0.55, 0.5), policy(), past)
    assert (decision.answer, decision.judged) == ("unknown", ())
    assert decision.sentence == (
        "Whether a training is needed cannot be told: the newest window is bad, and no window has "
        f"begun since the last one ended.{said}"
    )
    assert decision.reasons == ("2013-06-01 to 2013-07-01: auc is 0.5; at least 0.7 is asked for.",)
    assert decide(months(0.6, 0.55, 0.8), policy(), past).answer == "not needed"


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
