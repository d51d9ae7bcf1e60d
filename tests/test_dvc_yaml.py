"""Each dvc.yaml agrees with the code: what a stage imports and touches is what it declares."""

import ast
import itertools
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.flights.members.records import MEMBERS

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Stage:
    """A stage, and the folder of its dvc.yaml, from which its paths are."""

    folder: str  # from the root; empty if it is that
    name: str

    def __str__(self) -> str:
        return f"{self.folder}:{self.name}" if self.folder else self.name

    @property
    def held(self) -> dict[str, Any]:
        """What dvc.yaml says of it."""
        return dict(graph(self.folder)["stages"][self.name])

    @property
    def cmd(self) -> str:
        """Its command, with the values of `vars` of its file."""
        said = str(self.held["cmd"])
        for values in graph(self.folder).get("vars", []):
            for name, value in values.items():
                said = said.replace(f"${{{name}}}", str(value))
        return said

    @property
    def module(self) -> str:
        """The module that it runs."""
        [found] = re.findall(r"python -m (\S+)", self.cmd)
        return found

    @property
    def room(self) -> str:
        """The folder of its module, and of its test, in include/ and tests/."""
        return "/".join(self.module.split(".")[1:-1])

    def paths(self, *kinds: str) -> set[str]:
        """Deps or outs, with or without options, from the root."""
        entries = [entry for kind in kinds for entry in self.held.get(kind, [])]
        return {self.from_root(entry) for entry in entries}

    def from_root(self, entry: object) -> str:
        """A path as it is from the root."""
        path = next(iter(entry)) if isinstance(entry, dict) else str(entry)
        return os.path.normpath(os.path.join(self.folder, path))


@cache
def graph(folder: str) -> dict[str, Any]:
    """A dvc.yaml."""
    return dict(yaml.safe_load((ROOT / folder / "dvc.yaml").read_text()))


def folders() -> list[str]:
    """Where a dvc.yaml of ours is: the root, and projects beside it, if there are any."""
    found = [ROOT / "dvc.yaml", *sorted((ROOT / "include").rglob("dvc.yaml"))]
    return ["" if path.parent == ROOT else str(path.parent.relative_to(ROOT)) for path in found]


STAGES = [Stage(folder, name) for folder in folders() for name in graph(folder)["stages"]]
FLIGHTS = {stage.name: stage for stage in STAGES if not stage.folder}
EACH_STAGE = pytest.mark.parametrize("stage", STAGES, ids=str)
# What the stages of a project run with, where it has not the project's name.
ENVIRONMENTS = {"flights": "environments/steps.txt"}


def imported(path: Path, found: set[Path]) -> set[Path]:
    """The modules of ours that a module imports, directly or not, itself included."""
    found.add(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("include"):
            continue
        parent = ROOT / str(node.module).replace(".", "/")
        for module in [parent, *(parent / alias.name for alias in node.names)]:
            for file in (module.with_suffix(".py"), module / "__init__.py"):
                if file.exists() and file not in found and says_something(file):
                    imported(file, found)
    return found


def says_something(path: Path) -> bool:
    """Whether a module is more than its docstring, as that of most packages is not."""
    return path.name != "__init__.py" or len(ast.parse(path.read_text()).body) > 1


def code_of(stage: Stage) -> set[Path]:
    """The modules of ours that a stage runs with, those included that only libraries load."""
    found = imported(ROOT / f"{stage.module.replace('.', '/')}.py", set())
    for name in stage.paths("deps"):
        if name.startswith("feature_repo/") and name.endswith(".py"):
            imported(ROOT / name, found)
    if ROOT / "include/flights/serving/predictor.py" in found:
        for member in MEMBERS.values():
            imported(ROOT / f"{member.module.replace('.', '/')}.py", found)
    return found


MADE = {out for stage in STAGES for out in stage.paths("outs", "metrics")}


def is_code(name: str) -> bool:
    """Whether a dep is a module of ours, or a room with some."""
    room = name.startswith("include/") and name not in MADE and any((ROOT / name).rglob("*.py"))
    return room or name.endswith(".py")


@EACH_STAGE
def test_the_deps_of_a_stage_are_the_modules_that_it_imports(stage):
    modules = code_of(stage)
    code = {name: ROOT / name for name in sorted(stage.paths("deps")) if is_code(name)}
    lacking = sorted(
        os.path.relpath(path, ROOT / stage.folder)
        for path in modules
        if not set(code.values()) & {path, *path.parents}
    )
    useless = [
        name for name, path in code.items() if not any(path in (m, *m.parents) for m in modules)
    ]
    advice = f"deps of {stage} in dvc.yaml, to paste: {', '.join(lacking)}; to remove: {useless}"
    assert not lacking and not useless, advice


@pytest.mark.parametrize(
    ("stage", "folder", "suffix"),
    [
        ("evaluate_models", "predictions", ".parquet"),
        ("report_drift", "predictions", ".parquet"),
        ("judge_promotion", "predictions", ".parquet"),
        ("package_bento", "models", ""),
    ],
)
def test_each_member_is_trained_and_read_by_who_reads_members(stage, folder, suffix):
    wanted = {f"{folder}/{name}{suffix}": f"train_{name}" for name in MEMBERS}
    made = {out: one for one, its in FLIGHTS.items() for out in its.paths("outs")}
    found = {path: made.get(path) for path in FLIGHTS[stage].paths("deps") if path in wanted}
    lacking = ", ".join(path for path in wanted if path not in found)
    assert found == wanted, f"deps of {stage} in dvc.yaml, to paste: {lacking}"


def test_the_plots_show_each_member():
    lists = [y for plot in graph("")["plots"] for held in plot.values() for y in held["y"].values()]
    drawn = [shown for shown in lists if isinstance(shown, list) and "blend" in shown]
    assert len(drawn) == 2
    assert all(set(MEMBERS) <= set(shown) for shown in drawn)


@EACH_STAGE
def test_each_stage_declares_the_environment_of_its_project_and_no_other(stage):
    project = stage.room.partition("/")[0]
    own = ENVIRONMENTS.get(project, f"environments/{project}.txt")
    used = {name for name in stage.paths("deps") if name.startswith("environments/")}
    assert own in used
    # Read as data, by a stage that packs for a server or looks at what is locked.
    assert used - {own} <= set(re.findall(r"environments/\w+\.txt", stage.cmd))


@EACH_STAGE
def test_each_path_in_a_command_is_a_dep_or_an_out(stage):
    said = [before[:2] == "--" for before, _ in itertools.pairwise(stage.cmd.split())]
    words = [word for _, word in itertools.pairwise(stage.cmd.split())]
    paths = {stage.from_root(word) for word in itertools.compress(words, said)} - {"."}
    held = stage.paths("deps", "outs", "metrics")
    assert [path for path in paths - held if not any(h.startswith(f"{path}/") for h in held)] == []


def takes(stage: Stage) -> dict[str, str]:
    """What the function of a stage takes, in the module of its name: each argument with its kind."""
    tree = ast.parse((ROOT / f"include/{stage.room}/{stage.name}.py").read_text())
    [own] = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == stage.name
    ]
    return {one.arg: ast.unparse(one.annotation) for one in own.args.args if one.annotation}


@EACH_STAGE
def test_a_stage_has_one_name_everywhere(stage):
    assert stage.module.endswith(f".{stage.name}")
    assert stage.folder in ("", f"include/{stage.room}")
    assert takes(stage)


def test_each_stage_has_a_test_of_its_name():
    tests = {stage: ROOT / f"tests/{stage.room}/test_{stage.name}.py" for stage in STAGES}
    assert [str(stage) for stage, path in tests.items() if not path.exists()] == []


@EACH_STAGE
def test_the_params_of_a_stage_are_what_its_function_takes(stage):
    kinds = {name for name, kind in takes(stage).items() if kind not in ("Path", "Out", "Kept")}
    wanted = {stage.name if name == "params" else name for name in kinds}
    said = {str(name).partition(".")[0] for name in stage.held.get("params", [])}
    assert said == wanted
    assert wanted <= {*yaml.safe_load((ROOT / stage.folder / "params.yaml").read_text())}


@EACH_STAGE
def test_a_stage_imports_no_other(stage):
    others = {ROOT / f"{one.module.replace('.', '/')}.py" for one in STAGES if one != stage}
    assert not others & code_of(stage)


@EACH_STAGE
def test_a_stage_says_in_a_sentence_what_it_is_for(stage):
    assert stage.held["desc"][:1].isupper() and stage.held["desc"].endswith(".")


def test_git_ignores_what_stages_make():
    asked = "".join(f"{name}\0" for name in sorted(MADE))
    words = ["git", "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(words, cwd=ROOT, input=asked, capture_output=True, text=True, check=False)
    assert MADE - {*done.stdout.split("\0")} == set()
