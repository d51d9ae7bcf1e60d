"""Whatever stages, folders and outs are called, tasks, groups and assets have names of their own.

Long because each kind of name is a case of one rule.
"""

import re
import shutil
import string
from pathlib import Path

import pytest
import yaml
from airflow.sdk import Asset
from airflow.serialization.serialized_objects import DagSerialization
from dvc_dag import group_ids, name_of, pipeline_dag, uri_of

from include.pipeline.plan import load
from include.pipeline.resolve import unique_ids
from include.pipeline.selection import select

IDS = {
    "a stage": ("train", "train"),
    "a dash": ("train-model", "train-model"),
    "a word that YAML 1.1 takes for a truth": ("on", "on"),
    "one of foreach": ("count@left", "count-left"),
    "one of a matrix": ("grid@0.1-x", "grid-0.1-x"),
    "of a folder": ("second/dvc.yaml:shout", "second.shout"),
    "foreach in a folder in a folder": ("a/b/dvc.yaml:c@d", "a-b.c-d"),
    "data": ("raw/data.csv.dvc", "raw-data.csv.dvc"),
    "a colon": ("tune@phi:3", "tune-phi-3"),
    "a space and a slash": ("tune@a b/c", "tune-a-b-c"),
    "letters that an id cannot hold": ("prüfen", "pr-fen-9a90a33"),
    "none that it can": ("count@город", "count-4b4918e"),
    "nothing else": ("город", "stage-c4f5a5f"),
}


@pytest.mark.parametrize(("name", "expected"), IDS.values(), ids=IDS)
def test_an_id_is_as_near_to_the_name_as_can_be(name, expected):
    assert unique_ids([name]) == {name: expected}


def test_a_name_that_is_an_id_keeps_it_whatever_the_others_are():
    names = ["a-1", "a@1", "a-2", "a@2", "a/dvc.yaml:b-1", "a/dvc.yaml:b@1"]
    assert unique_ids(names) == {
        "a-1": "a-1",
        "a@1": "a-1-2",
        "a-2": "a-2",
        "a@2": "a-2-2",
        "a/dvc.yaml:b-1": "a.b-1",
        "a/dvc.yaml:b@1": "a.b-1-2",
    }


ALIKE = [
    *("t-a-b", "t@a-b", "t@a b", "t@a:b", "t@a/b", "t@a  b", "t@a=b", "t-a@b", "t-a-b-2"),
    *("a.b/dvc.yaml:c", "a/b/dvc.yaml:c", "a-b/dvc.yaml:c", "a-b.c", "a b/dvc.yaml:c"),
    *("größe", "grüße", "груша", "город", "T-a-b", ".a/dvc.yaml:b", "a/dvc.yaml:b"),
    *(f"x@{'y' * 300}{end}" for end in "ab"),
    *(f"{'z' * length}" for length in (199, 200, 201, 250, 300)),
    *(f"p@{sign}q" for sign in string.punctuation + " \t"),
]


def test_names_that_differ_in_nothing_that_an_id_holds_are_told_apart():
    ids = unique_ids(ALIKE)
    assert ids.keys() == set(ALIKE)
    assert len(set(ids.values())) == len(ALIKE)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,241}", one) for one in ids.values())


@pytest.mark.parametrize("new", ALIKE, ids=range(len(ALIKE)))
def test_a_new_stage_renames_at_most_the_one_whose_id_it_takes(new):
    before = unique_ids(name for name in ALIKE if name != new)
    after = unique_ids(ALIKE)
    renamed = {name: old for name, old in before.items() if after[name] != old}
    assert list(renamed.values()) in ([], [after[new]])


def test_a_name_that_is_cut_has_a_hash_of_the_whole():
    ids = unique_ids(["n" * 201, "n" * 202])
    assert ids["n" * 201] == f"{'n' * 200}-291c419"
    assert unique_ids(["n" * 202]).items() <= ids.items()


def test_the_order_of_the_names_does_not_matter():
    assert unique_ids(reversed(ALIKE)) == unique_ids(ALIKE)


def redraw(repo: Path, files: dict[str, dict]):
    """The DAG of a repository with other dvc.yaml files, and what Airflow's server makes of it."""
    shutil.rmtree(repo / "second")
    for file, stages in files.items():
        (repo / file).parent.mkdir(parents=True, exist_ok=True)
        (repo / file).write_text(yaml.safe_dump({"stages": stages}, allow_unicode=True))
    dag = pipeline_dag("named", repo=repo, targets=["."])
    served = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert set(served.task_dict) == set(dag.task_dict)
    return dag


def one(out: str) -> dict:
    return {"cmd": "true", "outs": [out]}


def each(*items: object, out: str = "o") -> dict:
    do = {"cmd": "true", "outs": [f"{out}-${{key}}.txt"]}
    return {"foreach": {str(item): {} for item in items}, "do": do}


def groups(dag) -> dict[str, str]:
    return {task.task_id: task.task_group.group_id or "" for task in dag.tasks}


def test_a_foreach_stage_and_one_of_a_folder_that_look_alike_are_two_groups(repo):
    dag = redraw(repo, {"dvc.yaml": {"sub-x": each(1, 2)}, "sub/dvc.yaml": {"x": each(1)}})
    assert groups(dag) == {
        "open_run": "",
        "sub-x-1": "sub-x",
        "sub-x-2": "sub-x",
        "sub.x-1": "sub-x-stages",
        "close_run": "",
    }


def test_folders_that_look_alike_are_groups_of_their_own(repo):
    folders = ("a.b", "a/b", "a-b", "a b")
    files = {f"{name}/dvc.yaml": {"c": one("c.txt")} for name in folders}
    dag = redraw(repo, {"dvc.yaml": {}, **files})
    held = {name: group for name, group in groups(dag).items() if group}
    assert len(held) == len(set(held.values())) == 4
    assert {"a.b.c": "a-b-stages", "a-b.c": "a-b"}.items() <= held.items()


def test_a_folder_and_a_foreach_stage_of_one_name_are_two_groups(repo):
    dag = redraw(repo, {"dvc.yaml": {"c": each("d")}, "c/dvc.yaml": {"d": one("d.txt")}})
    held = groups(dag)
    assert held["c-d"] == "c"
    assert held["c.d"] not in ("", "c")
    assert [stage.name for stage in select(load(repo), ["c"])] == ["c@d"]


NAMED_LIKE = {
    "tasks of every run": {"dvc.yaml": {"open_run": each("a"), "close_run": each("a", out="p")}},
    "a folder like a task of every run": {"open_run/dvc.yaml": {"a": one("a")}},
    "a stage": {
        "dvc.yaml": {"a": one("o")},
        "a/dvc.yaml": {"b": one("b"), "c": each(1)},
    },
    "one of another group": {"dvc.yaml": {"a": each("b"), "a-b": each("c", out="p")}},
    "the edges of a group": {
        "a/dvc.yaml": {"upstream_join_id": one("b"), "downstream_join_id": one("c")}
    },
    "a stage that is called as groups are": {
        "dvc.yaml": {"a": one("o"), "a-stages": one("p")},
        "a/dvc.yaml": {"c": one("c")},
    },
}


@pytest.mark.parametrize("files", NAMED_LIKE.values(), ids=NAMED_LIKE)
def test_a_group_may_be_named_like(repo, files):
    dag = redraw(repo, files)
    ids = {group for group in groups(dag).values() if group}
    assert ids
    assert not ids & set(dag.task_dict)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,200}", one) for one in ids)


AWKWARD = {
    "words that YAML 1.1 takes for truths": {name: one(name) for name in ("on", "no", "yes", "y")},
    "items with signs": {"tune": each("phi:3", "a b", "x/y", "q?", "#1", "50%", "a=b", "[c]")},
    "items in other letters": {"tune": each("größe", "grüße", "город", "страна", "東京")},
    "names in other letters": {name: one(name) for name in ("größe", "grüße", "город")},
    "case": {name: one(f"{number}") for number, name in enumerate(("train", "Train", "TRAIN"))},
    "very long names": {"n" * length: one(f"{length}") for length in (129, 200, 201, 250, 400)},
    "very long items": {"tune": each("i" * 230 + "a", "i" * 230 + "b", "j" * 150)},
    "a matrix": {
        "grid": {
            "matrix": {"a": ["p q", "p/q", 0.1, True], "b": [{"c": 1}, [1, 2]]},
            "cmd": "true",
            "outs": ["m-${key}"],
        }
    },
}


@pytest.mark.parametrize("stages", AWKWARD.values(), ids=AWKWARD)
def test_a_stage_may_have_any_name_that_dvc_allows(repo, stages):
    dag = redraw(repo, {"dvc.yaml": stages})
    drawn = [task.stage for task in dag.tasks if task.task_id not in ("open_run", "close_run")]
    assert drawn == [stage.name for stage in load(repo).stages]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,241}", name) for name in dag.task_dict)


def test_the_ui_shows_a_name_whose_letters_no_id_can_hold(repo):
    dag = redraw(repo, {"dvc.yaml": {"tune": each("город"), "on": one("on")}})
    assert {task.task_display_name for task in dag.tasks} == {
        *("open_run", "tune@город", "on", "close_run")
    }


def test_groups_of_the_same_long_beginning_are_told_apart(repo):
    long = "g" * 190
    files = {f"{long}{end}/dvc.yaml": {"s": one("s")} for end in ("1", "2", "3")}
    redraw(repo, {"dvc.yaml": {}, **files})
    ids = group_ids(load(repo).stages)
    assert len(set(ids.values())) == len(ids)
    assert max(map(len, ids.values())) <= 200


URIS = {
    "data/raw": "dvc://repo/data/raw",
    "month=2013-01/a+b,c@d:e~(f)!$&'*;.txt": "dvc://repo/month=2013-01/a+b,c@d:e~(f)!$&'*;.txt",
    "what?": "dvc://repo/what%3F",
    "a#b": "dvc://repo/a%23b",
    "50%": "dvc://repo/50%25",
    "a b": "dvc://repo/a%20b",
    "a%20b": "dvc://repo/a%2520b",
    "[a]": "dvc://repo/%5Ba%5D",
    "größe": "dvc://repo/gr%C3%B6%C3%9Fe",
    "tab\tline\n": "dvc://repo/tab%09line%0A",
    "/data/outside.csv": "dvc://repo//data/outside.csv",
    "s3://bucket/key": "dvc://repo/s3://bucket/key",
    "s3://bucket/a?b#c": "dvc://repo/s3://bucket/a%3Fb%23c",
    "https://host/x?y=1": "dvc://repo/https://host/x%3Fy=1",
}


@pytest.mark.parametrize(("path", "uri"), URIS.items(), ids=URIS)
def test_an_asset_is_a_uri_that_airflow_takes_as_it_is(path, uri):
    assert uri_of("repo", path) == uri
    assert Asset(uri).uri == uri


@pytest.mark.parametrize(
    ("folder", "uri"),
    [
        ("my repo", "dvc://my%20repo/out"),
        ("user:word@host", "dvc://user%3Aword%40host/out"),
        ("[a", "dvc://%5Ba/out"),
        ("flüge", "dvc://fl%C3%BCge/out"),
        ("a?b#c", "dvc://a%3Fb%23c/out"),
    ],
)
def test_the_name_of_the_repository_is_one_part_of_the_uri(folder, uri):
    assert uri_of(name_of(Path("/any") / folder), "out") == uri
    assert Asset(uri).uri == uri


def test_a_uri_is_no_longer_than_airflow_takes():
    paths = [f"{'東' * 300}{end}" for end in "ab"]
    uris = [Asset(uri_of("repo", path)).uri for path in paths]
    assert [len(uri) for uri in uris] == [1498, 1498]
    assert uris[0] != uris[1]
    assert all(re.fullmatch(r"dvc://repo/(%[0-9A-F]{2})+-[0-9a-f]{64}", uri) for uri in uris)


def test_outs_at_urls_and_outside_the_repository_are_assets(repo):
    outs = ["s3://bucket/key?#", "/data/out.csv", "https://host/x?y=1"]
    stage = {"cmd": "true", "outs": [{out: {"cache": False}} for out in outs]}
    dag = redraw(repo, {"dvc.yaml": {"far": stage}})
    assert [asset.uri for asset in dag.get_task("far").outlets] == [
        "dvc://repo/s3://bucket/key%3F%23",
        "dvc://repo//data/out.csv",
        "dvc://repo/https://host/x%3Fy=1",
    ]
