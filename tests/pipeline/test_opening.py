"""A run has what a clean clone has, or it is refused as it opens, and says what to do.

Long because each thing that a run can lack is a case on the same small repository.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from parity import Both, cat, dvc_, make, refused, stages, write
from small_git import AUTHOR, commit, shell

from include.pipeline.closing.close_run import close_run
from include.pipeline.names import run_name
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run

READS = stages(use=cat("data.csv", out="used.txt"))
N = {"params.yaml": "n: 1\n"}
SAYS = {"cmd": "echo ${n} > said.txt", "outs": ["said.txt"]}


def ends_well(both: Both, run: Run) -> dict[str, str]:
    did = {stage: reproduce(run, stage, log=lambda line: None).status for stage in run.stages}
    close_run(run, both.home)
    return did


def nothing_is_left(both: Both) -> bool:
    left = list((both.home / "runs").glob("*"))
    return not left and shell(both.repo, "git", "for-each-ref", "refs/leeway", "refs/exps") == ""


def test_a_dep_that_git_ignores_is_refused_as_the_run_opens(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, ".gitignore": "/data.csv\n"})
    write(repo, {"data.csv": "1\n"})
    dvc_(repo, "repro")
    commit(repo)
    both = Both(repo)
    for text in ("1\n", "2\n", None):  # as it was committed, changed, and removed
        (repo / "data.csv").unlink(missing_ok=True)
        if text:
            (repo / "data.csv").write_text(text)
        assert refused(lambda: both.open("one")) == (
            "What stages need cannot be had in a run: data.csv (stage 'use': git ignores it).\n"
            "  Next: commit it, `dvc add` it, or let a stage make it, for what only lies beside a "
            "commit is in no run; then trigger a new run."
        )
    assert nothing_is_left(both)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../outside.csv", "it lies outside of the repository"),
        ("/nowhere/data.csv", "it is not on this machine"),
        ("none.csv", "no commit holds it and no stage makes it"),
    ],
)
def test_a_dep_that_is_nowhere_in_a_clone_is_refused(tmp_path, path, why):
    (tmp_path / "outside.csv").write_text("1\n")
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(use=cat(path, out="used.txt"))})
    assert f"{path} (stage 'use': {why})." in refused(lambda: Both(repo).open("one"))


def test_a_dep_outside_that_is_on_this_machine_is_read_and_watched(tmp_path):
    (tmp_path / "outside.csv").write_text("1\n")
    outside = str(tmp_path / "outside.csv")
    both = Both(make(tmp_path / "repo", {"dvc.yaml": stages(use=cat(outside, out="used.txt"))}))
    assert both.agree()[2] == {"use": "ran"}
    assert both.agree()[2] == {"use": "cached"}
    (tmp_path / "outside.csv").write_text("2\n")
    assert both.agree()[2] == {"use": "ran"}


def test_a_link_that_leads_to_nothing_in_a_clone_is_refused(tmp_path):
    (tmp_path / "beside.csv").write_text("1\n")
    repo = make(tmp_path / "repo", {"dvc.yaml": READS})
    (repo / "data.csv").symlink_to("../beside.csv")
    commit(repo)
    assert refused(lambda: Both(repo).open("one")) == (
        "What stages need cannot be had in a run: data.csv (stage 'use': what it is a link to is in "
        "no run).\n  Next: commit a file in its place; then trigger a new run."
    )


def test_a_file_of_params_may_hold_dates(tmp_path):
    body = {"cmd": "cat a.toml b.yaml > a.txt", "outs": ["a.txt"]}
    body |= {"params": [{"a.toml": ["n"], "b.yaml": ["n"]}]}
    files = {"a.toml": "n = 1\nday = 2020-01-02\n", "b.yaml": "n: 1\nday: 2020-01-02\n"}
    both = Both(make(tmp_path / "repo", {"dvc.yaml": stages(use=body), **files}))
    assert both.agree()[2] == {"use": "ran"}
    assert both.agree({"b.yaml:n": 2})[2] == {"use": "ran"}


def test_a_file_of_params_that_git_ignores_is_refused(tmp_path):
    body = {"cmd": "cp local.yaml a.txt", "params": [{"local.yaml": ["n"]}], "outs": ["a.txt"]}
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(use=body), ".gitignore": "/local.yaml\n"})
    write(repo, {"local.yaml": "n: 1\n"})
    dvc_(repo, "repro")
    commit(repo)
    assert "local.yaml (stage 'use': git ignores it)" in refused(lambda: Both(repo).open("one"))


def test_a_file_of_vars_that_git_ignores_is_refused(tmp_path):
    body = {"cmd": "echo ${k} > a.txt", "outs": ["a.txt"]}
    graph = "vars: [local.yaml]\n" + stages(use=body)
    repo = make(tmp_path / "repo", {"dvc.yaml": graph, ".gitignore": "/local.yaml\n"})
    write(repo, {"local.yaml": "k: 1\n"})
    said = refused(lambda: Both(repo).open("one"))
    assert "graph of the run's commit: failed to parse 'vars' in 'dvc.yaml': 'local.yaml' " in said
    assert "commit what it needs, for what git ignores is in no run; then trigger" in said


def test_a_frozen_stage_reads_nothing_that_could_be_absent(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, ".gitignore": "/data.csv\n"})
    write(repo, {"data.csv": "1\n"})
    dvc_(repo, "repro")
    dvc_(repo, "freeze", "use")
    commit(repo)
    (repo / "data.csv").unlink()
    assert Both(repo).agree()[2] == {"use": "cached"}


def added(tmp_path: Path) -> Both:
    """A repository whose data was added to DVC."""
    repo = make(tmp_path / "repo", {"dvc.yaml": READS})
    write(repo, {"data.csv": "1\n"})
    dvc_(repo, "add", "data.csv")
    commit(repo)
    return Both(repo)


def test_data_that_neither_the_cache_nor_a_remote_has_is_refused(tmp_path):
    both = added(tmp_path)
    shutil.rmtree(both.repo / ".dvc/cache")
    assert refused(lambda: both.open("one")) == (
        "What stages need cannot be had in a run: data.csv (stage 'data.csv.dvc': neither the cache "
        "nor a remote has it).\n  Next: `dvc push` it from where it is; then trigger a new run."
    )


def test_an_imported_file_that_nobody_has_is_refused(tmp_path):
    write(tmp_path, {"there.csv": "1\n"})
    repo = make(tmp_path / "repo", {"dvc.yaml": READS})
    dvc_(repo, "import-url", str(tmp_path / "there.csv"), "data.csv")
    commit(repo)
    shutil.rmtree(repo / ".dvc/cache")
    said = "data.csv (stage 'data.csv.dvc': neither the cache nor a remote has it)"
    assert said in refused(lambda: Both(repo).open("one"))


def test_a_file_of_another_repository_is_fetched_from_there(tmp_path):
    there = make(tmp_path / "there", {"data.csv": "1\n"})
    repo = make(tmp_path / "repo", {"dvc.yaml": READS})
    dvc_(repo, "import", str(there), "data.csv")
    commit(repo)
    shutil.rmtree(repo / ".dvc/cache")
    both = Both(repo)
    assert ends_well(both, both.open("one"))["use"] == "ran"


def test_an_out_goes_to_and_comes_from_the_remote_that_it_names(tmp_path):
    body = {"cmd": "echo ${n} > a.txt", "outs": [{"a.txt": {"remote": "own"}}]}
    use = {"cmd": "cat a.txt a.txt > used.txt", "deps": ["a.txt"], "outs": ["used.txt"]}
    graph = stages(make=body, use=use)
    repo = make(tmp_path / "repo", {**N, "dvc.yaml": graph})
    dvc_(repo, "remote", "add", "own", str(tmp_path / "own"))
    dvc_(repo, "repro")
    commit(repo)
    both = Both(repo)
    assert ends_well(both, both.open("one", {"n": 2})) == {"make": "ran", "use": "ran"}
    dvc_(repo, "push", "make")
    shutil.rmtree(repo / ".dvc/cache")
    # The remote has 1 of the commit and 2 of the run; used.txt is in none, and is made again.
    assert len([*(tmp_path / "own").rglob("files/md5/*/*")]) == 2
    assert ends_well(both, both.open("two")) == {"make": "cached", "use": "ran"}
    assert ends_well(both, both.open("three", {"n": 2})) == {"make": "cached", "use": "ran"}


def test_data_that_only_the_remote_has_is_fetched_when_it_is_needed(tmp_path):
    both = added(tmp_path)
    remote = tmp_path / "remote"
    dvc_(both.repo, "remote", "add", "-d", "store", str(remote))
    commit(both.repo)
    dvc_(both.repo, "push")
    shutil.rmtree(both.repo / ".dvc/cache")
    run = both.open("one")
    assert run.unchanged == ("data.csv.dvc",)
    assert not list((both.repo / ".dvc/cache").rglob("files/md5/*/*"))
    assert ends_well(both, run) == {"data.csv.dvc": "cached", "use": "ran"}
    assert both.out(run, "used.txt") == "1\n"


@pytest.mark.parametrize("folder", [False, True], ids=["a file", "a folder"])
def test_a_result_that_only_the_remote_has_is_not_made_again(tmp_path, folder):
    cmd = "mkdir d && cp data.csv d/x && date +%N >> d/x"
    files = {"dvc.yaml": stages(use={"cmd": cmd, "deps": ["data.csv"], "outs": ["d"]})}
    files = files if folder else {"dvc.yaml": READS}
    repo = make(tmp_path / "repo", {**files, "data.csv": "1\n"})
    dvc_(repo, "remote", "add", "-d", "store", str(tmp_path / "remote"))
    dvc_(repo, "repro")
    dvc_(repo, "push")
    commit(repo)
    shutil.rmtree(repo / ".dvc/cache")
    both = Both(repo)
    run = both.open("one")
    assert run.unchanged == ("use",)
    assert ends_well(both, run) == {"use": "cached"}


FOREACH = {
    "dvc.yaml": stages(
        fit={
            "foreach": "${models}",
            "do": {"cmd": "echo ${item} > ${item}.txt", "outs": ["${item}.txt"]},
        },
        all={"cmd": "cat [a-z].txt > all.txt || true", "deps": ["a.txt"], "outs": ["all.txt"]},
    ),
    "params.yaml": "models: [a, b]\n",
}


def drawn(both: Both) -> dict[str, set[str]]:
    """The graph as a DAG knows it: each stage, and all that it waits for."""
    from include.pipeline.plan import load

    found: dict[str, set[str]] = {}
    for stage in load(both.repo).stages:
        found[stage.name] = {*stage.upstream}.union(*(found[name] for name in stage.upstream))
    return found


def test_a_value_that_takes_a_stage_out_of_the_graph_leaves_it_out(tmp_path):
    both = Both(make(tmp_path / "repo", FOREACH))
    run = both.open("one", {"models": ["a"]}, drawn=drawn(both))
    assert run.stages == ("fit@a", "all")
    gone = reproduce(run, "fit@b", log=lambda line: None)
    assert (gone.status, gone.why) == (
        "left out",
        ("the values of this run leave it out of the graph",),
    )
    assert ends_well(both, run) == {"fit@a": "ran", "all": "ran"}
    clone = both.plain({"models": ["a"]})
    assert both.read(run, "dvc.lock") == (clone / "dvc.lock").read_text()


def test_a_value_that_adds_a_stage_is_refused(tmp_path):
    both = Both(make(tmp_path / "repo", FOREACH))
    assert refused(lambda: both.open("one", {"models": ["a", "c"]}, drawn=drawn(both))) == (
        "The values of this run add stages that the DAG does not have: fit@c.\n"
        "  Next: commit these values, wait until the graph is read again, and trigger a new run "
        "without them; or trigger one with other values."
    )
    assert nothing_is_left(both)
    assert both.open("one", {"models": ["a", "c"]}).stages == ("fit@a", "fit@c", "all")


def test_a_value_that_turns_an_edge_round_is_refused(tmp_path):
    files = {
        "dvc.yaml": stages(
            one={"cmd": "echo 1 > one.txt", "outs": ["one.txt"], "deps": ["${first}"]},
            two={"cmd": "echo 2 > two.txt", "outs": ["two.txt"], "deps": ["${second}"]},
        ),
        "params.yaml": "first: src.txt\nsecond: one.txt\n",
        "src.txt": "s\n",
    }
    both = Both(make(tmp_path / "repo", files))
    values = {"first": "two.txt", "second": "src.txt"}
    assert "stage 'one' needs two, which the DAG does not run before it" in refused(
        lambda: both.open("one", values, drawn=drawn(both))
    )


def test_a_value_that_names_a_file_is_run(tmp_path):
    files = {
        "dvc.yaml": stages(
            one={"cmd": "echo 1 > ${name}.txt", "outs": ["${name}.txt"]},
            two=cat("${name}.txt", out="two.txt"),
        ),
        "params.yaml": "name: a\n",
    }
    both = Both(make(tmp_path / "repo", files))
    both.agree()
    assert both.agree({"name": "b"})[2] == {"one": "ran", "two": "ran"}


def test_a_value_with_which_there_is_no_graph_is_refused(tmp_path):
    both = Both(make(tmp_path / "repo", FOREACH))
    said = refused(lambda: both.open("one", {"models": ["a", {"b": 1}]}))
    assert said.startswith("DVC cannot resolve the graph with the values of this run: ")
    assert said.endswith("\n  Next: trigger a new run with other values.")
    assert nothing_is_left(both)


def test_a_submodule_is_there_with_its_files(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    shell(inner, "git", "init", "--quiet")
    write(inner, {"lib.txt": "of the submodule\n"})
    commit(inner)
    use = {"cmd": "cat lib/lib.txt src.txt > used.txt", "deps": ["lib", "src.txt"]}
    files = {"dvc.yaml": stages(use={**use, "outs": ["used.txt"]}), "src.txt": "s\n"}
    repo = make(tmp_path / "repo", files)
    allowed = ("-c", "protocol.file.allow=always")
    shell(repo, "git", *allowed, "submodule", "--quiet", "add", str(inner), "lib")
    commit(repo)
    both = Both(repo)
    run = both.open("one")
    assert (run.folder / "lib/lib.txt").read_text() == "of the submodule\n"
    assert ends_well(both, run) == {"use": "ran"}
    assert both.out(run, "used.txt") == "of the submodule\ns\n"
    # What is changed in it is in no commit of the repository, which could hold a snapshot.
    write(repo / "lib", {"lib.txt": "changed\n"})
    assert refused(lambda: both.open("two")) == (
        "The submodule lib holds changes that are in no commit of it.\n"
        "  Next: commit them in the submodule, then trigger a new run."
    )
    shell(repo / "lib", "git", *AUTHOR, "commit", "--quiet", "-am", "change")
    assert (both.open("three").folder / "lib/lib.txt").read_text() == "changed\n"


def test_a_submodule_that_nobody_fetched_is_refused_if_a_stage_needs_it(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    shell(inner, "git", "init", "--quiet")
    write(inner, {"lib.txt": "x\n"})
    commit(inner)
    files = {"dvc.yaml": stages(use=cat("lib", out="a.txt"), other=cat("src.txt", out="b.txt"))}
    first = make(tmp_path / "first", {**files, "src.txt": "s\n"})
    allowed = ("-c", "protocol.file.allow=always")
    shell(first, "git", *allowed, "submodule", "--quiet", "add", str(inner), "lib")
    commit(first)
    repo = tmp_path / "repo"
    shell(tmp_path, "git", "clone", "--quiet", str(first), str(repo))
    assert refused(lambda: Both(repo).open("one")) == (
        "What stages need cannot be had in a run: lib (stage 'use': its submodule is empty).\n"
        "  Next: run `git submodule update --init --recursive` in the repository; "
        "then trigger a new run."
    )
    assert Both(repo, ["other"]).ours()[1] == {"other": "ran"}


def test_a_repository_inside_another_is_there_with_its_files(tmp_path):
    use = {"cmd": "cat lib/lib.txt > used.txt", "deps": ["lib"], "outs": ["used.txt"]}
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(use=use)})
    (repo / "lib").mkdir()
    shell(repo / "lib", "git", "init", "--quiet")
    write(repo / "lib", {"lib.txt": "of the other\n"})
    commit(repo / "lib")
    commit(repo)
    run, did = Both(repo).ours()
    assert did == {"use": "ran"}
    assert Both(repo).out(run, "used.txt") == "of the other\n"


needs_lfs = pytest.mark.skipif(not shutil.which("git-lfs"), reason="needs git-lfs")


@pytest.fixture
def lfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    """A repository that holds its data by LFS, set up in this repository alone."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    files = {"dvc.yaml": READS, ".gitattributes": "*.csv filter=lfs diff=lfs merge=lfs -text\n"}
    repo = make(tmp_path / "repo", files)
    shell(repo, "git", "lfs", "install", "--local")
    write(repo, {"data.csv": "1\n"})
    commit(repo)
    assert "git-lfs" in shell(repo, "git", "show", "HEAD:data.csv")
    return Both(repo)


@needs_lfs
def test_a_file_of_lfs_is_there_and_not_its_pointer(lfs):
    run, did = lfs.ours()
    assert did == {"use": "ran"}
    assert lfs.out(run, "used.txt") == "1\n"


@needs_lfs
def test_a_pointer_of_lfs_is_refused(lfs):
    for name in ("smudge", "clean", "process"):
        shell(lfs.repo, "git", "config", "--unset-all", f"filter.lfs.{name}")
    shell(lfs.repo, "git", "config", "--unset-all", "filter.lfs.required")
    (lfs.repo / "data.csv").unlink()
    shell(lfs.repo, "git", "checkout", "--", "data.csv")
    assert refused(lambda: lfs.open("one")) == (
        "What stages need cannot be had in a run: data.csv (stage 'use': it is a pointer of LFS).\n"
        "  Next: run `git lfs install` and `git lfs pull` in the repository; then trigger a new run."
    )


@pytest.fixture
def monorepo(tmp_path: Path) -> Both:
    """Two DVC repositories and common code in one repository of git's."""
    top = tmp_path / "top"
    write(top, {"common/code.txt": "common\n"})
    shell(top, "git", "init", "--quiet")
    for name in ("one", "two"):
        folder = top / "projects" / name
        folder.mkdir(parents=True)
        dvc_(folder, "init", "--subdir", "--quiet")
        write(
            folder,
            {
                "dvc.yaml": stages(
                    use={
                        "cmd": "cat ../../common/code.txt params.yaml > used.txt && wc -c < used.txt > m.json",
                        "deps": ["../../common/code.txt"],
                        "params": ["n"],
                        "outs": ["used.txt"],
                        "metrics": [{"m.json": {"cache": False}}],
                    }
                ),
                **N,
            },
        )
    commit(top)
    return Both(top / "projects/one")


def test_a_dvc_repository_below_that_of_git_runs_with_what_lies_beside_it(monorepo):
    run, did = monorepo.ours({"n": 2})
    assert did == {"use": "ran"}
    assert run.folder == run.top / "projects/one"
    assert monorepo.read(run, "projects/one/m.json") == "12\n"
    shown = dvc_(monorepo.repo, "exp", "show", "--csv")
    assert run.name in shown
    assert monorepo.ours({"n": 2})[1] == {"use": "cached"}
    assert list((monorepo.home / "runs").iterdir()) == []
    # A change of the common code, that nobody committed, is in the run as well.
    write(monorepo.repo, {"../../common/code.txt": "another\n"})
    again, did = monorepo.ours({"n": 2})
    assert (again.snapshot, did) == (True, {"use": "ran"})


def test_a_shallow_clone_with_a_changed_tree_runs(tmp_path):
    first = make(tmp_path / "first", {"dvc.yaml": READS, "data.csv": "1\n"})
    write(first, {"data.csv": "2\n"})
    commit(first)
    repo = tmp_path / "repo"
    shell(tmp_path, "git", "clone", "--quiet", "--depth", "1", f"file://{first}", str(repo))
    write(repo, {"data.csv": "changed\n"})
    both = Both(repo)
    run, did = both.ours()
    assert (run.snapshot, did) == (True, {"use": "ran"})


def test_a_worktree_runs(tmp_path):
    first = make(tmp_path / "first", {"dvc.yaml": READS, "data.csv": "1\n"})
    shell(first, "git", "worktree", "add", "--quiet", str(tmp_path / "repo"))
    assert Both(tmp_path / "repo").ours()[1] == {"use": "ran"}


def test_gc_takes_nothing_from_a_run(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n"})
    write(repo, {"data.csv": "not committed\n"})
    both = Both(repo)
    run = both.open("one")
    assert run.snapshot
    shell(repo, "git", *AUTHOR, "commit", "--quiet", "--amend", "-am", "another")
    shell(repo, "git", "reflog", "expire", "--expire=now", "--all")
    shell(repo, "git", "gc", "--quiet", "--prune=now")
    assert ends_well(both, run) == {"use": "ran"}
    assert shell(repo, "git", "for-each-ref", "refs/leeway") == ""


def test_outs_that_nothing_keeps_out_of_git_are_in_no_snapshot(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n"})
    dvc_(repo, "repro")
    (repo / ".gitignore").unlink()
    both = Both(repo)
    run, did = both.ours()
    assert (run.snapshot, did) == (True, {"use": "cached"})
    assert "used.txt" not in shell(repo, "git", "ls-tree", "--name-only", run.commit).split()


def test_the_folder_that_dvc_plots_show_leaves_makes_no_snapshot(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n"})
    write(repo, {"dvc_plots/index.html": "<p>"})
    assert not Both(repo).open("one").snapshot


UNSEEN = pytest.mark.parametrize("told", ["--skip-worktree", "--assume-unchanged"])


@UNSEEN
def test_a_change_that_git_is_not_to_see_is_in_no_snapshot_and_the_run_says_so(tmp_path, told):
    files = {"data.csv": "1\n", "my.cfg": "shared\n", "same.cfg": "same\n"}
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, **files})
    shell(repo, "git", "update-index", told, "my.cfg", "same.cfg")
    write(repo, {"my.cfg": "a password\n", "data.csv": "2\n"})
    (repo / "same.cfg").touch()
    run = Both(repo).open("one")
    assert (run.folder / "data.csv").read_text() == "2\n"
    assert (run.folder / "my.cfg").read_text() == "shared\n"
    assert run.left == {"my.cfg": "git was told not to see its change"}
    assert shell(repo, "git", "ls-files", "-v", "my.cfg")[0] in "Sh"


@UNSEEN
def test_a_dep_with_a_change_that_git_is_not_to_see_is_as_it_was_committed(tmp_path, told):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n"})
    shell(repo, "git", "update-index", told, "data.csv")
    write(repo, {"data.csv": "2\n"})
    both = Both(repo)
    run, did = both.ours()
    assert (did, both.out(run, "used.txt")) == ({"use": "ran"}, "1\n")
    assert [*run.left] == ["data.csv"]


def test_what_a_sparse_checkout_leaves_out_is_no_change(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n", "other/a.txt": "a\n"})
    shell(repo, "git", "sparse-checkout", "set", "--no-cone", "/*", "!/other")
    assert not (repo / "other").exists()
    run = Both(repo).open("one")
    assert (run.folder / "data.csv").read_text() == "1\n"
    assert run.left == {}


@UNSEEN
def test_params_with_a_change_that_git_is_not_to_see_say_how_to_let_it_be_seen(tmp_path, told):
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(say=SAYS), **N})
    shell(repo, "git", "update-index", told, "params.yaml")
    write(repo, {"params.yaml": "n: 22\n"})
    both = Both(repo)
    head = shell(repo, "git", "rev-parse", "HEAD")[:10]
    assert refused(lambda: both.open("one")) == (
        f"The graph of commit {head} is not the one that this run was drawn from: it lacks what "
        "the working tree has of params.yaml (git was told not to see its change).\n"
        "  Next: let git see it (`git update-index --no-skip-worktree`, and "
        "`--no-assume-unchanged`); then trigger a new run."
    )
    assert nothing_is_left(both)
    for word in ("--no-skip-worktree", "--no-assume-unchanged"):
        shell(repo, "git", "update-index", word, "params.yaml")
    assert (both.open("one").folder / "params.yaml").read_text() == "n: 22\n"


def test_new_params_that_are_not_pushed_unasked_say_how_they_can_be(tmp_path):
    says = {**SAYS, "params": [{"mine.yaml": ["m"]}]}
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(say=says), **N})
    write(repo, {"mine.yaml": "m: 1\n"})
    said = refused(lambda: Both(repo).open("one", url="file:///nowhere"))
    assert "lacks what the working tree has of mine.yaml (git does not hold it, and no" in said
    assert "Next: commit it, or set AIRFLOW__LEEWAY__PUSH_UNTRACKED to True; then" in said


@pytest.mark.parametrize("eol", ["\n", "\r\n"], ids=["as committed", "as git checks out"])
def test_a_repository_whose_line_ends_git_changes_runs(tmp_path, eol):
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(say=SAYS), **N})
    shell(repo, "git", "config", "core.autocrlf", "true")
    for name in ("dvc.yaml", "params.yaml"):
        (repo / name).write_bytes((repo / name).read_bytes().replace(b"\n", eol.encode()))
    both = Both(repo)
    run = both.open("one", {"n": 2})
    assert run.left == {}
    assert ends_well(both, run) == {"say": "ran"}


def test_what_is_staged_is_in_the_snapshot_though_git_ignores_it_else(tmp_path):
    files = {"dvc.yaml": READS, "data.csv": "1\n", ".gitignore": "*.private\n"}
    repo = make(tmp_path / "repo", files)
    write(repo, {"a.private": "a\n", "b.private": "b\n"})
    shell(repo, "git", "add", "--force", "a.private")
    run = Both(repo).open("one")
    assert [path.name for path in run.folder.glob("*.private")] == ["a.private"]
    assert shell(repo, "git", "status", "--porcelain") == "A  a.private\n"


FOLDER = stages(
    use={"cmd": "cat data/* | wc -l > used.txt", "deps": ["data"], "outs": ["used.txt"]}
)


def test_a_file_that_git_ignores_in_a_folder_that_a_stage_reads_refuses_the_run(tmp_path):
    files = {"dvc.yaml": FOLDER, "data/.gitignore": "*.csv\n", "data/kept.txt": "1\n"}
    both = Both(make(tmp_path / "repo", files))
    both.ours()
    write(both.repo, {"data/a.csv": "1\n2\n"})
    assert refused(lambda: both.open("one")) == (
        "What stages need cannot be had in a run: data/a.csv (stage 'use': git ignores it, in a "
        "folder that a stage reads).\n  Next: commit it, `dvc add` it, or name it in .dvcignore if "
        "no step reads it; then trigger a new run."
    )
    write(both.repo, {".dvcignore": "*.csv\n"})
    commit(both.repo)
    both.agree()


def test_what_tools_leave_in_a_folder_and_outs_in_it_refuse_no_run(tmp_path):
    graph = stages(
        make={"cmd": "echo 1 > data/made.txt", "outs": ["data/made.txt"]},
        use={"cmd": "cat data/*.txt > used.txt", "deps": ["data"], "outs": ["used.txt"]},
    )
    files = {"dvc.yaml": graph, "data/kept.txt": "1\n", ".gitignore": "*.pyc\n__pycache__/\n"}
    both = Both(make(tmp_path / "repo", files))
    both.ours()
    dvc_(both.repo, "repro")
    write(both.repo, {"data/__pycache__/x.pyc": "", "data/y.pyc": ""})
    assert both.open("one").stages == ("make", "use")


@pytest.mark.parametrize("added", ["data", "data/a.csv"], ids=["a folder", "a file"])
def test_added_data_that_was_edited_since_refuses_the_run(tmp_path, added):
    repo = make(tmp_path / "repo", {"dvc.yaml": FOLDER})
    write(repo, {"data/a.csv": "1\n"})
    dvc_(repo, "add", added)
    commit(repo)
    both = Both(repo)
    both.agree()
    write(repo, {"data/a.csv": "1\n2\n"})
    assert refused(lambda: both.open("one")) == (
        f"What stages need cannot be had in a run: {added} (stage 'use': the working tree has "
        "another).\n  Next: `dvc add` it or `dvc checkout` it; then trigger a new run."
    )
    dvc_(repo, "add", added)
    commit(repo)
    assert both.ours()[1]["use"] == "ran"
    shutil.rmtree(repo / "data")  # what is not there is in the cache
    shell(repo, "git", "checkout", "--quiet", ".")
    both.open("two")


@pytest.mark.parametrize(
    ("targets", "names"),
    [
        ([], ["a", "b"]),
        (["dvc.yaml"], ["a", "b"]),
        (["sub/dvc.yaml"], ["a", "sub/dvc.yaml:c"]),
        (["sub"], ["a", "sub/dvc.yaml:c", "sub/deep/dvc.yaml:d"]),
        (["sub/deep/"], ["sub/deep/dvc.yaml:d"]),
        (["."], ["a", "b", "sub/dvc.yaml:c", "sub/deep/dvc.yaml:d"]),
        (["dvc.yaml:b"], ["b"]),
    ],
    ids=lambda value: str(value[:1]),
)
def test_targets_are_those_of_dvc_repro(tmp_path, targets, names):
    files = {
        "dvc.yaml": stages(
            a={"cmd": "echo > a", "outs": ["a"]}, b={"cmd": "echo > b", "outs": ["b"]}
        ),
        "sub/dvc.yaml": stages(c={"cmd": "echo > c", "deps": ["../a"], "outs": ["c"]}),
        "sub/deep/dvc.yaml": stages(d={"cmd": "echo > d", "outs": ["d"]}),
    }
    both = Both(make(tmp_path / "repo", files), targets)
    assert sorted(both.open("one").stages) == sorted(names)


def test_a_frozen_target_does_not_run_what_it_needs(tmp_path):
    files = {
        "dvc.yaml": stages(
            a={"cmd": "echo ${n} > a", "outs": ["a"]}, b={**cat("a", out="b"), "frozen": True}
        ),
        **N,
    }
    repo = make(tmp_path / "repo", files)
    dvc_(repo, "unfreeze", "b")
    dvc_(repo, "repro")
    dvc_(repo, "freeze", "b")
    commit(repo)
    both = Both(repo, ["b"])
    assert both.agree()[2] == {"b": "cached"}
    both.targets = []
    assert both.agree({"n": 2})[2] == {"a": "ran", "b": "cached"}


def test_without_a_dvc_yaml_at_the_root_targets_are_asked_for(tmp_path):
    files = {"sub/dvc.yaml": stages(c={"cmd": "echo > c", "outs": ["c"]})}
    repo = make(tmp_path / "repo", files)
    assert refused(lambda: Both(repo).open("one")) == (
        "There is no dvc.yaml with stages at the root, which `dvc repro` takes by itself.\n"
        "  Next: name targets: stages, their files or folders; '.' is all."
    )


def test_ids_that_look_alike_are_runs_of_their_own(tmp_path):
    both = Both(make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n"}))
    runs = [both.open(run_id) for run_id in ("a b", "a:b", "a-b", "ä", "ö")]
    runs += [both.open("b.c", dag_id="a"), both.open("c", dag_id="a.b")]
    assert len({run.top for run in runs}) == len(runs)
    for run in runs:
        ends_well(both, run)
    found = shell(both.repo, "git", "for-each-ref", "--format=%(refname:lstrip=4)", "refs/exps")
    assert set(found.split()) == {run.name for run in runs}


def test_names_say_whose_they_are():
    assert run_name("flights", "manual__2026-11-29T08:12:33.5+00:00_x") == (
        "flights.manual__2026-11-29T081233.5+0000_x"
    )
    plain = run_name("flights", "a b")
    assert plain.startswith("flights.a-b-")
    assert run_name("flights", plain.removeprefix("flights.")) != plain
    assert run_name("flights", "x" * 300) != run_name("flights", "x" * 301)
    assert len(run_name("ü" * 200, "x" * 300)) < 160


def test_a_step_finds_tags_and_commits_as_in_any_clone(tmp_path):
    body = {"cmd": "git describe --tags > a.txt", "outs": ["a.txt"], "always_changed": True}
    repo = make(tmp_path / "repo", {"dvc.yaml": stages(say=body)})
    shell(repo, "git", *AUTHOR, "tag", "-a", "v1", "-m", "v1")
    run, _ = Both(repo).ours()
    assert Both(repo).out(run, "a.txt") == "v1\n"


def test_no_hook_and_no_setting_of_the_user_is_touched(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": READS, "data.csv": "1\n"})
    before = (repo / ".git/config").read_bytes(), (repo / ".git/index").read_bytes()
    write(repo, {"data.csv": "changed\n"})
    Both(repo).ours()
    assert ((repo / ".git/config").read_bytes(), (repo / ".git/index").read_bytes()) == before
    assert os.listdir(repo / ".git/worktrees") == [] if (repo / ".git/worktrees").exists() else True
    assert (
        subprocess.run(["git", "-C", repo, "fsck"], check=False, capture_output=True).returncode
        == 0
    )
