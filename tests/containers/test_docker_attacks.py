"""A step that means harm, in a real container: it reads no login, and changes nothing outside."""

import os
from pathlib import Path

import pytest
from engine import Engine
from parity import dvc_, make
from small_git import commit, shell

from include.errors import PipelineError
from include.pipeline.closing.close_run import close_run
from include.pipeline.closing.reports import publish
from include.pipeline.opening.open_run import open_run
from include.pipeline.places.where import Where
from include.pipeline.reproduce import reproduce
from include.pipeline.workspace import Run, own

pytestmark = pytest.mark.containers
LABELS = {"dag": "attacks", "try": "1"}
SECRET = "planted-by-the-test"
# The step that means harm is the second of four, and no other stage reads what it makes.
GRAPH = """
stages:
  one:
    cmd: mkdir -p made && echo 1 > made/a.txt
    outs: [made]
  evil:
    cmd: python3 evil.py > evil.txt
    deps: [evil.py]
    outs: [evil.txt]
  two:
    cmd: cp made/a.txt two.txt
    deps: [made]
    outs: [two.txt]
  kept:
    cmd: cp made/a.txt kept.txt
    deps: [made]
    outs: [kept.txt: {cache: false}]
"""
READS = """
import os, pathlib
paths = [path for place in {places} for path in pathlib.Path(place).rglob("*") if path.is_file()]
paths += pathlib.Path("/proc").glob("[0-9]*/environ")
for path in paths:
    try:
        if b"planted-by-" + b"the-test" in path.read_bytes():
            print("read in", path)
    except OSError:
        pass
print(len(paths) > 50)
"""
PLANTS = """
import hashlib, json, os, shutil, yaml
def plant(data, suffix=""):
    oid = hashlib.md5(data).hexdigest() + suffix
    path = os.path.join("{cache}", "files", "md5", oid[:2], oid[2:])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(data)
    return oid
entries = [dict(md5=plant(b"planted"), relpath=path) for path in {paths}]
lock = yaml.safe_load(open("dvc.lock"))
(out,) = lock["stages"]["one"]["outs"]
out["md5"], out["nfiles"] = plant(json.dumps(entries).encode(), ".dir"), len(entries)
yaml.safe_dump(lock, open("dvc.lock", "w"), sort_keys=False)
shutil.rmtree("made")
for name in os.listdir(".dvc/tmp"):
    if name.startswith("leeway-here-"):
        os.unlink(os.path.join(".dvc/tmp", name))
"""


@pytest.fixture(scope="module")
def image(images: dict[str, str]) -> str:
    return images["step"]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    return make(tmp_path / "repo", {"dvc.yaml": GRAPH, "evil.py": "print('no harm')\n"})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def attack(repo: Path, text: str) -> None:
    (repo / "evil.py").write_text(text)
    commit(repo)


def begin(repo: Path, home: Path, run_id: str = "one") -> Run:
    return open_run(repo, run_id, params={}, targets=["."], plan_key=None, home=home)


def in_containers(run: Run, image: str, *stages: str) -> list[str]:
    where = Where("docker", image)
    return [reproduce(run, stage, where=where, labels=LABELS, log=print).status for stage in stages]


def runs_of(run: Run) -> dict[str, str]:
    """The entries of the run cache."""
    found = (path for path in (run.cache_dir / "runs").rglob("*") if path.is_file())
    return {str(path): path.read_text() for path in found}


def written_to(tmp_path: Path) -> set[Path]:
    """The files outside of the cache that hold what was planted."""
    found = (path for path in tmp_path.rglob("*") if path.is_file())
    planted = {path for path in found if path.read_bytes() == b"planted"}
    return {path for path in planted if tmp_path / "repo/.dvc/cache" not in path.parents}


def test_a_step_reads_no_login(repo, home, tmp_path, image, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_ANY", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    attack(repo, READS.format(places=[str(tmp_path), "/run", "/tmp", "/home", "/etc"]))
    header = "http.https://git.example.org/.extraHeader"
    shell(repo, "git", "config", header, f"Authorization: Bearer {SECRET}")
    local = f"['remote \"store\"']\n    url = s3://bucket\n    secret_access_key = {SECRET}\n"
    (repo / ".dvc" / "config.local").write_text(f"[core]\n    remote = store\n{local}")
    run = begin(repo, home)
    shell(run.top, "git", "config", header, f"Authorization: Bearer {SECRET}")
    marker = own(run.top) / "run.json"
    marker.write_text(marker.read_text().replace('"dag_id": ""', f'"dag_id": "{SECRET}"'))
    # It is there to be read, but by the worker alone.
    for path in (run.top / ".git/config", run.folder / ".dvc/config.local", marker):
        assert SECRET in path.read_text()
    in_containers(run, image, "evil")
    assert (run.folder / "evil.txt").read_text() == "True\n"


def test_a_step_cannot_write_into_the_run_cache_and_later_runs_find_what_the_worker_put_there(
    repo, home, tmp_path, image
):
    runs = repo / ".dvc/cache/runs"
    attack(
        repo,
        f"import os\nos.chdir({str(runs)!r})\n"
        "tries = [lambda: open('x', 'w'), lambda: os.mkdir('aa'), lambda: os.rename('.', '../gone'),"
        " lambda: os.rename('../runs', '../gone'), lambda: os.symlink('/tmp', '../runs/x')]\n"
        "for number, act in enumerate(tries):\n"
        "    try:\n        act()\n        print('did', number)\n    except OSError:\n        pass\n",
    )
    run = begin(repo, home)
    assert in_containers(run, image, *run.stages) == ["ran"] * 4
    assert (run.folder / "evil.txt").read_text() == ""
    assert runs_of(run) == {}
    close_run(run, home)
    saved = runs_of(run)
    assert len(saved) == 3  # of those that read something
    # By what earlier runs made, nothing is to be done; without it, DVC's run cache has all of it.
    assert begin(repo, home, "two").unchanged == run.stages
    other = begin(repo, tmp_path / "other", "three")
    assert other.unchanged == ()
    assert in_containers(other, image, *other.stages) == ["ran", "cached", "cached", "cached"]
    assert (other.folder / "kept.txt").read_text() == "1\n"
    close_run(other, tmp_path / "other")
    assert runs_of(run).items() >= saved.items()


def test_a_torn_entry_of_the_run_cache_does_not_stop_a_step(repo, home, tmp_path, image):
    run = begin(repo, home)
    in_containers(run, image, *run.stages)
    close_run(run, home)
    for path in runs_of(run):
        Path(path).write_text("cmd: [")
    other = begin(repo, tmp_path / "other", "two")
    assert in_containers(other, image, *other.stages) == ["ran"] * 4
    close_run(other, tmp_path / "other")


def test_the_list_of_a_folder_names_nothing_outside_of_it(repo, home, tmp_path, image):
    paths = ["../victim", "../../victim", "../../../victim", str(tmp_path / "victim")]
    attack(repo, PLANTS.format(cache=repo / ".dvc/cache", paths=paths))
    run = begin(repo, home)
    in_containers(run, image, "one", "evil")
    with pytest.raises(PipelineError, match="made, an out of 'one', is damaged in the cache"):
        in_containers(run, image, "two")
    with pytest.raises(PipelineError, match="damaged"):
        publish(run, home, ["made"])
    assert written_to(tmp_path) == set()
    # As the error says: the stage makes it again.
    assert in_containers(run, image, "one", "two", "kept") == ["ran", "ran", "ran"]
    assert (run.folder / "two.txt").read_text() == "1\n"
    close_run(run, home)
    assert written_to(tmp_path) == set()


def test_a_step_cannot_change_what_a_later_stage_runs(repo, home, image):
    change = "replace('cp made/a.txt two.txt', 'cp made/a.txt two.txt; echo evil >> two.txt')"
    attack(repo, f"text = open('dvc.yaml').read()\nopen('dvc.yaml', 'w').write(text.{change})\n")
    run = begin(repo, home)
    in_containers(run, image, "one", "evil")
    with pytest.raises(PipelineError, match="Stage 'two' is not what it was as the run began"):
        in_containers(run, image, "two")
    assert not (run.folder / "two.txt").exists()
    with pytest.raises(PipelineError, match="Stage 'two' is not what it was as the run began"):
        close_run(run, home)


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml", ".gitignore"])
def test_a_link_in_the_place_of_what_dvc_writes_is_refused(repo, home, tmp_path, image, name):
    victim = tmp_path / "victim"
    text = f"import os\nos.path.exists({name!r}) and os.unlink({name!r})\n"
    attack(repo, f"{text}os.symlink({str(victim)!r}, {name!r})\n")
    run = begin(repo, home)
    in_containers(run, image, "one")
    victim.write_text(before := (run.folder / name).read_text())
    # A container does not see what the link leads to.
    refused = f"{name} is a link to {victim}, out of the workspace|{name}' is not a .dvc file"
    with pytest.raises(PipelineError):  # of DVC, if it cannot write the lock
        in_containers(run, image, "evil", "two")
    for act in (lambda: in_containers(run, image, "two"), lambda: close_run(run, home)):
        with pytest.raises(PipelineError, match=refused):
            act()
    assert victim.read_text() == before
    assert victim.stat().st_uid == os.geteuid()


def test_a_step_cannot_replace_a_folder_that_dvc_s_is_in(home, tmp_path, image, monkeypatch):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    repo = tmp_path / "top" / "projects" / "one"
    repo.mkdir(parents=True)
    shell(tmp_path / "top", "git", "init", "--quiet")
    dvc_(repo, "init", "--quiet", "--subdir")
    (repo / "dvc.yaml").write_text(GRAPH)
    attack(
        repo,
        "import os\n"
        "for path in ('../one', '../../projects', '.dvc', '../../.git', '../..'):\n"
        "    try:\n        os.rename(path, path + '-gone')\n        print('moved', path)\n"
        "    except OSError:\n        pass\n"
        "print('done')\n",
    )
    run = begin(repo, home)
    in_containers(run, image, *run.stages)
    assert (run.folder / "evil.txt").read_text() == "done\n"
    close_run(run, home)


def test_no_container_is_left(docker: Engine, images):
    assert not docker("ps", "--all", "--quiet", "--filter", "label=leeway.dag=attacks")
