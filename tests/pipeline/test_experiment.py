"""A run ends as an experiment that holds what `dvc exp run` would have put into it."""

import json
import sys
from pathlib import Path

import pytest
from parity import Both, cat, dvc_, make, stages, write
from small_git import commit, shell

from include.pipeline.closing.experiment import publish, ref
from include.pipeline.git.trees import commit_of
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run

SMALL = {
    "dvc.yaml": "metrics: [top.json]\n"
    + stages(
        fit={
            "cmd": "echo ${n} > model.txt && echo '{\"n\": ${n}}' > top.json",
            "outs": ["model.txt"],
        },
        judge={
            "cmd": "echo '{\"auc\": ${n}}' > m.json && cp model.txt report/p.csv && cp m.json note.md",
            "deps": ["model.txt"],
            "metrics": [{"m.json": {"cache": False}}],
            "plots": [{"report/p.csv": {"cache": False}}],
            "outs": [{"note.md": {"cache": False}}],
        },
    ),
    "params.yaml": "n: 1\n",
    "report/.keep": "",
    "code.py": "pass\n",
}


@pytest.fixture
def both(tmp_path) -> Both:
    return Both(make(tmp_path / "repo", SMALL))


def test_it_holds_the_outs_that_dvc_does_not_cache(both):
    clone, run, _ = both.agree({"n": 2})
    for path in ("m.json", "report/p.csv", "note.md", "top.json"):
        assert both.read(run, path) == (clone / path).read_text()
    names = shell(both.repo, "git", "ls-tree", "-r", "--name-only", both.tree(run)).split()
    assert not {"model.txt", ".dvc/config.local"} & {*names}


def test_its_metrics_are_those_that_the_run_made(both):
    run, _ = both.ours({"n": 2})
    shown = json.loads(shell(both.repo, sys.executable, "-m", "dvc", "exp", "show", "--json"))
    [found] = [e for base in shown for e in base["experiments"] or []]
    assert found["name"] == run.name
    data = found["revs"][0]["data"]
    assert data["metrics"]["m.json"]["data"] == {"auc": 2}
    assert data["metrics"]["top.json"]["data"] == {"n": 2}
    assert data["params"]["params.yaml"]["data"] == {"n": 2}


def test_it_is_what_dvc_exp_run_makes(both):
    run, _ = both.ours({"n": 2})
    dvc_(both.repo, "exp", "run", "--name", "theirs", "--set-param", "n=2", "--temp")
    theirs = shell(both.repo, "git", "rev-parse", f"{both.ref(run).rsplit('/', 1)[0]}/theirs")
    listed = [
        shell(both.repo, "git", "ls-tree", "-r", tree.strip()) for tree in (both.tree(run), theirs)
    ]
    ours, theirs = (set(text.splitlines()) for text in listed)
    # DVC itself leaves out the line that keeps the model out of git.
    assert [line.split("\t")[1] for line in ours ^ theirs] == [".gitignore"]


def test_a_second_run_with_outs_that_dvc_does_not_cache_has_nothing_to_do(both):
    first, _ = both.ours({"n": 2})
    again, did = both.ours({"n": 2})
    assert set(did.values()) == {"cached"}
    assert both.read(again, "m.json") == both.read(first, "m.json") == '{"auc": 2}\n'


def test_an_experiment_that_was_removed_is_run_again(both):
    run, _ = both.ours({"n": 2})
    dvc_(both.repo, "exp", "remove", run.name)
    shell(both.repo, "git", "gc", "--quiet", "--prune=now")
    again, did = both.ours({"n": 2})
    assert did["fit"] == "cached"
    assert both.read(again, "m.json") == '{"auc": 2}\n'


def test_what_was_applied_can_be_run_again(both):
    run, _ = both.ours({"n": 2})
    dvc_(both.repo, "exp", "apply", run.name)
    assert (both.repo / "m.json").read_text() == '{"auc": 2}\n'
    assert "/model.txt" in (both.repo / ".gitignore").read_text()
    status = shell(both.repo, "git", "status", "--porcelain", "--untracked-files=all")
    assert "model.txt" not in status
    again, did = both.ours()
    assert again.snapshot
    assert set(did.values()) == {"cached"}
    commit(both.repo)
    assert set(both.ours()[1].values()) == {"cached"}


def test_what_a_step_changes_of_what_git_tracks_is_in_it(both):
    body = {"cmd": "echo '# seen' >> code.py && echo 1 > a.txt", "outs": ["a.txt"]}
    write(both.repo, {"dvc.yaml": stages(fit=body)})
    commit(both.repo)
    _, run, _ = both.agree()
    assert both.read(run, "code.py") == "pass\n# seen\n"


def test_a_run_that_was_begun_anew_is_one_experiment_on_the_git_server(tmp_path):
    url, refs = str(tmp_path / "server.git"), []
    shell(tmp_path, "git", "init", "--quiet", "--bare", url)
    for worker in ("one", "two"):  # share no disk: neither knows what the other has saved
        repo = tmp_path / worker
        repo.mkdir()
        shell(repo, "git", "init", "--quiet")
        (repo / "code.py").write_text(worker)
        commit(repo)
        base, tree = (shell(repo, "git", "rev-parse", at).strip() for at in ("HEAD", "HEAD^{tree}"))
        for name in ("train.run", "train.other"):
            refs.append(ref(base, name))
            made = commit_of(repo, tree, f"by {worker}", base)
            shell(repo, "git", "update-ref", refs[-1], made)
            publish(Run("run", repo, repo, url=url, dag_id="train"), refs[-1])
            shell(repo, "git", "push", "--quiet", url, f"{made}:refs/heads/{worker}-{name}")
    listed = shell(Path(url), "git", "for-each-ref", "--format=%(refname)", "refs/exps").split()
    assert {*listed} == {*refs[2:]}


def test_a_stage_that_was_only_marked_is_not_good(both):
    run = both.open("one")
    reproduce(run, "fit", log=lambda line: None)
    with pytest.raises(Exception, match=r"1 stages of the run have no good result: judge\."):
        both.close(run)


def test_a_stage_whose_input_was_made_anew_since_is_not_good(tmp_path):
    dice = {"cmd": "date +%N > a.txt", "outs": ["a.txt"]}
    both = Both(make(tmp_path / "repo", {"dvc.yaml": stages(a=dice, b=cat("a.txt", out="b.txt"))}))
    run = both.open("one")
    for stage in run.stages:
        reproduce(run, stage, log=lambda line: None)
    (run.folder / "a.txt").unlink()
    # Cleared alone: the stage is made anew, and what follows it is as it was.
    path = run.folder / "dvc.yaml"
    path.write_text(path.read_text().replace("date", "date -u"))
    reproduce(run, "a", log=lambda line: None)
    with pytest.raises(Exception, match=r"1 stages of the run have no good result: b\."):
        both.close(run)
