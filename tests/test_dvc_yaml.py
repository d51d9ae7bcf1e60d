"""dvc.yaml agrees with the code: what a stage imports and touches is what it declares."""

import ast
import itertools
from pathlib import Path

import pytest
import yaml

from include.flights.members.records import MEMBERS

ROOT = Path(__file__).parents[1]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())


def names(entries: list[object]) -> set[str]:
    """Paths of deps or outs, with or without options."""
    return {next(iter(entry)) if isinstance(entry, dict) else str(entry) for entry in entries}


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


def code_of(stage: str) -> set[Path]:
    """The modules of ours that a stage runs with, those included that only libraries load."""
    found = imported(ROOT / f"include/flights/{stage}.py", set())
    for name in names(STAGES[stage]["deps"]):
        if name.startswith("feature_repo/") and name.endswith(".py"):
            imported(ROOT / name, found)
    if ROOT / "include/flights/serving/predictor.py" in found:
        for member in MEMBERS.values():
            imported(ROOT / f"{member.module.replace('.', '/')}.py", found)
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_the_deps_of_a_stage_are_the_modules_that_it_imports(stage):
    modules = code_of(stage)
    code = {
        name: ROOT / name
        for name in names(STAGES[stage]["deps"])
        if (name.startswith("include/") and any((ROOT / name).rglob("*.py"))) or name[-3:] == ".py"
    }
    lacking = sorted(
        path.relative_to(ROOT).as_posix()
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
    made = {out: one for one in STAGES for out in names(STAGES[one]["outs"])}
    found = {path: made.get(path) for path in names(STAGES[stage]["deps"]) if path in wanted}
    lacking = ", ".join(path for path in wanted if path not in found)
    assert found == wanted, f"deps of {stage} in dvc.yaml, to paste: {lacking}"


def test_the_plots_show_each_member():
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    lists = [y for plot in plots for held in plot.values() for y in held["y"].values()]
    drawn = [shown for shown in lists if isinstance(shown, list) and "blend" in shown]
    assert len(drawn) == 2
    assert all(set(MEMBERS) <= set(shown) for shown in drawn)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_declares_the_environment_of_steps(stage):
    assert "environments/steps.txt" in names(STAGES[stage]["deps"])


@pytest.mark.parametrize("stage", STAGES)
def test_each_path_in_a_command_is_a_dep_or_an_out(stage):
    words = STAGES[stage]["cmd"].split()
    paths = {word for before, word in itertools.pairwise(words) if before[:2] == "--"}
    held = names(
        [*STAGES[stage]["deps"], *STAGES[stage]["outs"], *STAGES[stage].get("metrics", [])]
    )
    assert all(path in held or any(h.startswith(path + "/") for h in held) for path in paths)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_has_its_own_section_of_params(stage):
    other = {"judge_promotion": "promotion", "decide_retraining": "retraining"}
    section = other.get(stage, stage)
    assert section in STAGES[stage]["params"]
    assert section in PARAMS
