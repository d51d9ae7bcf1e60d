"""A project may say how its model is tried; what is set already stays."""

from pathlib import Path

import pytest
from small_git import shell

from include.errors import PipelineError
from include.following.trial import tried
from include.pipeline.registry.declared import declared


def repo_with(folder: Path, module: str) -> Path:
    (folder / "mine.py").write_text(module)
    meta = "artifacts:\n  model: {path: m, meta: {trial: mine}}\n  other: {path: o}\n"
    (folder / "dvc.yaml").write_text(meta)
    shell(folder, "git", "init", "--quiet")
    shell(folder, "git", "add", ".")
    return folder


def test_its_variables_are_those_of_the_service(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, 'print(\'working\'); print(\'{"A": "1", "B": "2"}\')')
    assert tried(repo, declared(repo)["model"], {"B": "mine"}) == {"A": "1"}
    assert tried(repo, declared(repo)["other"], {}) == {}


def test_a_project_that_cannot_be_tried_is_served_all_the_same(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, "raise SystemExit(1)")
    about = declared(repo)["model"]
    assert tried(repo, about, {}) == {}
    repo_with(tmp_path, "print('nothing')")
    with pytest.raises(PipelineError, match="mine printed no variables: 'nothing'"):
        tried(repo, about, {})
