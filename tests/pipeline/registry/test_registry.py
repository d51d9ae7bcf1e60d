"""What is live, was live, and was made from what is in git's tags, as gto reads them.

Long because each way in which tags come about is a case of one reading.
"""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from parity import dvc_
from small_git import shell

from include.errors import PipelineError
from include.pipeline.registry import turns
from include.pipeline.registry.tags import Registry, read, used
from include.pipeline.registry.turns import Overtaken, Place
from include.pipeline.registry.writing import act, promote, register, roll_back

GTO = (str(Path(sys.executable).with_name("gto")),)


def stages(registry: Registry) -> dict[str, list[str]]:
    return {version.name: registry.stages(version) for version in registry.versions}


def live(registry: Registry, on: datetime | None = None) -> str | None:
    version = registry.live(on=on)
    return version.name if version else None


def test_an_experiment_gets_the_next_version_once(repo):
    assert [register(repo, "model", name).name for name in ("slow", "quick", "slow")] == [
        "v0.0.1",
        "v0.0.2",
        "v0.0.1",
    ]
    assert register(repo, "model", "wild", name="v1.0.0").name == "v1.0.0"
    assert stages(read(repo, "model")) == {"v0.0.1": [], "v0.0.2": [], "v1.0.0": []}


def test_versions_are_listed_by_their_numbers(repo):
    for experiment, name in {"slow": "v0.0.10", "quick": "v0.0.9", "wild": "v0.1.0"}.items():
        register(repo, "model", experiment, name=name)
    assert list(stages(read(repo, "model"))) == ["v0.0.9", "v0.0.10", "v0.1.0"]


def test_a_version_knows_its_data_params_environment_and_metrics(repo):
    made = read(repo, "model").made(register(repo, "model", "quick"))
    lock = shell(repo, "git", "show", "refs/exps/{}".format(ref(repo, "quick")) + ":dvc.lock")
    assert made["hash"] in lock
    assert (made["experiment"], made["path"], made["stage"]) == ("quick", "model.bin", "train")
    assert made["params"] == {"train": {"params.yaml": {"rate": 2}}}
    assert made["metrics"] == {"metrics.json": {"auc": 0.75}}
    assert made["environment"] == {
        "environments/steps.txt": made["files"]["environments/steps.txt"]
    }
    # What comes after the model is no part of it.
    assert sorted(made["files"]) == [
        "data",
        "data/2013-06.txt",
        "data/2013-07.txt",
        "environments/steps.txt",
        "metrics.json",
        "model.bin",
        "parts",
        "parts/2013-06.txt",
        "parts/2013-07.txt",
    ]


def ref(repo: Path, name: str) -> str:
    found = shell(
        repo, "git", "for-each-ref", "--format=%(refname:lstrip=2)", f"refs/exps/*/*/{name}"
    )
    return found.strip()


def test_a_hash_or_a_file_finds_the_versions_made_from_it(three):
    registry = read(three, "model")
    june = registry.made(registry.version("v0.0.1"))["files"]["data/2013-06.txt"]
    names = ["data/2013-06.txt", "parts/2013-06.txt"]
    assert used(registry, june) == used(registry, june[:8])
    assert used(registry, june) == dict.fromkeys(("v0.0.1", "v0.0.2", "v0.0.3"), names)
    assert used(registry, "data/2013-06.txt").keys() == {"v0.0.1", "v0.0.2", "v0.0.3"}
    model = registry.made(registry.version("v0.0.2"))["hash"]
    assert used(registry, model) == {"v0.0.2": ["model.bin"]}
    assert used(registry, june[:5]) == {}  # too short to mean one


def test_the_champion_of_a_moment_is_the_last_one_until_then(three):
    for version in ("v0.0.1", "v0.0.3", "v0.0.2"):
        promote(three, "model", version, "champion")
    registry = read(three, "model")
    moments = [act.at for act in registry.acts]
    assert moments == sorted(set(moments))  # gto knows the last by its time alone
    before = moments[0] - timedelta(seconds=1)
    assert [live(registry, on) for on in (before, *moments)] == [None, "v0.0.1", "v0.0.3", "v0.0.2"]


def test_a_challenger_that_becomes_champion_is_no_challenger_any_more(three):
    promote(three, "model", "v0.0.1", "challenger")
    assert stages(read(three, "model"))["v0.0.1"] == ["challenger"]
    promote(three, "model", "v0.0.1", "champion")
    promote(three, "model", "v0.0.2", "challenger")
    assert stages(read(three, "model")) == {
        "v0.0.1": ["champion"],
        "v0.0.2": ["challenger"],
        "v0.0.3": [],
    }


def test_gto_and_dvc_read_the_same(three, tmp_path):
    promote(three, "model", "v0.0.1", "challenger")
    promote(three, "model", "v0.0.1", "champion")
    promote(three, "model", "v0.0.3", "champion", because="better")
    promote(three, "model", "v0.0.2", "challenger")
    roll_back(three, "model")
    shown = json.loads(shell(three, *GTO, "show", "--json", "--repo", str(three)))
    assert shown["model"]["version"] == "v0.0.3"
    now = {name: held for name, held in shown["model"]["stage"].items() if held != "-"}
    assert now == {"champion": "v0.0.1", "challenger": "v0.0.2"}
    assert stages(read(three, "model")) == {
        "v0.0.1": ["champion"],
        "v0.0.2": ["challenger"],
        "v0.0.3": [],
    }
    words = ("artifacts", "get", str(three), "model", "--stage", "champion", "--out")
    dvc_(tmp_path, *words, str(tmp_path / "got"))
    assert (tmp_path / "got").read_text() == "June\nJuly\nrate: 1\n"
    acts = shell(three, *GTO, "history", "--json", "--repo", str(three))
    assert len(json.loads(acts)) == 3 + 6  # versions, and acts


def test_a_version_outlives_its_experiment(three, tmp_path):
    promote(three, "model", "v0.0.1", "champion")
    dvc_(three, "exp", "remove", "slow", "quick", "wild")
    shell(three, "git", "gc", "--quiet", "--prune=now")
    dvc_(three, "gc", "--all-tags", "--force")
    words = ("artifacts", "get", str(three), "model", "--stage", "champion", "--out")
    dvc_(tmp_path, *words, str(tmp_path / "got"))
    assert (tmp_path / "got").read_text() == "June\nJuly\nrate: 1\n"


def test_what_gto_wrote_is_read(repo):
    sha = shell(repo, "git", "rev-parse", f"refs/exps/{ref(repo, 'slow')}").strip()
    words = ("--repo", str(repo), "model", sha)
    shell(repo, *GTO, "register", *words, "--version", "v2.0.0")
    shell(repo, *GTO, "assign", *words, "--stage", "champion")
    shell(repo, "git", "tag", "model@home", sha)  # nothing of gto's
    shell(repo, "git", "tag", "models@v1.0.0", sha)  # of another artifact
    registry = read(repo, "model")
    assert (stages(registry), live(registry)) == ({"v2.0.0": ["champion"]}, "v2.0.0")
    assert registry.made(registry.version("v2.0.0")) == {}
    shell(repo, *GTO, "deprecate", "--repo", str(repo), "model", "v2.0.0", "champion")
    assert live(read(repo, "model")) is None
    shell(repo, *GTO, "deprecate", "--repo", str(repo), "model", "v2.0.0")
    assert stages(read(repo, "model")) == {}


def test_one_rollback_after_another_goes_back_in_time(three):
    for version in ("v0.0.1", "v0.0.2", "v0.0.3"):
        promote(three, "model", version, "champion")
    assert live(roll_back(three, "model", because="it flags all flights")) == "v0.0.2"
    registry = roll_back(three, "model")
    assert live(registry) == "v0.0.1"
    assert [registry.reasons()[act.tag] for act in registry.acts[-2:]] == [
        "it flags all flights",
        "a rollback",
    ]
    with pytest.raises(PipelineError, match=r"had no champion before the one that it has\.\n"):
        roll_back(three, "model")


def test_a_promotion_that_changes_nothing_writes_nothing(three):
    promote(three, "model", "v0.0.1", "champion")
    assert len(promote(three, "model", "v0.0.1", "champion").acts) == 1


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (
            lambda repo: register(repo, "model", "quik"),
            "There is no experiment 'quik'. Did you mean 'quick'?\n"
            "  Next: name one of quick, slow, wild.",
        ),
        (
            lambda repo: register(repo, "modle", "quick"),
            "declares no artifact 'modle'; it declares model. Did you mean 'model'?\n"
            "  Next: name one of them, or add it under `artifacts:` and run again.",
        ),
        (
            lambda repo: register(repo, "model", "quick", name="1.0"),
            "The version '1.0' of model is none, as v0.0.3 is one.\n"
            "  Next: name another, or none: then it is v0.0.2.",
        ),
        (
            lambda repo: register(repo, "model", "quick", name="v0.0.1"),
            "The version 'v0.0.1' of model is taken.\n"
            "  Next: name another, or none: then it is v0.0.2.",
        ),
        (
            lambda repo: register(repo, "model", "slow", name="v9.0.0"),
            "is v0.0.1 of model already, not v9.0.0.\n"
            "  Next: leave the name out; a commit has one version.",
        ),
        (
            lambda repo: promote(repo, "model", "v0.0.7", "champion"),
            "model has no version 'v0.0.7'. Did you mean 'v0.0.1'?\n  Next: name one of v0.0.1.",
        ),
        (
            lambda repo: promote(repo, "model", "v0.0.1", "champoin"),
            "There is no stage 'champoin'. Did you mean 'champion'?\n"
            "  Next: name one of challenger, champion.",
        ),
    ],
    ids=[
        "an experiment",
        "an artifact",
        "a version",
        "a taken version",
        "a second version",
        "none such",
        "a stage",
    ],
)
def test_a_name_that_is_none_is_refused_and_nothing_is_written(repo, act, words):
    register(repo, "model", "slow")
    before = shell(repo, "git", "for-each-ref")
    with pytest.raises(PipelineError) as error:
        act(repo)
    assert str(error.value).endswith(words)
    assert shell(repo, "git", "for-each-ref") == before


def test_metrics_that_cannot_be_read_are_not_passed_over(repo):
    text = (repo / "dvc.yaml").read_text().replace("""'{"auc":0.75}'""", "'{broken'")
    (repo / "dvc.yaml").write_text(text)
    shell(repo, "git", "commit", "--quiet", "--all", "--message", "broken")
    dvc_(repo, "exp", "run", "--quiet", "--name", "broken")
    with pytest.raises(PipelineError, match=r"The metrics metrics\.json of \w+ cannot be read: "):
        register(repo, "model", "broken")


def test_a_stage_beside_it_that_never_ran_is_in_nobody_s_way(repo):
    later = """
  later:
    cmd: "echo '{\\"score\\":1}' > later.json"
    deps: [model.bin]
    metrics: [later.json]
artifacts:"""
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(text.replace("\nartifacts:", later))
    shell(repo, "git", "commit", "--quiet", "--all", "--message", "a stage for another day")
    dvc_(repo, "exp", "run", "--quiet", "--name", "apart", "train")
    held = read(repo, "model").made(register(repo, "model", "apart"))
    assert held["metrics"] == {"metrics.json": {"auc": 0.75}}


def test_an_experiment_that_has_not_made_it_has_no_version(repo):
    text = (repo / "dvc.yaml").read_text().replace("path: model.bin", "path: other.bin")
    (repo / "dvc.yaml").write_text(text)
    shell(repo, "git", "commit", "--quiet", "--all", "--message", "other")
    sha = shell(repo, "git", "rev-parse", "HEAD").strip()
    shell(repo, "git", "update-ref", f"refs/exps/{sha[:2]}/{sha[2:]}/empty", sha)
    with pytest.raises(PipelineError) as error:
        register(repo, "model", "empty")
    assert str(error.value) == (
        f"The commit {sha[:10]} has not made other.bin, which its dvc.yaml declares as the "
        "artifact 'model'.\n"
        "  Next: name an experiment whose run made it: see `dvc exp show`."
    )


def clone(bare: Path, name: str) -> Path:
    """A clone as of a worker that shares no disk: it has neither experiments nor data."""
    place = bare.with_name(name)
    shell(bare, "git", "clone", "--quiet", str(bare), str(place))
    shell(place, "git", "config", "user.name", name)
    return place


def test_workers_that_share_no_disk_have_one_registry(repo, bare):
    register(repo, "model", "slow", "origin")
    register(repo, "model", "quick", "origin")
    other = clone(bare, "other")
    assert live(promote(other, "model", "v0.0.1", "champion", "origin")) == "v0.0.1"
    assert live(promote(repo, "model", "v0.0.2", "champion", "origin")) == "v0.0.2"
    assert live(roll_back(other, "model", "origin")) == "v0.0.1"
    registry = turns.fetched(repo, "model", "origin")
    assert (live(registry), [act.by for act in registry.acts]) == (
        "v0.0.1",
        ["other", "Ann", "other"],
    )
    assert live(read(bare, "model")) == "v0.0.1"
    assert read(other, "model").made(registry.version("v0.0.2"))["hash"]


def test_what_a_clone_has_and_the_remote_lacks_is_neither_lost_nor_passed_over(repo, bare):
    register(repo, "model", "slow")
    promote(repo, "model", "v0.0.1", "champion")
    assert live(turns.fetched(repo, "model", "origin")) == "v0.0.1"
    for write in (
        lambda: register(repo, "model", "quick", "origin"),
        lambda: promote(repo, "model", "v0.0.1", "challenger", "origin"),
    ):
        with pytest.raises(PipelineError) as error:
            write()
        assert str(error.value) == (
            "origin lacks 2 tags of model that this clone has: model#champion#1, model@v0.0.1.\n"
            "  Next: share them with `git push origin TAG ...`, or remove them by `git tag -d`."
        )
    shell(repo, "git", "push", "--quiet", "origin", "model#champion#1", "model@v0.0.1")
    assert register(repo, "model", "quick", "origin").name == "v0.0.2"


def test_an_experiment_is_fetched_by_who_has_it_not(repo, bare):
    other = clone(bare, "other")
    dvc_(other, "cache", "dir", "--local", str(repo / ".dvc/cache"))
    assert register(other, "model", "quick", "origin").name == "v0.0.1"
    assert register(repo, "model", "quick", "origin").by == "other"


@pytest.mark.parametrize("remote", ["origin", ""], ids=["with a remote", "without"])
def test_of_two_promoters_at_once_one_wins_and_the_other_is_told(repo, bare, remote):
    for name in ("slow", "quick"):
        register(repo, "model", name, remote)
    places = [repo, clone(bare, "other")] if remote else [repo, repo]
    code = (
        "import sys; from pathlib import Path\n"
        "from include.pipeline.registry.turns import fetched; from include.pipeline.registry.writing import promote\n"
        "repo, version, remote = Path(sys.argv[1]), *sys.argv[2:]\n"
        "fetched(repo, 'model', remote); print('ready', flush=True); sys.stdin.readline()\n"
        "promote(repo, 'model', version, 'champion', remote, seen=0)\n"
    )
    for _ in range(3):  # who is first is up to the machine
        both = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(place), version, remote],
                cwd=Path(__file__).parents[3],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for place, version in zip(places, ("v0.0.1", "v0.0.2"), strict=True)
        ]
        for process in both:
            assert process.stdout.readline() == "ready\n"
        for process in both:
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate()[1] for process in both]
        assert sorted(process.returncode for process in both) == [0, 1], said
        won = ("v0.0.1", "v0.0.2")[[process.returncode for process in both].index(0)]
        registry = turns.fetched(repo, "model", remote)
        assert (live(registry), len(registry.acts)) == (won, 1)
        assert f"Somebody else was first: the champion of model is {won} now" in "".join(said)
        for place in {*places, bare}:
            if shell(place, "git", "tag", "--list", "model#champion#1"):
                shell(place, "git", "tag", "--delete", "model#champion#1")


def test_a_promoter_that_decided_on_what_is_over_is_told(three):
    seen = promote(three, "model", "v0.0.1", "champion").acts[-1].number
    promote(three, "model", "v0.0.2", "champion")
    with pytest.raises(Overtaken) as error:
        promote(three, "model", "v0.0.3", "champion", seen=seen)
    at = read(three, "model").acts[-1].at
    assert str(error.value) == (
        "Somebody else was first: the champion of model is v0.0.2 now; the last to act was Ann, "
        f"{at:%Y-%m-%d %H:%M:%S} UTC.\n"
        "  Next: look at it with `leeway registry show`, then decide again."
    )
    assert live(read(three, "model")) == "v0.0.2"


@pytest.mark.parametrize("remote", ["origin", ""], ids=["with a remote", "without"])
def test_an_act_of_another_stage_in_between_is_told_as_well(repo, bare, remote, monkeypatch):
    for name in ("slow", "quick"):
        register(repo, "model", name, remote)
    place, registry = Place.of(repo, "model", remote)
    other = clone(bare, "other") if remote else repo
    promote(other, "model", "v0.0.2", "challenger", remote)
    with pytest.raises(Overtaken, match=r"the champion of model is none now; the last to act was"):
        act(place, registry, registry.version("v0.0.1"), "champion", "", None)
    assert live(turns.fetched(repo, "model", remote)) is None


def test_an_act_whose_push_arrived_though_git_failed_is_done(repo, bare, monkeypatch):
    register(repo, "model", "slow", "origin")
    real = turns.git

    def dropped(where, *words, **named):
        said = real(where, *words, **named)
        if words[0] == "push":
            raise PipelineError("`git push` failed: the remote end hung up.", "try again.")
        return said

    monkeypatch.setattr(turns, "git", dropped)
    assert live(promote(repo, "model", "v0.0.1", "champion", "origin")) == "v0.0.1"


def test_what_somebody_fetches_between_a_push_and_its_end_is_in_nobodys_way(
    repo, bare, monkeypatch
):
    for name in ("slow", "quick"):
        register(repo, "model", name, "origin")
    promote(repo, "model", "v0.0.2", "challenger", "origin")
    real = turns.git

    def with_fetch(where, *words, **named):
        said = real(where, *words, **named)
        if words[0] == "push":  # of the two tags, one is here already
            tag = "refs/tags/model#champion#2"
            real(where, "fetch", "--quiet", "--no-tags", "origin", f"{tag}:{tag}")
        return said

    monkeypatch.setattr(turns, "git", with_fetch)
    registry = promote(repo, "model", "v0.0.2", "champion", "origin")
    assert (live(registry), registry.live("challenger")) == ("v0.0.2", None)


def test_what_the_hook_of_a_remote_says_is_said(repo, bare):
    hook = bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho only releasers may tag\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PipelineError, match=r"remote: only releasers may tag"):
        register(repo, "model", "slow", "origin")
    assert read(repo, "model").versions == ()


def test_two_who_register_at_once_get_a_version_each(repo, bare, monkeypatch):
    other, real = clone(bare, "other"), Place.of
    dvc_(other, "cache", "dir", "--local", str(repo / ".dvc/cache"))
    first = iter([True])

    def of(where, artifact, remote):
        found = real(where, artifact, remote)
        if where == repo and next(first, False):
            assert register(other, "model", "quick", remote).name == "v0.0.1"
        return found

    monkeypatch.setattr(Place, "of", of)
    assert register(repo, "model", "slow", "origin").name == "v0.0.2"


def test_a_version_that_is_none_any_more_gives_its_name_and_number_to_nobody(three):
    promote(three, "model", "v0.0.1", "champion")
    promote(three, "model", "v0.0.3", "champion")
    shell(three, *GTO, "deprecate", "--repo", str(three), "model", "v0.0.3")
    sha = read(three, "model").acts[-1].version
    assert sha.endswith(" (not registered)")
    assert live(read(three, "model")) == sha
    assert live(promote(three, "model", "v0.0.2", "champion")) == "v0.0.2"
    assert live(roll_back(three, "model")) == sha
    shell(three, "git", "tag", "--delete", "model@v0.0.2")
    assert register(three, "model", "quick").name == "v0.0.4"


def test_one_that_leaves_a_stage_leaves_it_to_who_has_it(three):
    for version in ("v0.0.1", "v0.0.2"):
        promote(three, "model", version, "champion")
    shell(three, *GTO, "deprecate", "--repo", str(three), "model", "v0.0.1", "champion")
    assert live(read(three, "model")) == "v0.0.2"


def test_a_rollback_takes_back_the_last_promotion_also_of_one_that_came_back(three):
    for version in ("v0.0.1", "v0.0.2", "v0.0.1"):
        promote(three, "model", version, "champion")
    assert [live(roll_back(three, "model")) for _ in range(2)] == ["v0.0.2", "v0.0.1"]


def test_experiments_of_one_name_are_told_apart_by_their_commits(repo):
    (repo / "params.yaml").write_text("rate: 50\n")
    shell(repo, "git", "commit", "--quiet", "--all", "--message", "fifty")
    dvc_(repo, "exp", "run", "--quiet", "--name", "slow")
    with pytest.raises(
        PipelineError, match=r"2 experiments are called 'slow': \w+, \w+\."
    ) as error:
        register(repo, "model", "slow")
    commit = str(error.value).split(": ")[1][:10]
    assert register(repo, "model", commit).commit.startswith(commit)
    with pytest.raises(PipelineError, match=r"There is no experiment 's\*'"):
        register(repo, "model", "s*")


def test_what_was_made_from_other_data_than_the_commit_has_gets_no_version(repo):
    (repo / "data/2013-08.txt").write_text("August\n")
    dvc_(repo, "add", "--quiet", "data")
    shell(repo, "git", "commit", "--quiet", "--all", "--message", "August")
    words = ("exp", "run", "--quiet", "--single-item", "train", "--name", "stale", "--force")
    dvc_(repo, *words)
    with pytest.raises(PipelineError, match=r"Stage 'prepare' read another data than the commit"):
        register(repo, "model", "stale")


def test_data_that_is_not_here_is_no_version_without_a_word(repo, bare):
    other = clone(bare, "other")
    with pytest.raises(PipelineError, match=r"has the list of the folder data\.\n  Next: run `dvc"):
        register(other, "model", "quick", "origin")
    store = repo.with_name("store")
    shutil.copytree(repo / ".dvc/cache", store)  # what a remote of DVC is
    config = f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n"
    (other / ".dvc/config").write_text(config)
    made = read(other, "model").made(register(other, "model", "quick", "origin"))
    assert "data/2013-06.txt" in made["files"]
    assert made["metrics"] == {"metrics.json": {"auc": 0.75}}


def test_tags_that_people_made_break_nothing(three):
    sha = read(three, "model").versions[0].commit
    blob = shell(three, "git", "rev-parse", "HEAD:params.yaml").strip()
    shell(three, "git", "tag", "model@v0.0.8", blob)
    bad = "[1]", '{"files": ["a"]}', "not JSON"
    for number, body in enumerate(bad, 4):
        words = ("--annotate", f"model@v1.0.{number}", "--message", f"x\n\n{body}", sha)
        shell(three, "git", "-c", "user.name=J\u2028\u00f6rg", "tag", *words)
    registry = read(three, "model")
    assert [version.name for version in registry.versions][3:] == ["v1.0.4", "v1.0.5", "v1.0.6"]
    assert used(registry, "a") == {}
    assert used(registry, "./data/2013-06.txt").keys() == {"v0.0.1", "v0.0.2", "v0.0.3"}


def test_a_name_and_a_reason_of_any_letters_are_kept(three):
    shell(three, "git", "config", "user.name", "Ann <the boss>")
    registry = promote(three, "model", "v0.0.1", "champion", because='caf\u00e9\n%00 "x"')
    assert registry.acts[-1].by == "Ann the boss"
    assert [*registry.reasons().values()] == ['caf\u00e9\n%00 "x"']


def test_only_the_tags_of_an_act_are_pushed(repo, bare):
    shell(repo, "git", "config", "push.followTags", "true")
    shell(repo, "git", "tag", "--annotate", "private", "--message", "mine")
    register(repo, "model", "slow", "origin")
    assert shell(bare, "git", "tag").split() == ["model@v0.0.1"]


def test_a_remote_that_cannot_be_reached_is_an_error_and_nothing_is_written(three):
    shell(three, "git", "remote", "add", "origin", str(three.with_name("none.git")))
    before = shell(three, "git", "for-each-ref")
    with pytest.raises(PipelineError, match=r"none\.git' does not appear to be a git repository"):
        promote(three, "model", "v0.0.1", "champion", "origin")
    assert shell(three, "git", "for-each-ref") == before
    assert datetime.now(UTC) > read(three, "model").versions[0].at
