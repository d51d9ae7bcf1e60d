"""The built wheel runs repositories that have never seen Leeway, beside nothing but Airflow and DVC.

One environment, made anew, with the versions of environments/airflow.txt. In a plain Airflow, the
graph of one stranger is a DAG file of three lines; with `leeway up`, another needs no file at all.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from real_processes import at_work_in
from small_git import commit, init, shell

ROOT = Path(__file__).parents[2]
# foreach and matrix, two dvc.yaml files, a wdir, and no params.yaml.
GRAPH = """
stages:
  prepare:
    foreach: [north, south]
    do: {cmd: "echo ${item} > ${item}.txt", outs: ["${item}.txt"]}
  grid:
    matrix: {side: [north], times: [1, 2]}
    wdir: out
    cmd: seq ${item.times} | xargs -I_ cat ../${item.side}.txt > ${item.side}-${item.times}.txt
    deps: ["../${item.side}.txt"]
    outs: ["${item.side}-${item.times}.txt"]
"""
BELOW = """
stages:
  count:
    cmd: cat ../south.txt ../out/north-2.txt | wc -l > lines.txt
    deps: [../south.txt, ../out/north-2.txt]
    metrics: [lines.txt: {cache: false}]
"""
DAG = """from leeway.airflow import pipeline_dag

pipeline_dag("weather", targets=["."])
"""
# Who makes commits: the page is for people who have a name.
NAMED = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def block(heading: str, language: str = "bash") -> str:
    """What the page says to type, or to write, below a heading."""
    page = (ROOT / "docs/your_repository.md").read_text()
    [below] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    return str(re.findall(rf"^```{language}\n(.*?)^```", below, re.DOTALL | re.MULTILINE)[0])


def run(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, **more
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run("uv", "build", "--quiet", "--out-dir", folder, ROOT)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def stranger(wheel, tmp_path_factory):
    """What a command says in an environment of a stranger, who has not even a name for git."""
    folder = tmp_path_factory.mktemp("stranger")
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "venv")
    make, install = block("Install it").replace("dist/", f"{wheel.parent}/").splitlines()
    assert make == "make wheel"
    words = f"uv {install} --quiet --python {folder}/venv/bin/python"
    run("bash", "-c", words, cwd=ROOT)
    environment = {
        "PATH": f"{folder}/venv/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "DVC_NO_ANALYTICS": "1",
        "HTTP_PROXY": "http://127.0.0.1:9",  # nobody is there: this machine needs no proxy
    }

    def say(repo: Path, *words: str, **more: str) -> str:
        return run(*words, cwd=repo, env={**environment, **more}).stdout

    return say


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    init(folder)
    commit(folder, "start")
    return folder


def test_the_wheel_says_what_it_is(wheel):
    names = run(sys.executable, "-m", "zipfile", "--list", wheel).stdout
    assert "leeway/py.typed" in names and "licenses/LICENSE" in names
    assert not {"include/", "plugins/", "tests/"} & {line[:8] for line in names.splitlines()}
    said = run("unzip", "-p", wheel, "*/METADATA").stdout
    assert "License-Expression: Apache-2.0\n" in said and "\n# Your own repository\n" in said


def test_airflow_finds_the_plugins_and_a_scheduler_imports_dvc_once(stranger, tmp_path):
    code = """
import sys
sys.argv = ["airflow", "scheduler"]
import leeway
print("airflow" in sys.modules, "dvc" in sys.modules)
from airflow.settings import load_policy_plugins, get_policy_plugin_manager
load_policy_plugins(get_policy_plugin_manager())
print("dvc.repo.reproduce" in sys.modules, "leeway.pipeline.child" in sys.modules)
from airflow import plugins_manager
print(sorted(p.name for p in plugins_manager._get_plugins()[0] if "leeway" in str(p.source)))
print(*plugins_manager.get_timetables_plugins())
"""
    said = stranger(tmp_path, "python", "-c", code).splitlines()
    said = [line for line in said if "[" not in line or line[0] == "["]
    assert said[-4:] == [
        "False False",
        "True True",
        "['dvc_reports', 'dvc_schedule', 'sqlite_writes']",
        "leeway.airflow.dvc_schedule.Within",
    ]


def test_a_dag_file_of_three_lines_is_green_in_a_plain_airflow(stranger, tmp_path):
    files = {"dvc.yaml": GRAPH, "second/dvc.yaml": BELOW, "out/.keep": "", "dags/weather.py": DAG}
    files[".gitignore"] = "__pycache__/\n"
    files |= {"include/errors.py": "THEIRS = True\n", "plugins/dvc_dag.py": "THEIRS = True\n"}
    repo = repository(tmp_path / "weather", files)
    folders = {name: str(repo / name.lower()) for name in ("DAGS", "PLUGINS")}
    dags = {f"AIRFLOW__CORE__{name}_FOLDER": path for name, path in folders.items()}
    dags["PYTHONPATH"] = str(repo)  # as Astro has it
    stranger(repo, "airflow", "db", "migrate", **dags)
    stranger(repo, "airflow", "dags", "test", "weather", **dags)
    [name] = stranger(repo, "dvc", "exp", "list", "--name-only").split()
    assert shell(repo, "git", "show", f"{experiment(repo, name)}:second/lines.txt") == "3\n"
    assert shell(repo, "git", "status", "--porcelain") == ""
    stranger(repo, "dvc", "exp", "apply", name)
    status = stranger(repo, "leeway", "status")
    assert [line.split()[1:3] for line in status.splitlines()[1:]] == [["be", "cached"]] * 5


def experiment(repo: Path, name: str) -> str:
    [ref] = shell(
        repo, "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}"
    ).split()
    return ref


def test_the_page_leads_from_nothing_to_green_runs_and_leaves_no_process(stranger, tmp_path):
    said = stranger(tmp_path, "bash", "-euxc", block("From nothing to a green run"), **NAMED)
    repo = tmp_path / "notes"
    assert "Airflow is up: http://127.0.0.1:" in said
    why = dict(re.findall(r"(?m)^ .* s  (\w+) +success \((.*)\)$", said.partition("Experiment")[2]))
    assert why["write"].startswith("ran: the command changed"), said
    names = re.findall(r"dvc exp apply (\S+)", said)
    made = [shell(repo, "git", "show", f"{experiment(repo, name)}:count.json") for name in names]
    assert made == ["2\n", "3\n"]
    assert shell(repo, "git", "status", "--porcelain", "--untracked-files=all") == ""
    assert at_work_in(repo) == set()
