"""A container is given what a value of its stage names: it has neither network nor credentials."""

import shutil

from contained_stage import brought
from parity import dvc_, make
from small_git import commit

from include.pipeline.opening.open_run import open_run
from include.pipeline.plan import load
from include.pipeline.workspace import Run

GRAPH = """
stages:
  use:
    cmd: echo used > used
    params: [live]
    outs: [used]
    meta: {objects: [live.md5]}
"""


def test_what_the_cache_lacks_comes_from_the_remote_before_the_container_starts(tmp_path):
    repo = make(tmp_path / "repo", {"dvc.yaml": GRAPH, "params.yaml": "live: {md5: none}\n"})
    dvc_(repo, "remote", "add", "--quiet", "--default", "store", str(tmp_path / "store"))
    (repo / "model").write_text("model\n")
    dvc_(repo, "add", "--quiet", "model")
    dvc_(repo, "push", "--quiet")
    [held] = [path for path in (repo / ".dvc/cache/files").rglob("*") if path.is_file()]
    commit(repo)
    shutil.rmtree(repo / ".dvc/cache")
    key, home = load(repo).key, tmp_path / "home"

    def of(name: str, md5: str) -> Run:
        words = {"params": {"live.md5": md5}, "targets": ["use"], "plan_key": key, "home": home}
        return open_run(repo, name, **words)

    md5 = held.parent.name + held.name
    assert brought(of("one", md5), "use", tmp_path / "result") == "it came to one"
    assert held.read_text() == "model\n"
    assert brought(of("none", "none"), "use", tmp_path / "result") == "it came to one"
    assert "DVC's cache does not have the object 0" in brought(
        of("0", "0" * 32), "use", tmp_path / "0"
    )
    assert "is no hash of a file" in brought(of("out", "../out"), "use", tmp_path / "out")
