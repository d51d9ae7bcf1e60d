"""The stage plant_incidents: what is planted is known, seeded, and measured by monitoring itself."""

import json
import re
from pathlib import Path

import pytest
from assistant_evidence import planted, planting, watched

from include.assistant.investigator.evidence import Evidence
from include.assistant.investigator.planting.faults import FAULTS
from include.assistant.plant_incidents import Params, plant_incidents

JOIN_BROKEN = {
    "id": "join_broken-1",
    "kind": "join_broken",
    "seed": 1,
    "cause": "join_broken",
    "subject": "wind_mph",
    "since": "2025-07-01",
    "run": "rows_watch.scheduled__2025-09-01T000000+0000",
    "fold": "rules",
}


def test_other_seeds_are_other_businesses():
    plans = [watched(seed).world.plan for seed in range(1, 9)]
    assert len({(one.rows, one.numbers, tuple(one.levels)) for one in plans}) == 8


def test_there_are_over_sixty_incidents_of_over_ten_kinds_and_half_were_held_out():
    params = planting()
    seeds = {*params.rules_seeds, *params.held_out_seeds}
    assert len(seeds) == len(params.rules_seeds) + len(params.held_out_seeds)
    assert len(params.rules_seeds) == len(params.held_out_seeds)
    assert {*params.kinds} == {*FAULTS}
    assert (len(params.kinds), len(seeds) * len(params.kinds)) == (20, 160)


def test_nothing_is_wrong_before_the_fault_and_all_is_green_without_one():
    calm = Evidence(planted() / "nothing-1").about
    assert [run.verdict for run in calm.runs[:5]] == ["steady"] * 5


def test_a_fault_begins_where_the_truth_says():
    [(_, report)] = Evidence(planted() / "join_broken-1").reports()
    failing = [
        one["start"] for one in report["windows"] if not all(c["passed"] for c in one["checks"])
    ]
    assert failing[0] == JOIN_BROKEN["since"]


def test_a_run_that_cannot_measure_fails_with_the_words_of_monitoring():
    held = Evidence(planted() / "rows_duplicated-1")
    assert held.run().state == "failed"
    log = held.logs()["watch_rows"].read_text()
    assert (
        "ids, twice or more: " in log
        and "\n  Next: make the scores anew, and see what wrote them.\n" in log
    )


def test_a_changed_setting_is_in_the_lineage_from_its_window_on():
    held = Evidence(planted() / "params_changed-1")
    found = [run.stages["build_features"].params["label.after_min"] for run in held.about.runs]
    assert (found[0], found[-1]) == ("30", "15")


def test_the_stage_writes_the_truth_of_each_and_the_same_bytes_again(tmp_path):
    some = {"rules_seeds": (1,), "held_out_seeds": (), "kinds": ("join_broken",)}
    plant_incidents(tmp_path, planting().model_copy(update=some))
    assert json.loads((tmp_path / "incidents.json").read_text()) == [JOIN_BROKEN]
    assert files(tmp_path / "join_broken-1") == files(planted() / "join_broken-1")


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            {"kinds": ["unit_change"]},
            "there is no kind 'unit_change'. Did you mean 'unit_changed'?",
        ),
        ({"rules_seeds": [1, 9]}, "the world 9 is in both folds"),
    ],
    ids=["an unknown kind", "a world in both folds"],
)
def test_settings_that_contradict_are_refused(wrong, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        Params.model_validate({**planting().model_dump(), **wrong})
