"""A DAG is the graph of dvc.yaml, drawn without running DVC; what is wrong says so in the UI.

Long because each promise of one function is a case on the same small graphs.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from dvc_dag import pipeline_dag
from running_airflow import SMALL_DAG, put_database
from small_git import commit, shell

from include.errors import ParamsError, PipelineError

ROOT = Path(__file__).parents[2]
HEAVY = {"dvc", "pandas", "polars", "torch", "xgboost", "feast", "evidently", "bentoml"}


def draw(repo: Path, **arguments):
    arguments = {"targets": ["."], **arguments}
    return pipeline_dag(
        "small",
        repo=repo,
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        **arguments,
    )


def edges(dag) -> dict[str, set[str]]:
    return {task.task_id: task.downstream_task_ids for task in dag.tasks}


def run_python(code: str, *words: str, **environment: str) -> str:
    """What a new Python prints that finds our plugins."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dag(made):
    return draw(made)


def test_one_task_per_stage_and_one_edge_per_shared_file(dag):
    grid = {"grid-1-x", "grid-1-y", "grid-2-x", "grid-2-y"}
    assert edges(dag) == {
        "open_run": {"prepare", "frozen", *grid},
        "prepare": {"count-left", "count-right"},
        "count-left": {"second.shout"},
        "count-right": {"close_run"},
        **{name: {"close_run"} for name in grid},
        "frozen": {"close_run"},
        "second.shout": {"close_run"},
        "close_run": set(),
    }


def test_foreach_matrix_and_folders_are_groups(dag):
    groups = {task.task_id: task.task_group.group_id for task in dag.tasks if task.task_group}
    assert groups == {
        "open_run": None,
        "prepare": None,
        "count-left": "count",
        "count-right": "count",
        "grid-1-x": "grid",
        "grid-1-y": "grid",
        "grid-2-x": "grid",
        "grid-2-y": "grid",
        "frozen": None,
        "second.shout": "second",
        "close_run": None,
    }


def test_a_group_with_the_name_of_a_stage_gets_another(repo):
    (repo / "prepare").mkdir()
    (repo / "prepare/dvc.yaml").write_text("stages: {one: {cmd: echo 1 > one, outs: [one]}}")
    groups = {task.task_id: task.task_group.group_id for task in draw(repo).tasks}
    assert (groups["prepare"], groups["prepare.one"]) == (None, "prepare-stages")


def test_the_page_of_a_task_is_what_dvc_yaml_says_of_its_stage(dag):
    assert dag.get_task("prepare").doc_md == (
        "Makes a folder of two files.\n\n"
        "From `dvc.yaml`:\n\n"
        "```\n"
        "mkdir -p parts && cp source.txt parts/left.txt && cp source.txt parts/right.txt\n"
        "```\n\n"
        "**Needs**\n\n- `source.txt`\n\n"
        "**Makes**\n\n- `parts`"
    )
    assert "**Params**\n\n- `params.yaml:shout`" in dag.get_task("second.shout").doc_md


def test_each_out_is_an_asset_that_another_dag_can_wait_for(made, dag):
    assert {task.task_id: [asset.uri for asset in task.outlets] for task in dag.tasks} == {
        "open_run": [],
        "prepare": ["dvc://repo/parts"],
        "count-left": ["dvc://repo/count-left.txt"],
        "count-right": ["dvc://repo/count-right.txt"],
        "grid-1-x": ["dvc://repo/grid-1-x.txt"],
        "grid-1-y": ["dvc://repo/grid-1-y.txt"],
        "grid-2-x": ["dvc://repo/grid-2-x.txt"],
        "grid-2-y": ["dvc://repo/grid-2-y.txt"],
        "frozen": ["dvc://repo/frozen.txt"],
        "second.shout": ["dvc://repo/second/shout.txt"],
        "close_run": ["dvc-runs://repo/small"],
    }


def test_the_form_holds_values_types_ranges_and_the_comments_of_params_yaml(made):
    form = {"shout.times": {"minimum": 1, "maximum": 9}, "shout.mark": {"enum": ["!", "?"]}}
    params = draw(made, form=form).params
    fields = {name: params.get_param(name) for name in params}
    assert {name: (field.value, field.description) for name, field in fields.items()} == {
        "shout.times": (2, "how often, 1 to 9"),
        "shout.mark": ("!", "what follows each time"),
    }
    assert {name: field.schema for name, field in fields.items()} == {
        "shout.times": {
            "type": "integer",
            "title": "shout.times",
            "minimum": 1,
            "maximum": 9,
        },
        "shout.mark": {
            "type": "string",
            "title": "shout.mark",
            "enum": ["!", "?"],
        },
    }


def test_a_day_is_a_date_in_the_form(repo):
    with (repo / "params.yaml").open("a") as file:
        file.write('window:\n  end: "2013-01-31"\n')
    field = draw(repo, interval={"window.end": "data_interval_end"}).params.get_param("window.end")
    assert (field.value, field.schema["format"]) == ("2013-01-31", "date")


def test_a_value_outside_the_range_of_the_form_is_refused(made):
    dag = draw(made, form={"shout.times": {"minimum": 3}})
    with pytest.raises(ValueError, match="2 is less than the minimum of 3"):
        dag.params.validate()


def test_a_dag_without_a_form_has_none(dag):
    assert dict(dag.params) == {}


def test_a_value_of_the_interval_is_in_the_form_too(made):
    dag = draw(made, interval={"shout.mark": "data_interval_end"})
    assert dict(dag.params) == {"shout.mark": "!"}


@pytest.mark.parametrize("place", ["form", "interval"])
def test_an_unknown_value_names_the_nearest(made, place):
    values = {"shout.tims": {}} if place == "form" else {"shout.tims": "data_interval_end"}
    with pytest.raises(ParamsError) as error:
        draw(made, **{place: values})
    assert str(error.value) == (
        "params.yaml has no value 'shout.tims'. Did you mean 'shout.times'?\n"
        "  Next: name one that is there, as section.name."
    )


@pytest.mark.parametrize(
    ("chosen", "stages"),
    [
        ({"targets": ["count@left"]}, {"prepare", "count-left"}),
        ({"targets": ["count@left"], "upstream": False}, {"count-left"}),
        (
            {"targets": ["count@left"], "downstream": True},
            {"prepare", "count-left", "second.shout"},
        ),
        (
            {"targets": ["second/shout.txt", "frozen"], "upstream": False},
            {"second.shout", "frozen"},
        ),
    ],
    ids=["with what it needs", "alone", "with what needs it", "two, by out and by name"],
)
def test_targets_choose(made, chosen, stages):
    drawn = edges(draw(made, **chosen))
    assert drawn.keys() == {"open_run", "close_run", *stages}
    assert "close_run" in {name for below in drawn.values() for name in below}


def test_a_stage_may_not_have_the_name_of_a_task_of_every_run(repo):
    (repo / "dvc.yaml").write_text("stages: {open_run: {cmd: echo > o, outs: [o]}}")
    with pytest.raises(PipelineError) as error:
        draw(repo)
    assert str(error.value) == (
        "Stage 'open_run' in dvc.yaml has the name of a task of every run.\n"
        "  Next: give the stage another name."
    )


def test_a_graph_without_a_stage_is_no_dag(repo):
    shutil.rmtree(repo / "second")
    (repo / "dvc.yaml").write_text("stages: {}")
    with pytest.raises(PipelineError) as error:
        draw(repo)
    assert str(error.value) == (
        f"The DAG 'small' has nothing to run: the graph of {repo} has no stage.\n"
        "  Next: add a stage to dvc.yaml, or name another folder in repo."
    )


def test_a_dag_whose_failures_airflow_would_call_a_success_is_refused(made):
    with pytest.raises(PipelineError) as error:
        draw(made, fail_fast=True)
    assert str(error.value) == (
        "The DAG 'small' has fail_fast: Airflow skips what is left after a failure, close_run too, "
        "and calls the run a success.\n  Next: leave it out."
    )


def add_data(repo: Path) -> None:
    """A file that is tracked by a .dvc file, and a stage that reads it."""
    (repo / "data.csv").write_text("1\n")
    shell(repo, sys.executable, "-m", "dvc", "add", "--quiet", "data.csv")
    text = (repo / "dvc.yaml").read_text()
    reader = "  read:\n    cmd: cp data.csv read.csv\n    deps: [data.csv]\n    outs: [read.csv]\n"
    (repo / "dvc.yaml").write_text(text + reader)


def test_a_dvc_file_is_a_stage_that_makes_data(repo):
    add_data(repo)
    dag = draw(repo, targets=["read"])
    assert edges(dag) == {
        "open_run": {"data.csv.dvc"},
        "data.csv.dvc": {"read"},
        "read": {"close_run"},
        "close_run": set(),
    }
    assert [asset.uri for asset in dag.get_task("data.csv.dvc").outlets] == ["dvc://repo/data.csv"]


BROKEN = {
    "a broken dvc.yaml": (
        "stages: [",
        [],
        "unable to read: 'dvc.yaml', YAML file structure is corrupted",
        "Next: mend it",
    ),
    "an unknown key of meta": (
        "stages: {a: {cmd: x, outs: [o], meta: {quue: gpu}}}",
        [],
        "Stage 'a' in dvc.yaml has an unknown key meta.quue. Did you mean 'queue'?",
        "Next: use one of queue,",
    ),
    "a misspelt target": (
        "stages: {train: {cmd: x, outs: [o]}}",
        ["trian"],
        "The graph has no stage 'trian'; it has 2. Did you mean 'train'?",
        "Next: run `leeway show`",
    ),
}


@pytest.mark.parametrize(("text", "targets", "what", "fix"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_an_import_error_and_takes_no_other_dag_down(
    repo, tmp_path, text, targets, what, fix
):
    (repo / "dvc.yaml").write_text(text)
    dags = tmp_path / "dags"
    dags.mkdir()
    head = '"""An Airflow DAG."""\nfrom airflow.sdk import DAG\nfrom dvc_dag import pipeline_dag\n'
    (dags / "broken.py").write_text(
        f"{head}broken = pipeline_dag('broken', repo={str(repo)!r}, targets={targets!r})\n"
    )
    (dags / "well.py").write_text(f"{head}well = DAG('well', schedule=None)\n")
    bag = DagBag(dags)
    assert list(bag.dags) == ["well"]
    [(file, error)] = bag.import_errors.items()
    assert file.endswith("broken.py")
    assert what in error and fix in error


def test_a_queue_that_nobody_serves_is_an_error_of_the_dag(made, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LEEWAY__QUEUES", "default,cpu")
    with pytest.raises(PipelineError, match=r"Stage 'count@left' in dvc\.yaml asks for .* 'gpu'"):
        draw(made)


PARSE = """
import subprocess, sys
started = []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and started.append(args[1][:2]))
from datetime import UTC, datetime
from dvc_dag import pipeline_dag
pipeline_dag("small", repo=sys.argv[1], form={"shout.times": {}}, schedule=None,
             start_date=datetime(2026, 1, 1, tzinfo=UTC))
import json
print(json.dumps({"started": started, "modules": sorted(sys.modules)}))
"""


def test_reading_a_dag_again_loads_no_heavy_library_and_starts_no_dvc(repo):
    shutil.rmtree(repo / ".dvc/tmp/leeway", ignore_errors=True)
    first, second = (json.loads(run_python(PARSE, str(repo)).splitlines()[-1]) for _ in range(2))
    assert sys.executable in {words[0] for words in first["started"]}
    assert sys.executable not in {words[0] for words in second["started"]}
    assert ["git", "-C"] in second["started"]
    for parse in (first, second):
        assert not HEAVY & set(parse["modules"])


@pytest.fixture(scope="module")
def tested(made, tmp_path_factory) -> dict:
    """What `dag.test()` of a part of the graph did, in an Airflow of its own without a server."""
    folder = tmp_path_factory.mktemp("tested")
    repo = Path(shutil.copytree(made, folder / "repo"))
    add_data(repo)
    (repo / "dags").mkdir()
    # With an end before the moment of the run, which Airflow would take for a run of no task.
    wanted = 'targets=["second.shout", "frozen", "read"],\n    schedule="@daily",\n'
    wanted += "    end_date=datetime(2026, 1, 9, tzinfo=UTC)"
    (repo / "dags/small.py").write_text(
        SMALL_DAG.replace('targets=["."],', "").replace("schedule=None", wanted)
    )
    commit(repo)
    settings = {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(repo / "dags"),
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
    }
    put_database(folder / "airflow")
    code = (
        "import json, sys; sys.path.append(sys.argv[1]); from small import small;"
        "from datetime import UTC, datetime; now = datetime.now(UTC);"
        "run = small.test(logical_date=now, run_conf={'shout.times': 3});"
        "states = {task.task_id: task.state for task in run.get_task_instances()};"
        "print(json.dumps({'state': run.state, 'tasks': states}))"
    )
    out = run_python(code, str(repo / "dags"), **settings)
    found = json.loads(out.splitlines()[-1])
    return {**found, "repo": repo, "home": folder / "airflow/leeway", "said": out}


def test_a_dag_test_succeeds_without_a_server_and_a_login(tested):
    assert tested["state"] == "success"
    stages = {"prepare", "count-left", "second.shout", "frozen", "data.csv.dvc", "read"}
    assert tested["tasks"] == dict.fromkeys({"open_run", *stages, "close_run"}, "success")
    assert "no connection leeway_api: no notes in the UI" in tested["said"]


def test_a_dag_test_leaves_an_experiment_a_report_and_no_workspace(tested):
    shown = shell(tested["repo"], sys.executable, "-m", "dvc", "exp", "show", "--csv")
    [row] = [line for line in shown.splitlines() if line.startswith("small.manual__")]
    assert row.split(",")[5] == "3"
    assert [path.read_text() for path in tested["home"].glob("reports/*/*/second/shout.txt")] == [
        "666!\n"
    ]
    assert list((tested["home"] / "runs").iterdir()) == []
