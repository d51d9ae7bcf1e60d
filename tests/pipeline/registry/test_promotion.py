"""What a verdict lets go live, and what stops it: real git and DVC, with a remote and without.

Long because each way of being stopped is a case on the same experiments, which take long to make.
"""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from judged_repo import copied, make
from pydantic import TypeAdapter
from small_git import bare_of, commit, shell

from include.errors import PipelineError
from include.pipeline.orders import Verified
from include.pipeline.registry.experiments import commit_of
from include.pipeline.registry.promotion import (
    Proposal,
    Wanted,
    carry_out,
    propose,
    take_back,
)
from include.pipeline.registry.tags import Registry, read
from include.pipeline.registry.turns import fetched
from include.pipeline.registry.verdicts import (
    NotPromoted,
    see_that_beside,
    see_that_passed,
    see_that_same_rules,
    verdict_in,
)
from include.pipeline.registry.writing import promote, register

PARAMS = "rate: 1\nchampion: ''\npromotion:\n  risk: high\n  most: 5\n"
EXPERIMENTS = {
    "one": ["rate=1"],
    "two": ["rate=2"],
    "next": ["rate=3", "champion=v0.0.1"],
    "bad": ["rate=9"],
    "loose": ["rate=8", "promotion.most=10"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("judged") / "repo", PARAMS, EXPERIMENTS)


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    return copied(made, tmp_path / "repo")


def lived(made: Path, folder: Path, experiment: str) -> Path:
    """The repository, with an experiment that went live."""
    repo = copied(made, folder / "repo")
    carry_out(repo, propose(repo, wanted(experiment), ""), "", f"run {experiment} of d", "passed")
    return repo


@pytest.fixture(scope="module")
def with_one(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived(made, tmp_path_factory.mktemp("one"), "one")


@pytest.fixture(scope="module")
def with_two(with_one: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived(with_one, tmp_path_factory.mktemp("two"), "next")


@pytest.fixture
def first(with_one: Path, tmp_path: Path) -> Path:
    """v0.0.1 is live."""
    return copied(with_one, tmp_path / "first")


@pytest.fixture
def second(with_two: Path, tmp_path: Path) -> Path:
    """v0.0.2 is live, after v0.0.1."""
    return copied(with_two, tmp_path / "second")


def wanted(experiment: str, **more: object) -> Wanted:
    held = Wanted("model", "verdict.json", experiment, rules=("promotion",))
    return replace(held, **more)  # type: ignore[arg-type]


def live(registry: Registry) -> str | None:
    version = registry.live()
    return version.name if version else None


def refusal(repo: Path, experiment: str, **more: object) -> str:
    with pytest.raises(NotPromoted) as error:
        propose(repo, wanted(experiment, **more), "")
    return str(error.value)


def test_what_is_shown_goes_live_and_the_history_names_the_run_and_the_reason(repo):
    shown = propose(repo, wanted("one"), "")
    assert (shown.version, shown.champion, shown.risk) == ("v0.0.1", "", "high")
    assert (shown.path, shown.hash) == ("model.bin", shown.files["model.bin"])
    assert shown.gates == [{"name": "rate", "value": 1, "limit": "at most 5", "passed": True}]
    assert read(repo, "model").versions == ()  # to look writes nothing
    travelled = TypeAdapter(Proposal).validate_python(json.loads(json.dumps(asdict(shown))))
    assert travelled == shown
    carry_out(repo, travelled, "", "run r of d", "all gates passed")
    registry = read(repo, "model")
    assert live(registry) == "v0.0.1"
    assert [*registry.reasons().values()] == ["run r of d: all gates passed"]
    carry_out(repo, shown, "", "run r of d", "the same run, tried again")
    assert len(read(repo, "model").acts) == 1


def test_with_a_bare_remote_it_is_written_there(repo, tmp_path):
    bare = bare_of(repo, "refs/exps/*")
    other = tmp_path / "other"
    shell(tmp_path, "git", "clone", "--quiet", str(bare), str(other))
    shutil.copytree(repo / ".dvc/cache", other / ".dvc/cache")
    shown = propose(other, wanted("one"), "origin")  # which this clone does not have yet
    carry_out(other, shown, "origin", "run r of d", "passed")
    assert live(fetched(repo, "model", "origin")) == "v0.0.1"


def test_the_gates_of_an_experiment_refuse_it(repo):
    assert refusal(repo, "bad").startswith("The gates refuse it: the rate is 9\n  Next: see")


def test_an_experiment_that_moved_its_own_gates_is_refused(repo):
    with pytest.raises(NotPromoted) as error:
        see_that_same_rules(repo, ["promotion"], commit_of(repo, "loose", ""))
    assert str(error.value).startswith(
        "It was judged by another section promotion of params.yaml than is here now."
    )
    see_that_same_rules(repo, ["promotion"], commit_of(repo, "two", ""))
    see_that_same_rules(repo, [], commit_of(repo, "loose", ""))


def test_so_is_one_that_moved_the_gates_of_another_file(repo):
    file = repo / "second/params.yaml"
    file.parent.mkdir()
    for most in (5, 10):
        file.write_text(f"promotion: {{most: {most}}}\nother: {most}\n")
        commit(repo)
    before = shell(repo, "git", "rev-parse", "HEAD~1").strip()
    see_that_same_rules(repo, ["promotion"], before)
    with pytest.raises(NotPromoted, match="section promotion of second/params.yaml than is here"):
        see_that_same_rules(repo, ["second/params.yaml:promotion"], before)


@pytest.mark.parametrize(
    ("champion", "said"),
    [
        (None, "It was judged without a champion, and v0.0.1 is live now."),
        ({"version": "v0.0.2"}, "It was judged beside v0.0.2, and v0.0.1 is live now."),
        (
            {"version": "v0.0.1", "md5": "0"},
            "It was judged beside v0.0.1 with the hash 0, whose own is [0-9a-f]{32}.",
        ),
    ],
    ids=["without one", "beside another", "beside other bytes"],
)
def test_a_verdict_beside_another_champion_is_refused(champion, said, first):
    registry = read(first, "model")
    with pytest.raises(NotPromoted, match=said):
        see_that_beside({"champion": champion}, registry, registry.live())


def test_a_verdict_beside_the_champion_or_that_needs_none_is_taken(first):
    registry = read(first, "model")
    version = registry.version("v0.0.1")
    held = {"version": "v0.0.1", "md5": registry.made(version)["hash"]}
    see_that_beside({"champion": held}, registry, version)
    see_that_beside({}, registry, version)
    see_that_beside({"champion": None}, registry, None)


def object_of(repo: Path, shown: Proposal) -> Path:
    return repo / ".dvc/cache/files/md5" / shown.hash[:2] / shown.hash[2:]


def spoil(file: Path) -> None:
    file.chmod(0o644)
    file.write_text("another model")


def test_an_approval_expires_when_a_file_is_no_longer_what_it_was(repo):
    shown = propose(repo, wanted("one"), "")
    spoil(object_of(repo, shown))
    lost = f"Neither the cache nor the remote has model.bin of {shown.commit[:10]} as it was made."
    with pytest.raises(NotPromoted, match=f"What was shown is no longer so: {lost}"):
        carry_out(repo, shown, "", "run r of d", "passed")
    assert read(repo, "model").versions == ()


def test_what_only_the_remote_of_dvc_has_is_fetched_and_compared(repo, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(repo / ".dvc/cache", store)
    (repo / ".dvc/config.local").write_text(
        f"[core]\n    remote = store\n['remote \"store\"']\n    url = {store}\n"
    )
    shutil.rmtree(repo / ".dvc/cache")
    shown = propose(repo, wanted("one"), "")
    assert object_of(repo, shown).exists()
    object_of(repo, shown).unlink()
    spoil(store / object_of(repo, shown).relative_to(repo / ".dvc/cache"))
    assert "as it was made" in refusal(repo, "one")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "verdict.json is no verdict: TypeError"),
        ('{"verdict": "perhaps", "files": {}}', "its verdict is 'perhaps'"),
        ('{"verdict": "passed", "risk": "High", "files": {}}', "its risk 'High'"),
        ('{"verdict": "passed", "files": {}}', "not of what the experiment has at model.bin"),
        (
            '{"verdict": "passed", "files": {"model.bin": "0", "data": "2"}}',
            "not of what the experiment has at model.bin, data",
        ),
    ],
    ids=["no object", "another word", "another risk", "not of the model", "of other files"],
)
def test_what_is_no_verdict_on_these_files_is_refused(text, said):
    found = Verified("model.bin", "1", text, "9", {"model.bin": "1", "data": "1"})
    with pytest.raises(NotPromoted, match=said):
        see_that_passed(verdict_in(found, "verdict.json"), found)


def test_an_experiment_without_a_verdict_is_refused(repo):
    assert "has not made other.json" in refusal(repo, "one", verdict="other.json")


def test_a_version_is_live_once_and_by_itself_not_again(second):
    assert refusal(second, "next").startswith("v0.0.2 is champion already.")
    take_back(second, "model", "champion", "", "run c of d", "it flags all")
    assert live(read(second, "model")) == "v0.0.1"
    assert refusal(second, "next", by_itself=True).startswith(
        "v0.0.2 had a stage before, and somebody took it back or went past it."
    )
    assert propose(second, wanted("next"), "").version == "v0.0.2"  # who asks for it gets it


def test_a_rollback_is_done_once_in_a_run_and_says_from_where_to_where(second):
    place = (second, "model", "champion", "")
    assert take_back(*place, "run e of d", "it flags all") == ("v0.0.2", "v0.0.1")
    assert take_back(*place, "run e of d", "it flags all") == ("what was live", "v0.0.1")
    assert len(read(second, "model").acts) == 3
    with pytest.raises(PipelineError, match="had no champion before"):
        take_back(*place, "run f of d", "why")


def test_a_promotion_that_another_followed_is_not_said_to_be_done_when_it_is_cleared(repo):
    shown = propose(repo, wanted("one"), "")
    carry_out(repo, shown, "", "run r of d", "passed")
    promote(repo, "model", register(repo, "model", "two").name, "champion")
    with pytest.raises(NotPromoted, match="has promoted v0.0.1 before, and v0.0.2 is live now"):
        carry_out(repo, shown, "", "run r of d", "passed")


def test_what_an_experiment_left_in_the_working_tree_is_not_the_rule(repo):
    params = (repo / "params.yaml").read_text()
    theirs = shell(repo, "git", "show", f"{commit_of(repo, 'loose', '')}:params.yaml")
    (repo / "params.yaml").write_text(theirs)
    with pytest.raises(NotPromoted, match="another section promotion"):
        see_that_same_rules(repo, ["promotion"], commit_of(repo, "loose", ""))
    (repo / "params.yaml").write_text(params)


def test_an_approval_expires_when_another_version_is_live(repo):
    shown = propose(repo, wanted("one"), "")
    register(repo, "model", "two")
    promote(repo, "model", "v0.0.1", "champion")
    with pytest.raises(NotPromoted, match="What was shown is no longer so: It was judged without"):
        carry_out(repo, shown, "", "run r of d", "passed")
    assert live(read(repo, "model")) == "v0.0.1"


def test_an_approval_expires_when_the_experiment_is_another(repo):
    shown = propose(repo, wanted("one"), "")
    [ref] = shell(repo, "git", "for-each-ref", "--format=%(refname)", "refs/exps/*/*/one").split()
    [two] = shell(
        repo, "git", "for-each-ref", "--format=%(objectname)", "refs/exps/*/*/two"
    ).split()
    shell(repo, "git", "update-ref", ref, two)
    with pytest.raises(NotPromoted, match=r"commit was \w+ and is \w+; hash was \w+ and is"):
        carry_out(repo, shown, "", "run r of d", "passed")


def test_of_two_at_once_one_goes_live_and_the_other_is_told(repo, tmp_path):
    bare_of(repo, "refs/exps/*")
    other = copied(repo, tmp_path / "other")
    acts = [
        (folder, propose(folder, wanted(name), "origin"))
        for folder, name in ((repo, "one"), (other, "two"))
    ]

    def go(act: tuple[Path, Proposal]) -> str:
        try:
            carry_out(*act, "origin", f"run {act[1].wanted.experiment} of d", "passed")
        except NotPromoted as error:
            return str(error)
        return "live"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(go, acts), key=len)
    assert said[0] == "live"
    assert "What was shown is no longer so" in said[1] or "Somebody else was first" in said[1]
    registry = fetched(repo, "model", "origin")
    assert len(registry.acts) == 1


def test_an_unknown_experiment_is_an_error(repo):
    with pytest.raises(
        PipelineError, match="There is no experiment 'onne'. Did you mean 'one'"
    ) as error:
        propose(repo, wanted("onne"), "")
    assert not isinstance(error.value, NotPromoted)
