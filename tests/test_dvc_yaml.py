"""dvc.yaml agrees with the code: what a stage imports and touches is what it declares."""

import ast
import itertools
from pathlib import Path

import pytest
import yaml

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
            file = module.with_suffix(".py")
            if file.exists() and file not in found:
                imported(file, found)
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_each_module_that_a_stage_imports_is_a_dep(stage):
    modules = imported(ROOT / f"include/flights/{stage}.py", set())
    deps = {ROOT / name for name in names(STAGES[stage]["deps"])}
    assert not [path for path in modules if not deps & {path, *path.parents}]


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
    assert stage in STAGES[stage]["params"]
    assert stage in PARAMS
