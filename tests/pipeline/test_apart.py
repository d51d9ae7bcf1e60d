"""Workers that share no disk give the same lock, and pass data on by the remote alone."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3_server
from parity import dvc_
from small_git import commit, shell
from workers import Worker, lock_at, run_in_turns, two_workers

from include.errors import PipelineError
from include.pipeline.closing.reports import publish
from include.pipeline.history import past_runs


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with s3_server.running(tmp_path_factory.mktemp("s3")) as store:
        store.mkdir("data")
        yield


@pytest.fixture
def workers(repo: Path, tmp_path: Path, s3: None) -> tuple[Worker, Worker]:
    return two_workers(repo, tmp_path)


def test_two_workers_give_the_lock_of_plain_dvc_repro(workers, repo):
    one, two = workers
    run, entries = one.open(), {}
    assert set(run_in_turns(run, workers, entries)) == {"ran"}
    assert two.close(run, entries) == "one"
    dvc_(repo, "repro", "second/dvc.yaml:shout")
    assert lock_at(one.url, "one", "second/dvc.lock") == (repo / "second/dvc.lock").read_text()
    ours = lock_at(one.url, "one")
    assert all(f"  {name}:" in ours for name in ("prepare", "count@left", "grid@2-y"))
    assert not list((two.home / "runs").iterdir())
    [found] = past_runs(two.repo)
    assert all(found.cost[stage].ran and found.cost[stage].cpu_s > 0 for stage in run.stages)
    # Cleared, and closed by the other worker: it costs what it cost the first time.
    again, entries = one.open(), {}
    assert set(run_in_turns(again, workers, entries)) == {"cached"}
    assert one.close(again, entries) == "one"
    assert past_runs(one.repo) == [found]


def test_nothing_is_left_on_the_git_server_but_the_experiment(workers):
    one, _ = workers
    run, entries = one.open(), {}
    assert shell(Path(one.url), "git", "for-each-ref", "refs/leeway/runs") != ""
    run_in_turns(run, workers, entries)
    one.close(run, entries)
    assert shell(Path(one.url), "git", "for-each-ref", "refs/leeway/runs") == ""


def test_the_next_run_begins_where_another_worker_ended(workers):
    one, two = workers
    run, entries = one.open(), {}
    for stage in run.stages:
        one.do(run, stage, entries)
    one.close(run, entries)
    again, entries = two.open("two"), {}
    # What the first worker made is in the remote: the second one fetches, and runs nothing.
    assert set(run_in_turns(again, (two, one), entries)) == {"cached"}
    two.close(again, entries)
    assert lock_at(one.url, "two") == lock_at(one.url, "one")


def test_a_stage_reads_what_the_newest_try_before_it_made_not_what_this_worker_has(workers):
    one, two = workers
    run, entries = one.open(), {}
    one.do(run, "prepare", entries)
    two.do(run, "count@left", entries)
    first = entries["count@left"]
    # The stage before it is cleared, and makes something else on the other worker.
    other = one.here(run, {})
    (other.folder / "source.txt").write_text("another text\n")
    one.do(run, "prepare", entries)
    two.do(run, "count@left", entries)
    assert entries["count@left"] != first
    held = two.here(run, {})
    assert (held.folder / "count-left.txt").read_text().strip() == str(len("another text\n"))


def test_what_is_damaged_in_a_cache_is_made_again_and_not_given_to_others(workers):
    one, two = workers
    dvc_(one.repo, "repro", "second/dvc.yaml:shout")
    commit(one.repo)
    good = (one.repo / "parts/left.txt").read_bytes()
    digest = hashlib.md5(good).hexdigest()
    name = Path(".dvc/cache/files/md5", digest[:2], digest[2:])
    (one.repo / name).chmod(0o644)
    (one.repo / name).write_bytes(b"damaged")
    (one.repo / name).chmod(0o444)
    run, entries = one.open(), {}
    assert "prepare" not in run.unchanged
    one.do(run, "prepare", entries)
    two.do(run, "count@left", entries)
    assert (two.repo / name).read_bytes() == good


def test_a_snapshot_of_a_working_tree_reaches_the_other_worker(workers):
    one, two = workers
    (one.repo / "source.txt").write_text("not committed\n")
    run, entries = one.open(), {}
    assert run.snapshot
    two.do(run, "prepare", entries)
    held = two.here(run, {})
    assert (held.folder / "parts/left.txt").read_text() == "not committed\n"


def test_a_run_that_is_opened_anew_has_new_workspaces_everywhere(workers):
    one, two = workers
    run = one.open(shout__times=3)
    two.do(run, "prepare", {})
    shutil.rmtree(one.home / "runs")
    again = one.open(shout__times=4)
    there = two.here(again, {})
    assert there.folder == two.here(run, {}).folder
    there = two.here(again, {})
    assert "times: 4" in (there.folder / "params.yaml").read_text()


def test_params_of_a_run_reach_the_other_worker(workers):
    one, two = workers
    run, entries = one.open(shout__times=3), {}
    for stage in run.stages:
        two.do(run, stage, entries)
    two.close(run, entries)
    assert "times: 3" in lock_at(one.url, "one", "params.yaml")


def test_reports_are_pulled_by_the_worker_that_closes(workers):
    one, two = workers
    run, entries = one.open(), {}
    for stage in run.stages:
        one.do(run, stage, entries)
    held = two.here(run, entries)
    (path,) = publish(held, two.home, ["second/shout.txt"])
    made = one.here(run, {}).folder / "second/shout.txt"
    assert path.read_text() == made.read_text() != ""
    assert path.is_relative_to(two.home)


def test_a_run_without_all_results_is_not_closed(workers):
    one, two = workers
    run, entries = one.open(), {}
    one.do(run, "prepare", entries)
    with pytest.raises(PipelineError, match=r"have no good result"):
        two.close(run, entries)


def test_an_out_that_dvc_does_not_cache_is_refused_before_anything_runs(workers):
    one, _ = workers
    text = (one.repo / "dvc.yaml").read_text()
    (one.repo / "dvc.yaml").write_text(
        text.replace("outs: [parts]", "outs: [parts: {cache: false}]")
    )
    with pytest.raises(PipelineError, match=r"'prepare' makes parts with cache: false"):
        one.open()
    shutil.rmtree(one.home, ignore_errors=True)
