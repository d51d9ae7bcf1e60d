"""What a run begins from: the lock that was committed, and where it says nothing, earlier runs.

Long because each way in which a result is found again is a case on a few small graphs.
"""

import json
import shutil
from pathlib import Path

import pytest
from parity import Both, cat, dvc_, make, stages
from small_git import commit, shell

from include.pipeline import memory
from include.pipeline.child.recalling import nearest
from include.pipeline.closing.close_run import close_run
from include.pipeline.memory import Memory
from include.pipeline.reproduce import reproduce

DICE = "od -An -N8 -tx1 /dev/urandom"  # never the same twice
RANDOM = {
    "dvc.yaml": stages(
        coarse={"cmd": "echo $((${n} / 10)) > coarse.txt", "outs": ["coarse.txt"]},
        roll={
            "cmd": f"cat coarse.txt > roll.txt && {DICE} >> roll.txt",
            "deps": ["coarse.txt"],
            "outs": ["roll.txt"],
        },
        use=cat("roll.txt", out="used.txt"),
    ),
    "params.yaml": "n: 1\n",
}
MONTHS = {
    "dvc.yaml": stages(
        months={
            "cmd": "mkdir -p kept && for i in $(seq ${end}); do "
            "test -f kept/$i || { echo $i > kept/$i; echo made $i; }; done; "
            "for f in kept/*; do test $(basename $f) -le ${end} || rm $f; done",
            "params": ["end"],
            "outs": [{"kept": {"persist": True}}],
        },
        all=cat("kept", out="all.txt"),
    ),
    "params.yaml": "end: 3\n",
}


ANCHORS = {
    "dvc.yaml": stages(
        coarse={"cmd": "echo $((${n} / 10)) > coarse.txt", "outs": ["coarse.txt"]},
        zeta={**cat("coarse.txt", out="zeta.txt"), "params": ["list", "part"]},
        alpha={**cat("coarse.txt", out="alpha.txt"), "params": ["again", "part", "whole"]},
        join={**cat("alpha.txt", "zeta.txt", out="all.txt"), "params": [{"conf.yaml": None}]},
    ),
    "params.yaml": "n: 1\nwhole: &w {k: 1}\nagain: *w\nlist: &l [1, é]\n"
    "part: {x: *l, y: *l, z: 1e-5}\n",
    "conf.yaml": "a: &a\n  b: {c: 1}\nd:\n  <<: *a\ne: *a\n",
}


BELOW = {
    "dvc.yaml": stages(
        day={"cmd": "echo ${window.end} > day.txt", "params": ["window"], "outs": ["day.txt"]},
        keep={
            "cmd": "mkdir -p kept && cp day.txt kept/$(cat day.txt)",
            "deps": ["day.txt"],
            "outs": [{"kept": {"persist": True}}],
        },
        all=cat("kept", out="all.txt"),
    ),
    "params.yaml": "window: {start: 1, end: 5}\n",
}


def made(both: Both, run_id: str, **values: object) -> list[str]:
    """The months that a run makes."""
    lines: list[str] = []
    run = both.open(run_id, values)
    for stage in run.stages:
        reproduce(run, stage, log=lines.append)
    close_run(run, both.home)
    return [line.split()[1] for line in lines if line.startswith("made ")]


def committed(repo: Path) -> Both:
    dvc_(repo, "repro")
    commit(repo)
    return Both(repo)


@pytest.fixture
def dice(tmp_path: Path) -> Both:
    """A committed result that no second run would give again."""
    return committed(make(tmp_path / "repo", RANDOM))


def test_a_committed_result_counts_though_a_later_run_made_another_of_the_same(dice):
    first = (dice.repo / "roll.txt").read_text()
    # Another result of the same inputs becomes known, as by `dvc repro --force` elsewhere.
    dvc_(dice.repo, "repro", "--force", "roll")
    other = (dice.repo / "roll.txt").read_text()
    shell(dice.repo, "git", "checkout", "--quiet", "dvc.lock")
    assert other != first
    _, run, did = dice.agree()
    assert set(did.values()) == {"cached"}
    assert dice.out(run, "used.txt") == first


def test_a_result_that_was_mended_by_hand_and_committed_counts(dice):
    dice.ours()
    (dice.repo / "roll.txt").unlink()
    (dice.repo / "roll.txt").write_text("by hand\n")
    dvc_(dice.repo, "commit", "--force", "roll")
    dvc_(dice.repo, "repro")
    commit(dice.repo)
    _, run, did = dice.agree()
    assert set(did.values()) == {"cached"}
    assert dice.out(run, "used.txt") == "by hand\n"


def test_a_committed_result_counts_also_where_a_stage_before_it_ran_to_the_same_end(dice):
    first = (dice.repo / "roll.txt").read_text()
    _, run, did = dice.agree({"n": 2})
    assert did == {"coarse": "ran", "roll": "cached", "use": "cached"}
    assert dice.out(run, "roll.txt") == first


def test_what_a_run_made_counts_where_nothing_is_committed(tmp_path):
    both = Both(make(tmp_path / "repo", RANDOM))
    first, _ = both.ours()
    again, did = both.ours()
    assert set(did.values()) == {"cached"}
    assert both.out(again, "roll.txt") == both.out(first, "roll.txt")
    # Also where it is only known once a stage before it has run.
    other, did = both.ours({"n": 2})
    assert did["roll"] == "cached"
    assert both.out(other, "roll.txt") == both.out(first, "roll.txt")


def test_a_frozen_stage_keeps_what_was_committed(tmp_path):
    repo = make(tmp_path / "repo", RANDOM)
    both = committed(repo)
    first = (repo / "roll.txt").read_text()
    both.ours({"n": 15})
    dvc_(repo, "freeze", "roll")
    commit(repo)
    _, run, did = both.agree({"n": 25})
    assert did == {"coarse": "ran", "roll": "cached", "use": "cached"}
    assert both.out(run, "roll.txt") == first


def test_a_frozen_stage_keeps_what_was_committed_though_a_value_changes_its_command(tmp_path):
    body = {"cmd": "echo ${n} > kept.txt", "params": ["n"], "outs": ["kept.txt"]}
    files = {"dvc.yaml": stages(keep=body, use=cat("kept.txt", out="used.txt"))}
    repo = make(tmp_path / "repo", {**files, "params.yaml": "n: 1\n"})
    committed(repo)
    (repo / "dvc.yaml").write_text(
        files["dvc.yaml"].replace("  keep:\n", "  keep:\n    frozen: true\n")
    )
    commit(repo)
    both = Both(repo)
    _, run, _ = both.agree({"n": 2})
    assert both.out(run, "used.txt") == "1\n"
    # Another result is committed: what that run noted down counts no more.
    (repo / "kept.txt").write_text("mended\n")
    dvc_(repo, "commit", "--force", "keep")
    dvc_(repo, "repro")
    commit(repo)
    shutil.rmtree(both.plain_cache)
    _, run, _ = both.agree({"n": 2})
    assert both.out(run, "used.txt") == "mended\n"


def test_a_run_after_a_backfill_of_an_older_month_begins_with_the_newest(tmp_path):
    both = Both(make(tmp_path / "repo", MONTHS))
    assert made(both, "march", end=3) == ["1", "2", "3"]
    assert made(both, "backfill", end=1) == []
    assert made(both, "april", end=4) == ["4"]
    assert made(both, "again", end=2) == ["2"]


def test_a_stage_whose_date_is_that_of_a_stage_before_it_goes_on_from_the_last_before(tmp_path):
    both = committed(make(tmp_path / "repo", BELOW))
    kept = {}
    for day in (9, 6, 3, 7):
        run, _ = both.ours({"window.end": day})
        kept[day] = both.out(run, "all.txt").split()
    # None was before the third: it begins with the first after it.
    assert kept == {9: ["5", "9"], 6: ["5", "6"], 3: ["3", "5"], 7: ["5", "6", "7"]}


def test_the_committed_state_has_nothing_to_do_after_a_backfill(tmp_path):
    both = committed(make(tmp_path / "repo", MONTHS))
    assert made(both, "backfill", end=1) == []
    run = both.open("again", {})
    assert set(run.unchanged) == set(run.stages)


def test_of_two_runs_at_once_the_last_to_close_takes_nothing_back(tmp_path):
    both = Both(make(tmp_path / "repo", MONTHS))
    older, newer = both.open("older", {"end": 3}), both.open("newer", {"end": 5})
    for run in (newer, older):
        for stage in run.stages:
            reproduce(run, stage, log=lambda line: None)
        close_run(run, both.home)
    assert set(both.open("again", {"end": 5}).unchanged) == {"months", "all"}
    assert made(both, "next", end=6) == ["6"]


def test_a_run_remembers_what_it_made_and_not_what_it_began_with(tmp_path):
    both = committed(make(tmp_path / "repo", RANDOM))
    both.ours({"n": 2})
    assert {path.parent.name for path in (both.home / "good").rglob("*.json")} == {"coarse"}


def test_what_anchors_make_one_is_written_as_dvc_writes_it_also_from_memory(tmp_path):
    both = Both(make(tmp_path / "repo", ANCHORS))
    run = both.open("otherwise")  # not in the order of `dvc repro`
    for stage in ("coarse", "alpha", "zeta", "join"):
        reproduce(run, stage, log=lambda line: None)
    both.close(run)
    clone = both.plain()
    assert "*id" in (clone / "dvc.lock").read_text()
    both.see_same(run, clone)
    again, did = both.ours()
    assert set(did.values()) == {"cached"}
    both.see_same(again, clone)
    # Also where it is only known once a stage before it has run.
    _, _, did = both.agree({"n": 2})
    assert did == {"coarse": "ran", "zeta": "cached", "alpha": "cached", "join": "cached"}


def test_the_newest_is_of_the_newest_commit_and_not_of_the_run_that_closed_last(tmp_path):
    for name, age in (("old commit", (1.0, 9.0)), ("new commit", (2.0, 3.0)), ("late", (2.0, 4.0))):
        memory.remember(tmp_path, "s", Memory({"cmd": name}, "", age))
    found = [made.entry["cmd"] for made in memory.recall(tmp_path, "s")]
    assert found == ["late", "new commit", "old commit"]


def test_the_oldest_is_forgotten(tmp_path):
    for number in range(memory.MOST + 3):
        memory.remember(tmp_path, "s", Memory({"cmd": str(number)}, "", (number, 0.0)))
    found = [made.entry["cmd"] for made in memory.recall(tmp_path, "s")]
    assert (found[0], found[-1], len(found)) == ("22", "3", 20)
    (tmp_path / "s" / "torn.json").write_text('{"lock": ')
    assert len(memory.recall(tmp_path, "s")) == 20


def lock(cmd: str = "c", code: str = "1", **params: object) -> dict[str, object]:
    return {
        "cmd": cmd,
        "deps": [{"path": "code", "md5": code}],
        "params": {"params.yaml": params},
        "outs": [],
    }


@pytest.mark.parametrize(
    ("held", "best"),
    [
        ([lock(end=9), lock(end=2), lock(end=4)], lock(end=4)),
        ([lock(end=9), lock(end=7)], lock(end=7)),
        ([lock(code="2", end=5), lock(end=1)], lock(end=1)),
        ([lock(code="2", end=4), lock(code="3", end=4)], lock(code="2", end=4)),
        ([lock(end="x"), lock(end=None), lock(end=3)], lock(end=3)),
        ([lock(cmd="d", end=5), lock(cmd="e", code="2", end=5)], lock(cmd="d", end=5)),
    ],
    ids=[
        "the last value that is not above",
        "the first above, if all are",
        "one of the same code",
        "the first, which is the newest",
        "values that can be compared",
        "not by the letters of a command",
    ],
)
def test_the_nearest_start_is(held, best):
    assert nearest(held, lock(end=5)) == best
    assert json.loads(json.dumps(best)) == best


def test_the_nearest_start_is_told_by_the_values_of_a_section():
    held = [lock(window={"start": 1, "end": end}) for end in (9, 2, 4)]
    assert nearest(held, lock(window={"start": 1, "end": 5})) == held[2]
