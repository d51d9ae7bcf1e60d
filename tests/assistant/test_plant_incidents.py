"""The stage plant_incidents: what is planted is known, seeded, and measured by monitoring itself."""

import json
from functools import partial

import pytest
from assistant_evidence import planted, planting, watched

from include.assistant.investigator import evidence
from include.assistant.investigator.evidence import Evidence
from include.assistant.investigator.planting.faults import FAULTS
from include.assistant.investigator.planting.incidents import Watched
from include.assistant.investigator.planting.world import World
from include.assistant.plant_incidents import plant_incidents


@pytest.fixture(scope="module")
def world() -> Watched:
    return watched()


def written(world: Watched, kind: str, folder) -> dict[str, bytes]:
    one = world.incident(kind)
    evidence.write(folder, one.about, one.reports, one.logs)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_is_the_same_incident_to_the_byte(world, tmp_path):
    again = written(world, "unit_changed", tmp_path / "again")
    before = planted() / "unit_changed-1"
    assert again == {
        str(p.relative_to(before)): p.read_bytes() for p in before.rglob("*") if p.is_file()
    }


def test_other_seeds_are_other_businesses():
    plans = [watched(seed).world.plan for seed in range(1, 9)]
    assert len({(one.rows, one.numbers, tuple(one.levels)) for one in plans}) == 8


def test_there_are_over_sixty_incidents_of_over_ten_kinds_and_half_were_held_out():
    params = planting()
    seeds = {*params.rules_seeds, *params.held_out_seeds}
    assert len(seeds) == len(params.rules_seeds) + len(params.held_out_seeds)
    assert len(params.rules_seeds) == len(params.held_out_seeds)
    assert (len(FAULTS), len(seeds) * len(FAULTS)) == (20, 160)


def test_nothing_is_wrong_before_the_fault_and_all_is_green_without_one(world):
    calm = world.incident("nothing")
    assert [run.verdict for run in calm.about.runs[:5]] == ["steady"] * 5
    assert (calm.since, calm.cause) == ("", "nothing_wrong")


def test_a_fault_begins_where_the_truth_says(world):
    found = world.incident("join_broken")
    windows = found.reports[found.about.run]["reports/watch.json"]["windows"]
    failing = [
        one["start"] for one in windows if not all(check["passed"] for check in one["checks"])
    ]
    assert failing[0] == found.since
    assert found.subject == world.world.plan.bound


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


def test_the_stage_writes_each_incident_with_its_truth(tmp_path, monkeypatch):
    room = "include.assistant.investigator.planting.incidents"
    monkeypatch.setattr(f"{room}.FAULTS", {"nothing": FAULTS["nothing"]})
    monkeypatch.setattr(f"{room}.World", partial(World, windows=3))
    params = planting().model_copy(update={"rules_seeds": (1,), "held_out_seeds": (2,)})
    plant_incidents(tmp_path, params)
    assert json.loads((tmp_path / "incidents.json").read_text()) == [
        {
            "id": f"nothing-{seed}",
            "kind": "nothing",
            "seed": seed,
            "cause": "nothing_wrong",
            "subject": "",
            "since": "",
            "run": Evidence(tmp_path / f"nothing-{seed}").about.run,
            "fold": fold,
        }
        for seed, fold in ((1, "rules"), (2, "held_out"))
    ]
