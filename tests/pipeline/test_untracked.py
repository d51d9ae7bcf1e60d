"""A snapshot takes what stages need of the files that nobody committed, and no secret."""

from pathlib import Path

import pytest
from parity import Both, cat, make, refused, stages, write
from small_git import shell

from include.pipeline.opening.open_run import open_run
from include.pipeline.opening.untracked import is_secret

CODE = {
    "dvc.yaml": stages(use={"cmd": "python3 main.py > used.txt", "outs": ["used.txt"]}),
    "main.py": "print(1)\n",
}
NEEDED = {
    "main.py": "import first\nfrom package.deep import part\nprint(part.VALUE, first.VALUE)\n",
    "first.py": "from package import second\nVALUE = second.VALUE\n",
    "package/__init__.py": "",
    "package/second.py": "VALUE = 2\n",
    "package/deep/__init__.py": "",
    "package/deep/part.py": "from ..second import VALUE\n",
}
BESIDE = {
    ".env": "PASSWORD=hunter2\n",
    ".env.production": "PASSWORD=hunter2\n",
    "deploy.key": "x",
    "id_ed25519": "x",
    "notes.txt": "mine",
    "tests/test_main.py": "import main\n",
    "scratch.ipynb": "{}",
}


def held(both: Both, commit: str) -> set[str]:
    return {*shell(both.repo, "git", "ls-tree", "-r", "--name-only", commit).split()}


def test_code_that_a_stage_imports_is_in_it_and_nothing_that_lies_beside(tmp_path):
    both = Both(make(tmp_path / "repo", CODE))
    write(both.repo, {**NEEDED, **BESIDE})
    run, did = both.ours()
    assert (run.snapshot, did) == (True, {"use": "ran"})
    assert both.out(run, "used.txt") == "2 2\n"
    assert {*run.taken} == NEEDED.keys() - {"main.py"}
    assert not held(both, run.commit) & BESIDE.keys()
    everything = shell(both.repo, "git", "rev-list", "--objects", "--all")
    assert not [name for name in BESIDE if f" {name}\n" in everything]


def test_new_deps_params_scripts_and_files_of_dvc_are_in_it(tmp_path):
    both = Both(make(tmp_path / "repo", CODE))
    graph = {"cmd": "sh scripts/run.sh > used.txt", "deps": ["data"], "outs": ["used.txt"]}
    new = {
        "scripts/run.sh": "cat data/*\n",
        "data/a.csv": "1\n",
        "data/deep/b.csv": "2\n",
        "more.yaml": "n: 1\n",
        "sub/dvc.yaml": stages(other={"cmd": "echo > o.txt", "outs": ["o.txt"]}),
    }
    write(both.repo, {"dvc.yaml": stages(use={**graph, "params": [{"more.yaml": ["n"]}]}), **new})
    run = both.open("one")
    assert {*run.taken} == new.keys()


def test_a_tree_with_nothing_but_what_no_stage_needs_is_its_commit(tmp_path):
    both = Both(make(tmp_path / "repo", CODE))
    write(both.repo, BESIDE)
    run = both.open("one")
    assert (run.snapshot, run.taken, run.left) == (False, (), {})


def test_what_is_staged_is_in_it_but_no_secret(tmp_path):
    both = Both(make(tmp_path / "repo", CODE))
    write(both.repo, {"staged.txt": "x", ".env": "x=1\n", "deploy.key": "x"})
    shell(both.repo, "git", "add", "staged.txt", ".env", "deploy.key")
    run = both.open("one")
    assert run.taken == ("staged.txt",)
    assert run.left.keys() == {".env", "deploy.key"}
    assert not held(both, run.commit) & run.left.keys()


@pytest.mark.parametrize("dep", [".env", "conf"], ids=["as a file", "in a folder"])
def test_a_dep_that_looks_like_a_secret_refuses_the_run(tmp_path, dep):
    both = Both(make(tmp_path / "repo", {**CODE, "conf/plain.txt": ""}))
    write(both.repo, {"dvc.yaml": stages(use=cat(dep, out="used.txt"))})
    write(both.repo, {".env": "x=1\n", "conf/.env": "x=1\n"})
    path = ".env" if dep == ".env" else "conf/.env"
    assert refused(lambda: both.open("one")) == (
        f"What stages need cannot be had in a run: {path} (stage 'use': git does not hold it, and "
        "it looks like a secret).\n  Next: commit it, give it another name, or take it out of the "
        "deps; then trigger a new run."
    )


@pytest.mark.parametrize("asked", [False, True])
def test_what_nobody_committed_is_not_pushed_unasked(tmp_path, asked):
    both = Both(make(tmp_path / "repo", CODE))
    url = str(tmp_path / "server.git")
    shell(both.repo, "git", "clone", "--quiet", "--bare", str(both.repo), url)
    write(both.repo, {"dvc.yaml": stages(use=cat("data.csv", out="used.txt")), "data.csv": "1\n"})
    given = {"params": {}, "targets": ["."], "plan_key": None, "home": tmp_path / "home"}

    def begin():
        return open_run(both.repo, "one", **given, url=url, push_untracked=asked)

    if asked:
        assert begin().taken == ("data.csv",)
    else:
        assert "data.csv (stage 'use': git does not hold it, and no such" in refused(begin)
        assert "AIRFLOW__LEEWAY__PUSH_UNTRACKED" in refused(begin)
    there = shell(Path(url), "git", "rev-list", "--objects", "--all")
    assert (" data.csv" in there) is asked


def test_a_secret_that_git_knows_by_name_alone_is_not_in_it(tmp_path):
    both = Both(make(tmp_path / "repo", {**CODE, "notes.txt": "PASSWORD=hunter2\n" * 9}))
    write(both.repo, {".env": "x=1\n", "named.txt": "x"})
    shell(both.repo, "git", "add", "--intent-to-add", ".env", "named.txt")
    shell(both.repo, "git", "mv", "notes.txt", "deploy.key")
    run = both.open("one")
    assert run.taken == ("named.txt",)
    assert run.left.keys() == {".env", "deploy.key"}
    assert not held(both, run.commit) & run.left.keys()
    assert "named.txt" in held(both, run.commit)


def ran_with(tmp_path: Path, cmd: str, new: dict[str, str], **more: str) -> set[str]:
    graph = stages(use={"cmd": f"{cmd} > used.txt", "outs": ["used.txt"], **more})
    both = Both(make(tmp_path / "repo", {"dvc.yaml": graph, "sub/kept": ""}))
    write(both.repo, {**new, "beside.py": "", "sub/beside.py": ""})
    run, did = both.ours()
    assert did == {"use": "ran"}
    return {*run.taken}


LOADED = {
    "by a shell script": (
        "sh run.sh",
        {
            "run.sh": ". ./lib.sh\npython3 helper.py\n",
            "lib.sh": "echo\n",
            "helper.py": "import deep\n",
            "deep.py": "",
        },
    ),
    "by importlib": (
        "python3 main.py",
        {"main.py": "import importlib\nimportlib.import_module('plug.one')\n", "plug/one.py": ""},
    ),
    "from the path": (
        "PYTHONPATH=lib python3 -m pkg.run",
        {"lib/pkg/run.py": "import ns.deep\nfrom . import other\n", "lib/ns/deep.py": ""}
        | {"lib/pkg/other.py": ""},
    ),
}


@pytest.mark.parametrize(("cmd", "new"), LOADED.values(), ids=LOADED)
def test_code_that_is_loaded_in_other_ways_is_in_it(tmp_path, cmd, new):
    assert ran_with(tmp_path, cmd, new) == new.keys()


def test_code_that_is_imported_from_the_folder_of_a_stage_is_in_it(tmp_path):
    new = {"sub/pkg/run.py": "import pkg.other, side\n", "sub/pkg/other.py": "", "sub/side.py": ""}
    assert ran_with(tmp_path, "python3 -m pkg.run", new, wdir="sub") == new.keys()


SECRETS = {
    "a key": ("x.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc"),
    "of AWS": ("x.py", "KEY = 'AKIA" + "ABCDEFGHIJKLMNOP'"),
    "of GitHub": ("x.yaml", "token: ghp_" + "a" * 36),
    "of a language model": ("x.json", '{"key": "sk-' + "a" * 40 + '"}'),
    "a URL with a password": ("x.cfg", "url = postgresql://me:hunter2!@db/x"),
    "an account of Google": ("x.json", '{"type": "service_account"}'),
    "of PGP": ("x.txt", "-----BEGIN PGP PRIVATE KEY " + "BLOCK-----"),
    "of AWS, in the environment": ("x.sh", "AWS_SECRET_ACCESS_KEY=" + "a/+B" * 10),
    "of AWS, as JSON": ("x.json", '{"aws_secret_access_key": "' + "a/+B" * 10 + '"}'),
    "a URL with no user": ("x.yaml", "url: redis://:hunter2!@redis:6379"),
    "a token as JSON": ("x.py", "t = 'eyJhbGciOiJI.eyJzdWIiOiIx." + "a" * 40 + "'"),
    "by a name of one thing": ("secret.yaml", ""),
    "by its name": ("CREDENTIALS.json", "{}"),
}
PLAIN = {
    "code": ("x.py", "key = config['secret_key']\ntoken = os.environ['TOKEN']\n"),
    "a URL": ("x.yaml", "url: https://example.org:8080/a@b\n"),
    "data": ("x.csv", "AKIA,1\nsk-abc,2\n"),
    "a URL with a variable": ("x.sh", "curl https://me:${TOKEN}@example.org\n"),
    "a setting": ("x.py", "client(secret_access_key=os.environ['KEY'])\n"),
    "a folder": ("identity/x.py", ""),
    "a word": ("idea.py", "id_number = 3\n"),
}


@pytest.mark.parametrize(("name", "text"), SECRETS.values(), ids=SECRETS)
def test_a_secret_is_known_by_its_name_or_by_what_it_holds(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert is_secret(tmp_path / name)


@pytest.mark.parametrize(("name", "text"), PLAIN.values(), ids=PLAIN)
def test_what_is_no_secret_is_taken_for_none(tmp_path, name, text):
    write(tmp_path, {name: text})
    assert not is_secret(tmp_path / name)
