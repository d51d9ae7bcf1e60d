"""The plan is the graph that DVC resolves, and reading it takes neither DVC nor time.

Long because each form of dvc.yaml is a case of one reading.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.errors import PipelineError
from include.pipeline.graph import Plan
from include.pipeline.plan import load
from include.pipeline.selection import select

ROOT = Path(__file__).parents[2]


def names(plan: Plan) -> list[str]:
    return [stage.name for stage in plan.stages]


def test_holds_foreach_matrix_wdir_and_a_second_dvc_yaml(repo):
    plan = load(repo)
    assert {stage.name: (stage.task_id, stage.group) for stage in plan.stages} == {
        "prepare": ("prepare", ""),
        "count@left": ("count-left", "count"),
        "count@right": ("count-right", "count"),
        "grid@1-x": ("grid-1-x", "grid"),
        "grid@1-y": ("grid-1-y", "grid"),
        "grid@2-x": ("grid-2-x", "grid"),
        "grid@2-y": ("grid-2-y", "grid"),
        "frozen": ("frozen", ""),
        "second/dvc.yaml:shout": ("second.shout", "second"),
    }
    shout = plan.stage("second.shout")
    assert (shout.wdir, shout.upstream, shout.outs[0].path) == (
        ".",
        ("count@left",),
        "second/shout.txt",
    )
    assert shout.params == ("params.yaml:shout",)
    assert plan.stage("frozen").frozen


def test_a_stage_needs_the_one_that_makes_the_folder_around_its_file(repo):
    assert load(repo).stage("count@left").upstream == ("prepare",)


def test_each_stage_comes_after_those_that_it_needs(repo):
    order = names(load(repo))
    for stage in load(repo).stages:
        assert all(order.index(name) < order.index(stage.name) for name in stage.upstream)


def test_edges_are_those_of_dvc_itself(repo):
    drawn = subprocess.run(
        [sys.executable, "-m", "dvc", "dag", "--dot", "--full"],
        cwd=repo,
        capture_output=True,
        text=True,
    ).stdout
    edges = {
        tuple(part.strip(' ";') for part in line.split("->"))
        for line in drawn.splitlines()
        if "->" in line
    }
    ours = {(name, stage.name) for stage in load(repo).stages for name in stage.upstream}
    assert ours == edges


def test_meta_is_templated_and_typed(repo):
    assert load(repo).stage("count@left").meta.queue == "gpu"


def test_the_second_read_imports_no_dvc(repo):
    load(repo)
    code = (
        "import sys; from pathlib import Path; from include.pipeline.plan import load;"
        "load(Path(sys.argv[1])); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(repo)]
    modules = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"dvc", "pandas", "polars", "airflow"} & set(modules.split())


@pytest.mark.parametrize("file", ["dvc.yaml", "second/dvc.yaml", "extra.yaml", "params.yaml"])
def test_a_change_of_any_file_that_it_is_made_from_is_another_plan(repo, file):
    before = load(repo).key
    with (repo / file).open("a") as held:
        held.write("\n# a comment\n")
    assert load(repo).key != before


def test_a_new_dvc_yaml_is_noticed(repo):
    assert len(load(repo).stages) == 9
    (repo / "third").mkdir()
    (repo / "third/dvc.yaml").write_text("stages: {one: {cmd: echo 1 > one.txt, outs: [one.txt]}}")
    assert "third/dvc.yaml:one" in names(load(repo))


def test_an_unchanged_file_with_a_new_time_is_the_same_plan(repo):
    before = load(repo)
    (repo / "dvc.yaml").touch()
    assert load(repo) == before


def test_many_at_once_make_one_plan(repo):
    with ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(lambda _: load(repo), range(8)))
    assert len({plan.key for plan in plans}) == 1
    files = list((repo / ".dvc/tmp/leeway").iterdir())
    assert [file.suffix for file in files] == [".json"]
    assert json.loads(files[0].read_text())["key"] == plans[0].key


def test_a_damaged_file_is_made_again(repo):
    before = load(repo)
    next((repo / ".dvc/tmp/leeway").iterdir()).write_text("{")
    assert load(repo) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stages: {a: {cmd: [}}", "dvc.yaml"),
        (
            "stages: {a: {cmd: x, deps: [b], outs: [c]}, b: {cmd: x, deps: [c], outs: [b]}}",
            "both a dependency and an output",
        ),
        ("stages: {a: {cmd: 'echo ${none}', outs: [a]}}", "none"),
        ("stages: {a: {cmd: x, outs: [o]}, b: {cmd: x, outs: [o]}}", "o"),
    ],
    ids=["not YAML", "a cycle", "an unknown variable", "one out of two stages"],
)
def test_a_graph_that_dvc_refuses_says_why_and_what_to_do(repo, text, words):
    (repo / "dvc.yaml").write_text(text)
    with pytest.raises(PipelineError, match=r"DVC cannot resolve the graph") as error:
        load(repo)
    assert words in error.value.what
    assert "\n  Next: mend it" in str(error.value)


def test_an_unknown_key_in_meta_names_stage_file_and_nearest_key(repo):
    (repo / "dvc.yaml").write_text("stages: {a: {cmd: x, outs: [o], meta: {quue: gpu}}}")
    with pytest.raises(PipelineError) as error:
        load(repo)
    assert str(error.value) == (
        "Stage 'a' in dvc.yaml has an unknown key meta.quue. Did you mean 'queue'?\n"
        "  Next: use one of queue, runtime, image, resources, retries, timeout_minutes, network, "
        "objects, verdict, predictions, node_selector, tolerations, or remove it, "
        "or put ours under meta.leeway: the rest is then left alone."
    )


def test_a_wrong_value_in_meta_names_the_value(repo):
    (repo / "dvc.yaml").write_text(
        "stages: {a: {cmd: x, outs: [o], meta: {resources: {gpus: -1}}}}"
    )
    with pytest.raises(PipelineError, match=r"sets meta\.resources\.gpus to -1: input should be"):
        load(repo)


def test_a_process_that_dies_names_the_graph_and_no_task(repo, monkeypatch):
    monkeypatch.delitem(sys.modules, "dvc.repo", raising=False)  # a new Python is started,
    monkeypatch.setenv("PYTHONHASHSEED", "no number")  # and with this none starts
    with pytest.raises(PipelineError) as error:
        load(repo)
    what = str(error.value)
    assert what.startswith(f"DVC cannot resolve the graph of {repo}: The DVC process ended with ")
    assert what.endswith("\n  Next: mend it, then see that `dvc dag` draws the graph.")


def test_a_folder_without_dvc_says_so(tmp_path):
    with pytest.raises(PipelineError, match=r"not inside of a DVC repository"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("targets", "downstream", "expected"),
    [
        (["count@left"], False, {"prepare", "count@left"}),
        (["count-left"], False, {"prepare", "count@left"}),
        (["count"], False, {"prepare", "count@left", "count@right"}),
        (["second/shout.txt"], False, {"prepare", "count@left", "second/dvc.yaml:shout"}),
        (["count@left"], True, {"prepare", "count@left", "second/dvc.yaml:shout"}),
    ],
    ids=["by name", "by task id", "by group", "by out", "with what needs it"],
)
def test_targets_are_found_by(repo, targets, downstream, expected):
    chosen = select(load(repo), targets, downstream=downstream)
    assert {stage.name for stage in chosen} == expected


def test_what_is_left_out_takes_what_needs_it_along(repo):
    everything = {stage.name for stage in load(repo).stages}
    chosen = select(load(repo), ["."], without=["count@left"])
    assert everything - {stage.name for stage in chosen} == {
        "count@left",
        "second/dvc.yaml:shout",
    }
    assert select(load(repo), ["count@left"], without=["prepare"]) == ()


def test_an_unknown_target_names_the_nearest(repo):
    with pytest.raises(
        PipelineError, match=r"no stage 'prepar'; it has 9\. Did you mean 'prepare'\?"
    ):
        select(load(repo), ["prepar"])


@pytest.mark.parametrize(
    ("meta", "queue"),
    [
        ("{owner: me, sla: {hours: 3}, 5: x}", None),
        ("text", None),
        ("[a, b]", None),
        ("{owner: me, queue: gpu}", "gpu"),
        ("{network: resnet, queue: [a], leeway: {queue: gpu}}", "gpu"),
        ("{quue: x, leeway: {}}", None),
    ],
    ids=[
        "keys of others",
        "a text",
        "a list",
        "ours beside those of others",
        "ours in their own place",
        "nothing of ours in their own place",
    ],
)
def test_what_meta_says_to_others_is_left_alone(repo, meta, queue):
    (repo / "dvc.yaml").write_text(f"stages: {{a: {{cmd: x, outs: [o], meta: {meta}}}}}")
    assert load(repo).stage("a").meta.queue == queue


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        (
            "{network: resnet}",
            "sets meta.network to 'resnet': input should be a valid boolean, unable to interpret "
            "input.\n  Next: change meta.network of this stage in dvc.yaml, or put ours under "
            "meta.leeway: the rest is then left alone.",
        ),
        (
            "{leeway: {quue: gpu}}",
            "has an unknown key meta.leeway.quue. Did you mean 'queue'?\n  Next: use one of queue, "
            "runtime, image, resources, retries, timeout_minutes, network, objects, verdict, "
            "predictions, node_selector, "
            "tolerations, or remove it.",
        ),
    ],
    ids=["a key that others use", "a misspelt key in our own place"],
)
def test_a_key_of_ours_that_cannot_be_says_the_way_out(repo, meta, said):
    (repo / "dvc.yaml").write_text(f"stages: {{a: {{cmd: x, outs: [o], meta: {meta}}}}}")
    with pytest.raises(PipelineError) as error:
        load(repo)
    assert str(error.value) == f"Stage 'a' in dvc.yaml {said}"


def test_all_that_dvc_finds_wrong_is_said(repo):
    (repo / "dvc.yaml").write_text("stages: {a: {cmd: 1, dep: [x]}, b: {cmdd: x}, c: 5}")
    with pytest.raises(PipelineError) as error:
        load(repo)
    for part in (
        "expected str in stages.a.cmd",
        "extra keys not allowed in stages.a.dep",
        "extra keys not allowed in stages.b.cmdd",
        "required key not provided in stages.b.cmd",
        "expected a dictionary in stages.c",
    ):
        assert part in str(error.value)


def test_a_plan_knows_the_params_and_what_is_said_of_them(repo):
    (repo / "conf.json").write_text('{"lr": 1e-05}')
    (repo / "dvc.yaml").write_text(
        "vars: [extra.yaml]\nstages: {a: {cmd: x, outs: [o], params: [{conf.json: [lr]}]}}"
    )
    plan = load(repo)
    assert plan.values == {
        "params.yaml": {"shout": {"times": 2, "mark": "!"}},
        "extra.yaml": {"queue": "gpu"},
        "conf.json": {"lr": 1e-05},
    }
    assert plan.helps["params.yaml"]["shout.times"] == "how often, 1 to 9"


def test_a_file_of_params_that_git_ignores_is_no_part_of_the_graph(repo):
    (repo / ".gitignore").write_text("/local.yaml\n")
    (repo / "dvc.yaml").write_text("stages: {a: {cmd: x, outs: [o], params: [{local.yaml: [lr]}]}}")
    before = load(repo).key
    (repo / "local.yaml").write_text("lr: 1\n")
    assert load(repo).key == before
