"""A run gives what `dvc repro` gives in a clean clone with all data: the same locks, byte for byte."""

import shutil
from typing import Any

import pytest
from parity import Both, cat, dvc_, make, stages
from small_git import commit

N = {"params.yaml": "n: 1\n"}
SAY = "echo ${n}"


def say(out: str, **more: Any) -> dict[str, Any]:
    """A stage that writes the param n."""
    return {"cmd": f"mkdir -p $(dirname {out}) && {SAY} > {out}", "outs": [out], **more}


def fixed(out: str, text: str = "fixed") -> dict[str, Any]:
    """A stage that never changes."""
    return {"cmd": f"mkdir -p $(dirname {out}) && echo {text} > {out}", "outs": [out]}


STRUCTURES: dict[str, dict[str, str]] = {
    "a folder that several stages make up": {
        "dvc.yaml": stages(
            one=say("out/one.txt"), two=fixed("out/two.txt"), all=cat("out", out="all.txt")
        ),
        "out/.gitignore": "/one.txt\n/two.txt\n",
    },
    "a folder whose .gitignore is DVC's alone": {
        "dvc.yaml": stages(
            one=say("out/one.txt"),
            two=fixed("out/two.txt"),
            three=say("out/three.txt"),
            all=cat("out", out="all.txt"),
        ),
    },
    "a folder of folders that several stages make up": {
        "dvc.yaml": stages(
            one={"cmd": f"mkdir -p out/a && {SAY} > out/a/x", "outs": ["out/a"]},
            two={"cmd": "mkdir -p out/b/c && echo 2 > out/b/c/x", "outs": ["out/b/c"]},
            all=cat("out", out="all.txt"),
        ),
        "out/b/note.txt": "committed\n",
    },
    "foreach and a stage that joins": {
        "dvc.yaml": stages(
            part={
                "foreach": {"a": 1, "b": 2},
                "do": {
                    "cmd": "mkdir -p parts && echo ${key} ${item} ${n} > parts/${key}.txt",
                    "outs": ["parts/${key}.txt"],
                },
            },
            same={"foreach": ["x", "y"], "do": fixed("parts/${item}.txt", "${item}")},
            join=cat("parts", out="joined.txt"),
        ),
        "parts/.gitignore": "*.txt\n",
    },
    "a matrix, one part of which changes": {
        "dvc.yaml": stages(
            grid={
                "matrix": {"size": [1, 2], "kind": ["x"]},
                "cmd": "echo ${item.size} ${item.kind} > ${item.size}-${item.kind}.txt",
                "outs": ["${item.size}-${item.kind}.txt"],
            },
            all={**cat("1-x.txt", "2-x.txt", out="all.txt"), "params": ["n"]},
        ),
    },
    "a part of a folder that another stage makes": {
        "dvc.yaml": stages(
            make={"cmd": f"mkdir -p d && {SAY} > d/l && echo r > d/r", "outs": ["d"]},
            left=cat("d/l", out="left.txt"),
            right=cat("d/r", out="right.txt"),
            whole=cat("d", "right.txt", out="whole.txt"),
        ),
    },
    "a folder of git's with an out in it": {
        "dvc.yaml": stages(fit=say("model/weights.txt"), use=cat("model", "src", out="used.txt")),
        "model/card.md": "about\n",
        "src/a.py": "pass\n",
        "src/deep/b.py": "pass\n",
    },
    "metrics and plots that DVC does not cache": {
        "dvc.yaml": stages(
            fit=say("model.txt"),
            judge={
                "cmd": "wc -c < model.txt > m.json && mkdir -p plots && cp model.txt plots/p.csv",
                "deps": ["model.txt"],
                "metrics": [{"m.json": {"cache": False}}],
                "plots": [{"plots": {"cache": False}}],
            },
        ),
    },
    "small outs that DVC does not cache, read by others": {
        "dvc.yaml": stages(
            fit={"cmd": f"{SAY} > small.txt", "outs": [{"small.txt": {"cache": False}}]},
            use=cat("small.txt", out="used.txt"),
        ),
    },
    "metrics that dvc.yaml names at its top": {
        "dvc.yaml": "metrics: [report/m.json]\n"
        + stages(fit={"cmd": f"mkdir -p report && {SAY} > report/m.json", "outs": ["report"]}),
    },
    "a file of params that a stage makes": {
        "dvc.yaml": stages(
            choose={"cmd": "echo 'depth: ${n}' > chosen.yaml", "outs": ["chosen.yaml"]},
            fit={
                "cmd": "cat chosen.yaml > model.txt",
                "params": [{"chosen.yaml": ["depth"]}],
                "outs": ["model.txt"],
            },
        ),
    },
    "params in several files": {
        "dvc.yaml": stages(
            fit={
                "cmd": "cat params.yaml conf/a.yaml conf/b.json > model.txt",
                "params": ["n", {"conf/a.yaml": ["lr"]}, {"conf/b.json": None}],
                "outs": ["model.txt"],
            },
        ),
        "conf/a.yaml": "lr: 0.1\n",
        "conf/b.json": '{"x": 1}\n',
    },
    "a folder that is kept, and grows": {
        "dvc.yaml": stages(
            months={
                "cmd": "mkdir -p kept && for i in $(seq ${n}); do test -f kept/$i || echo $i > kept/$i;"
                " done",
                "params": ["n"],
                "outs": [{"kept": {"persist": True}}],
            },
            all=cat("kept", out="all.txt"),
        ),
    },
    "files of stages in folders, with folders to work in": {
        "dvc.yaml": stages(root=say("root.txt"), last=cat("a/b/deep.txt", out="last.txt")),
        "a/dvc.yaml": stages(
            deep={
                "wdir": "b",
                "cmd": "cat ../../root.txt > deep.txt",
                "deps": ["../../root.txt"],
                "outs": ["deep.txt"],
            }
        ),
        "a/b/.keep": "",
    },
    "names that YAML reads in another way, and long ones": {
        "dvc.yaml": stages(
            **{"on": say("on.txt"), "no": cat("on.txt", out="no.txt")},
            **{"long" * 40: cat("no.txt", out="long.txt")},
            size={"foreach": ["phi:3", "1.5"], "do": cat("long.txt", out="size-${item}.txt")},
        ),
    },
    "commands in a list": {
        "dvc.yaml": stages(
            two={"cmd": [f"{SAY} > a.txt", "cp a.txt b.txt"], "outs": ["a.txt", "b.txt"]},
            use=cat("a.txt", "b.txt", out="c.txt"),
        ),
    },
    "a stage that always runs, and one that makes nothing": {
        "dvc.yaml": stages(
            always={**say("a.txt"), "always_changed": True},
            use=cat("a.txt", out="b.txt"),
            nothing={"cmd": "true"},
        ),
    },
    "a step that writes into a folder of code that it depends on": {
        "dvc.yaml": stages(
            one={**cat("src/code.py", out="one.txt"), "deps": ["src", "src2.txt"], "params": ["n"]},
            two={
                "cmd": f"cat one.txt > two.txt && {SAY} > src/cache.bin",
                "deps": ["src", "one.txt"],
                "outs": ["two.txt"],
            },
        ),
        "src/code.py": "pass\n",
        "src2.txt": "s\n",
    },
    "a step that writes into what an earlier one made": {
        "dvc.yaml": stages(
            one={"cmd": f"mkdir -p d && {SAY} > d/x", "outs": ["d"]},
            two={"cmd": "echo more >> d/x && cp d/x two.txt", "deps": ["d"], "outs": ["two.txt"]},
            three=cat("d", "two.txt", out="three.txt"),
        ),
    },
    "a folder that is only there with its data": {
        "dvc.yaml": stages(fit={"cmd": f"{SAY} > made/model.txt", "outs": ["made/model.txt"]}),
        ".gitignore": "/made\n",
        "made/.keep": "",
    },
}


RESTLESS = {"always", "nothing"}  # stages that have something to do each time


@pytest.mark.parametrize("name", STRUCTURES, ids=STRUCTURES.keys())
def test_both_runners_agree_cold_unchanged_changed_and_from_what_is_committed(name, tmp_path):
    repo = make(tmp_path / "repo", {**N, **STRUCTURES[name]})
    both = Both(repo)
    cold, _, _ = both.agree()
    run, did = both.ours()
    both.see_same(run, cold)
    # A step that changes what it, or one before it, has read leaves a lock that is never true.
    untrue = "writes into" in name
    idle = did.keys() - RESTLESS - ({"one", "two"} if untrue else set())
    assert {stage for stage in idle if did[stage] != "cached"} == set()
    changed, _, _ = both.agree({"n": 2})
    # What a person leaves who runs `dvc repro` and commits.
    dvc_(repo, "repro")
    commit(repo)
    shutil.rmtree(both.home)
    if untrue:
        both.agree()
        return
    run, did = both.ours()
    both.see_same(run, repo)
    assert {stage for stage in idle if did[stage] != "cached"} == set()
    run, _ = both.ours({"n": 2})
    both.see_same(run, changed, in_order=False)
