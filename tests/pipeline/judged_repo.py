"""A repository whose experiments have a model and a verdict on it, and clones of it."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from small_git import commit, init, shell

GRAPH = """
stages:
  train:
    cmd: echo $(grep rate params.yaml) > model.bin
    params: [rate]
    outs: [model.bin]
  judge:
    cmd: python judge.py
    deps: [model.bin, judge.py]
    params: [rate, champion, promotion]
    outs: [verdict.json]
    meta: {verdict: verdict.json}
  score:
    cmd: cat model.bin > scores.txt
    deps: [model.bin]
    outs: [scores.txt]
artifacts:
  model: {path: model.bin, type: model}
"""
JUDGE = """
import hashlib, json, yaml
held = yaml.safe_load(open("params.yaml"))
passed = held["rate"] <= held["promotion"]["most"]
verdict = {
    "verdict": "passed" if passed else "refused",
    "reason": f"the rate is {held['rate']}",
    "risk": held["promotion"]["risk"],
    "files": {"model.bin": hashlib.md5(open("model.bin", "rb").read()).hexdigest()},
    "gates": [{"name": "rate", "value": held["rate"], "limit": "at most 5", "passed": passed}],
}
if held["champion"] != "any":
    verdict["champion"] = {"version": held["champion"]} if held["champion"] else None
json.dump(verdict, open("verdict.json", "w"))
"""
RUN = """
import json, subprocess, sys
from dvc.repo import Repo

for name, values in json.loads(sys.argv[1]).items():
    with Repo(".") as repo:
        repo.experiments.run(["judge"], name=name, params=values)
    # What an experiment sets is in the working tree from then on.
    subprocess.run(["git", "checkout", "--quiet", "--", "."], check=True)
"""
DVC = (sys.executable, "-m", "dvc")


def make(repo: Path, params: str, experiments: Mapping[str, list[str]]) -> Path:
    """A repository with experiments, each with some values of its own."""
    repo.mkdir(parents=True)
    for name, text in {"dvc.yaml": GRAPH, "judge.py": JUDGE, "params.yaml": params}.items():
        (repo / name).write_text(text)
    init(repo, "--initial-branch=main")
    for key, value in {"user.name": "Ann", "user.email": "ann@localhost"}.items():
        shell(repo, "git", "config", key, value)
    (repo / ".gitignore").write_text("/model.bin\n/verdict.json\n/scores.txt\n__pycache__/\n")
    # Experiments leave `score` as it is here: they judge, and do not score.
    shell(repo, *DVC, "repro", "--quiet")
    commit(repo, "start")
    # In one process: most of the time of `dvc exp run` is that of its start.
    shell(repo, sys.executable, "-c", RUN, json.dumps(dict(experiments)))
    return repo


def copied(repo: Path, folder: Path) -> Path:
    return Path(shutil.copytree(repo, folder, symlinks=True))
