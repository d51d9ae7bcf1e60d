"""The page on the assistant shows the graph as dvc.yaml has it, and every stage of it."""

import os
import re
from itertools import product
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/assistant.md").read_text()
STAGES = yaml.safe_load((ROOT / "include/assistant/dvc.yaml").read_text())["stages"]


def paths(stage: str, *kinds: str) -> list[str]:
    """Deps or outs of a stage, with or without options."""
    entries = [entry for kind in kinds for entry in STAGES[stage].get(kind, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def after() -> dict[str, set[str]]:
    """The stages that read what a stage makes, or a part of it."""
    read = {(dep, stage) for stage in STAGES for dep in paths(stage, "deps")}
    return {
        maker: {
            stage
            for dep, stage in read
            for out in paths(maker, "outs", "metrics")
            if os.path.commonpath([dep, out]) in (dep, out)
        }
        for maker in STAGES
    }


def all_after(edges: dict[str, set[str]], stage: str) -> set[str]:
    """The stages that need a stage, or what needs it."""
    return edges[stage].union(*(all_after(edges, one) for one in edges[stage]))


def test_its_drawing_has_the_edges_that_no_other_path_stands_for():
    edges = after()
    wanted = {
        (one, other)
        for one, others in edges.items()
        for other in others
        if not any(other in all_after(edges, between) for between in others)
    }
    drawing = PAGE.partition("flowchart LR\n")[2].partition("```")[0]
    lines = [[side.split("&") for side in line.split("-->")] for line in drawing.splitlines()]
    drawn = [
        (one.strip(), other.strip())
        for ones, others in lines
        for one, other in product(ones, others)
    ]
    assert len(drawn) == len({*drawn})
    assert {*drawn} == wanted


def test_its_table_names_each_stage():
    table = PAGE.partition("| stages | what they do |")[2].partition("\n\n")[0]
    assert {*re.findall(r"`(\w+)`", table)} & {*STAGES} == {*STAGES}
