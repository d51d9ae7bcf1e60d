"""`leeway show`, `check` and `status` show, check and explain a graph, and say what to do."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from parity import dvc_

from include.command.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def say(repo, capsys):
    """What a command prints, and what it complains of; with its exit status."""

    def call(*words: str) -> tuple[int, str, str]:
        status = main([*words, "--repo", str(repo)])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def table(text: str) -> dict[str, list[str]]:
    """The cells of each row by the first one; columns are two spaces apart."""
    rows = [[cell.strip() for cell in line.split("  ") if cell] for line in text.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_show_lists_stages_with_queue_needs_and_outs(say):
    status, out, _ = say("show", "second.shout")
    assert status == 0
    assert out == (
        "STAGE                  QUEUE  NEEDS       MAKES\n"
        "prepare                -                  parts\n"
        "count@left             gpu    prepare     count-left.txt\n"
        "second/dvc.yaml:shout  -      count@left  second/shout.txt\n"
    )


def test_show_draws_a_diagram_for_markdown(say):
    assert say("show", "second.shout", "--mermaid")[1] == (
        "flowchart LR\n"
        "  prepare\n"
        "  count-left\n"
        "  second.shout\n"
        "  prepare --> count-left\n"
        "  count-left --> second.shout\n"
    )


def test_show_as_json_holds_all_that_is_known_of_a_stage(say):
    [prepare, count] = json.loads(say("show", "count@left", "--json")[1])
    assert (prepare["desc"], prepare["outs"]) == (
        "Makes a folder of two files.",
        [{"path": "parts", "cached": True, "persist": False}],
    )
    assert (count["upstream"], count["meta"]["queue"]) == (["prepare"], "gpu")


def test_show_takes_what_lies_downstream(say):
    assert list(table(say("show", "prepare", "--downstream")[1])) == [
        "STAGE",
        "prepare",
        "count@left",
        "count@right",
        "second/dvc.yaml:shout",
    ]


def test_targets_may_stand_behind_options(repo, capsys):
    assert main(["show", "--repo", str(repo), "frozen"]) == 0
    assert list(table(capsys.readouterr().out)) == ["STAGE", "frozen"]


@pytest.mark.parametrize("command", ["show", "check", "status"])
def test_an_unknown_target_names_the_nearest(say, command):
    assert say(command, "prepar") == (
        1,
        "",
        f"{command}: The graph has no stage 'prepar'; it has 9. Did you mean 'prepare'?\n"
        "  Next: run `leeway show` for all names.\n",
    )


@pytest.mark.parametrize("queues", [[], ["--queues", "default,gpu"]], ids=["any", "named"])
def test_check_says_that_nothing_is_wrong(say, queues):
    assert say("check", *queues) == (0, "9 stages on default, gpu: nothing is wrong.\n", "")


def test_check_refuses_a_queue_that_nobody_serves(say):
    assert say("check", "--queues", "cpu,gp") == (
        1,
        "",
        "check: Stage 'count@left' in dvc.yaml asks for the queue 'gpu'; "
        "served are cpu, gp. Did you mean 'gp'?\n"
        "  Next: start a worker on 'gpu', or change its meta.queue.\n",
    )


def test_check_refuses_what_dvc_refuses(repo, say):
    (repo / "dvc.yaml").write_text("stages: {a: {cmd: 'echo ${none}', outs: [a]}}")
    status, out, err = say("check")
    assert (status, out) == (1, "")
    assert err.startswith("check: DVC cannot resolve the graph of ")
    assert "Next: mend it, then see that `dvc dag` draws the graph." in err


def test_stages_whose_names_differ_in_a_sign_alone_are_two_tasks(repo, say):
    (repo / "dvc.yaml").write_text(
        "stages:\n"
        "  a-1: {cmd: echo > one, outs: [one]}\n"
        "  a: {foreach: [1], do: {cmd: 'echo > two${item}', outs: ['two${item}']}}\n"
    )
    stages = json.loads(say("show", "one", "two1", "--json")[1])
    assert {stage["name"]: stage["task_id"] for stage in stages} == {"a-1": "a-1", "a@1": "a-1-2"}


def test_status_says_what_a_run_would_do_and_why(repo, say):
    assert table(say("status")[1]) == {
        "STAGE": ["WOULD", "WHY"],
        "prepare": ["run", "it never ran before"],
        "count@left": ["run", "it never ran before"],
        "count@right": ["run", "it never ran before"],
        "grid@1-x": ["run", "it never ran before"],
        "grid@1-y": ["run", "it never ran before"],
        "grid@2-x": ["run", "it never ran before"],
        "grid@2-y": ["run", "it never ran before"],
        "frozen": ["be cached"],
        "second/dvc.yaml:shout": ["run", "it never ran before"],
    }


def test_status_of_what_the_cache_holds_is_cached_though_it_is_not_checked_out(repo, say):
    dvc_(repo, "repro", "--quiet", "second/dvc.yaml:shout")
    shutil.rmtree(repo / "parts")
    assert {row[0] for row in table(say("status", "second.shout")[1]).values()} == {
        "WOULD",
        "be cached",
    }


def test_status_names_the_param_the_dep_and_the_stage_before(repo, say):
    dvc_(repo, "repro", "--quiet", "second/dvc.yaml:shout")
    params = repo / "params.yaml"
    params.write_text(params.read_text().replace("times: 2", "times: 3"))
    assert table(say("status", "second.shout")[1]) == {
        "STAGE": ["WOULD", "WHY"],
        "prepare": ["be cached"],
        "count@left": ["be cached"],
        "second/dvc.yaml:shout": ["run", "param shout modified, changed command"],
    }
    (repo / "source.txt").write_text("more\n")
    found = table(say("status", "second.shout")[1])
    assert found["prepare"] == ["run", "dep source.txt modified"]
    assert found["count@left"] == ["run", "'prepare' may make something else"]


def test_a_frozen_stage_that_nobody_made_is_refused_by_check_and_status(repo, say):
    (repo / "dvc.lock").unlink()
    why = "its stage is frozen, and no lockfile says what it made"
    assert table(say("status", "frozen")[1])["frozen"] == ["be refused", why]
    assert say("check") == (
        1,
        "",
        f"check: Stage 'frozen' cannot be had in a run: {why}.\n"
        "  Next: `dvc unfreeze` it, or make it once and commit dvc.lock.\n",
    )


def test_data_that_was_added_and_lost_never_ran_and_is_refused(repo, say):
    (repo / "data.csv").write_text("a\n")
    dvc_(repo, "add", "--quiet", "data.csv")
    assert table(say("status", "data.csv")[1])["data.csv.dvc"] == ["be cached"]
    shutil.rmtree(repo / ".dvc/cache")
    (repo / "data.csv").unlink()
    assert table(say("status", "data.csv")[1])["data.csv.dvc"] == [
        "be refused",
        "neither the cache nor a remote has it",
    ]


def test_status_says_that_a_stage_always_runs(repo, say):
    text = "stages: {always: {cmd: date > now, outs: [now], always_changed: true}}"
    (repo / "dvc.yaml").write_text(text)
    dvc_(repo, "repro", "--quiet", "always")
    assert table(say("status")[1])["always"] == ["run", "always changed"]


def test_status_of_a_lost_cache_is_a_run(repo, say):
    dvc_(repo, "repro", "--quiet", "prepare")
    shutil.rmtree(repo / ".dvc/cache")
    assert table(say("status", "prepare")[1])["prepare"] == ["run", "out parts not in cache"]


def test_a_folder_that_is_no_repository_is_an_error_of_the_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "include.command", "show", "--repo", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("show: ") and "\n  Next: " in done.stderr


def test_check_refuses_a_stage_with_the_name_of_a_task_of_every_run(repo, capsys):
    (repo / "dvc.yaml").write_text("stages: {open_run: {cmd: echo, outs: [o]}}")
    assert main(["check", "--repo", str(repo)]) == 1
    assert "Stage 'open_run' in dvc.yaml has the name of a task" in capsys.readouterr().err
