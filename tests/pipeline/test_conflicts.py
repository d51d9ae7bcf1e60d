"""What a merge left undecided is said to be that, wherever DVC is asked."""

from pathlib import Path

import pytest
from small_git import commit

from include.command.__main__ import main
from include.errors import PipelineError
from include.pipeline.opening.open_run import open_run
from include.pipeline.plan import load

SIDES = "<<<<<<< HEAD\nschema: '2.0'\n=======\nschema: '2.1'\n>>>>>>> theirs\n"
SAID = (
    "A merge left both sides in {}, and DVC can read neither.\n"
    "  Next: keep one side of each, without the lines <<<<<<<, ======= and >>>>>>>. Then run `dvc "
    "repro`, which sets dvc.lock right whichever side it is of, and commit."
)


@pytest.mark.parametrize("kept", [False, True], ids=["graph is read anew", "graph is kept"])
def test_a_lockfile_with_both_sides_of_a_merge_is_named(repo: Path, capsys, kept):
    if kept:
        load(repo)
    (repo / "dvc.lock").write_text(SIDES)
    for command in ("check", "status"):
        assert main(["--repo", str(repo), command]) == 1
        assert capsys.readouterr().err == f"{command}: {SAID.format('dvc.lock')}\n"
    commit(repo)
    with pytest.raises(PipelineError) as caught:
        open_run(repo, "one", params={}, targets=["."], plan_key=None, home=repo.parent / "home")
    assert str(caught.value) == SAID.format("dvc.lock")


def test_each_file_with_both_sides_is_named(repo: Path):
    (repo / "params.yaml").write_text(SIDES)
    (repo / "extra.yaml").write_text(SIDES)
    (repo / "raw.yaml").write_text("text: |\n  <<<<<<< HEAD\n")  # which is no mark
    with pytest.raises(PipelineError) as caught:
        load(repo)
    assert str(caught.value) == SAID.format("extra.yaml, params.yaml")


def test_what_else_dvc_cannot_read_keeps_its_word(repo: Path, capsys):
    load(repo)
    (repo / "dvc.lock").write_text("schema: '2.0'\nstages: [")
    assert main(["--repo", str(repo), "status"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"status: DVC cannot say what has changed in {repo}: ")
    assert err.endswith("\n  Next: mend it, then see that `dvc status` tells it.\n")
