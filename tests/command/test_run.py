"""One command brings Airflow up, runs a DAG to its end and says what it did, and leaves nothing.

Longer than other files: all of it asks one Airflow, which takes its time to start.

Long because all its cases share one Airflow, whose start costs most.
"""

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
import small_git
from running_airflow import SMALL_DAG, ended, put_database, wait_until
from small_git import commit, init, shell

from include.airflow_site import processes
from include.airflow_site.api import AirflowApi
from include.airflow_site.settings import Site
from include.errors import PipelineError

ROOT = Path(__file__).parents[2]
TORN = """
stages:
  tear:
    cmd: |-
      echo "The file is torn." >&2; echo "  Next: mend it." >&2; exit 7
    outs: [torn.txt]
"""
GATED = """
stages:
  wait:
    cmd: until test -e ${gate}; do sleep 0.1; done; echo ${n} > n.txt
    outs: [n.txt]
"""
MONTHLY = """
stages:
  note:
    cmd: echo ${window.end} > end.txt
    outs: [end.txt]
"""
HEAD = '''"""A DAG of Airflow's for another repository."""
from datetime import UTC, datetime
from airflow.sdk import Asset
from dvc_dag import pipeline_dag
'''
TORN_DAG = f'{HEAD}torn = pipeline_dag("torn", repo=REPO, schedule=None, catchup=False)\n'
GATED_DAG = f"""{HEAD}
gated = pipeline_dag("gated", repo=REPO, schedule=None, catchup=False, max_active_runs=1)
"""
MONTHLY_DAG = f"""{HEAD}
for name, schedule in (
    ("monthly", "@monthly"),
    ("on_asset", Asset("dvc://repo/second/shout.txt")),
):
    globals()[name] = pipeline_dag(
        name,
        repo=REPO,
        form={{"window.end": {{"format": "date"}}}},
        interval={{"window.end": "data_interval_end"}},
        schedule=schedule,
        start_date=datetime(2013, 6, 1, tzinfo=UTC),
        catchup=False,
    )
"""


def other(folder: Path, stages: str, params: str = "") -> Path:
    """A committed DVC repository with one stage."""
    folder.mkdir()
    (folder / "dvc.yaml").write_text(stages)
    (folder / "params.yaml").write_text(params)
    init(folder)
    commit(folder, "start")
    return folder


def leeway(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    with begun(repo, *words) as process:
        said, wrong = process.communicate()
    return subprocess.CompletedProcess(words, process.returncode, said, wrong)


def begun(repo: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "include.command", "--repo", str(repo), *words],
        cwd=ROOT,
        env={**os.environ, "DVC_SITE_CACHE_DIR": str(repo.parent / "site")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupted(repo: Path, until: str, *words: str) -> tuple[str, str, str]:
    """The run of a command that is interrupted after a line, and what it said in both streams."""
    with begun(repo, *words) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if until in line:
                break
        process.send_signal(signal.SIGINT)
        _, wrong = process.communicate()
    assert process.returncode == 130, wrong
    return lines[0].split()[1].removesuffix(":"), "".join(lines), wrong


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    repo = small_git.make(folder / "repo")
    torn = other(folder / "torn", TORN)
    params = 'window:\n  end: "2013-01-31"\nmore: {words: [a], none: null}\n'
    monthly = other(folder / "monthly", MONTHLY, params)
    (repo / "dags").mkdir()
    # Without the word by which Airflow else tells DAGs from other files.
    (repo / "dags/small.py").write_text(SMALL_DAG.replace("an Airflow DAG", "a DAG"))
    (repo / "dags/torn.py").write_text(TORN_DAG.replace("REPO", repr(str(torn))))
    gated = other(folder / "gated", GATED, f"n: 1\ngate: {folder / 'open'}\n")
    (repo / "dags/gated.py").write_text(GATED_DAG.replace("REPO", repr(str(gated))))
    (repo / "dags/monthly.py").write_text(MONTHLY_DAG.replace("REPO", repr(str(monthly))))
    commit(repo)
    site = Site.of(repo)
    put_database(site.home)
    return site


@pytest.fixture(scope="module")
def up(site):
    """What `up` printed; at the end, `down`."""
    done = leeway(site.repo, "up")
    try:
        assert done.returncode == 0, done.stderr
        yield done.stdout
    finally:
        leeway(site.repo, "down")


@pytest.fixture(scope="module")
def api(site, up) -> AirflowApi:
    held = json.loads((site.home / "secrets.json").read_text())
    port = (site.home / "port").read_text()
    return AirflowApi(f"http://127.0.0.1:{port}", "admin", held["password"])


@pytest.fixture(scope="module")
def first(site, up) -> subprocess.CompletedProcess[str]:
    return leeway(site.repo, "run", "small", "--set", "shout.times=3", "--set", "shout.mark=?")


def last_run(api: AirflowApi, dag_id: str, kind: str) -> str:
    """The newest run of its kind, when it has succeeded."""

    def found() -> list[str]:
        runs = api.call("GET", f"/dags/{dag_id}/dagRuns?order_by=-run_after")["dag_runs"]
        return [run["dag_run_id"] for run in runs if run["run_type"] == kind]

    wait_until(found, 120)
    assert ended(api, dag_id, found()[0]) == "success"
    return found()[0]


def window_end(api: AirflowApi, dag_id: str, run_id: str) -> str:
    """The value that a run wrote into its params.yaml, by the log of its opening."""
    lines = api.log(dag_id, run_id, "open_run", 1)
    [line] = [line for line in lines if line.startswith("window.end = ")]
    return line.removeprefix("window.end = ")


def test_up_says_where_it_is_and_how_to_log_in(site, up, api):
    password = json.loads((site.home / "secrets.json").read_text())["password"]
    assert f"Airflow is up: {api.url}\n  user admin, password {password} (kept in" in up
    assert len(password) >= 20


def test_secrets_are_for_this_user_alone_and_not_for_git(site, up):
    for name in ("secrets.json", "passwords.json"):
        assert stat.S_IMODE((site.home / name).stat().st_mode) == 0o600
    assert shell(site.repo, "git", "status", "--porcelain") == ""


def test_nobody_else_gets_at_database_logs_workspaces_and_reports(site, first):
    assert stat.S_IMODE(site.home.stat().st_mode) == 0o700
    assert (site.home / "airflow.db").exists() and list(site.leeway.glob("reports/*"))


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v2/dags", "/api/v2/dags/small/dagRuns", "/api/v2/connections", "/api/v2/config"),
        *("/reports/small/one/", "/reports/small/one/second/shout.txt"),
    ],
)
def test_a_request_without_a_login_is_refused(api, path):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{api.url}{path}", timeout=60)
    assert error.value.code == 401


def test_a_wrong_password_is_refused(api):
    with pytest.raises(PipelineError, match="with 401"):
        AirflowApi(api.url, "admin", "guess").call("GET", "/dags")


def test_up_again_is_the_same_airflow(site, up, api):
    before = (site.home / "processes.json").read_text()
    done = leeway(site.repo, "up")
    assert (done.returncode, "Starting" in done.stdout) == (0, False)
    assert (site.home / "processes.json").read_text() == before


def test_a_run_succeeds_and_says_what_each_stage_did(site, first):
    assert first.returncode == 0, first.stdout + first.stderr
    done = [line for line in first.stdout.splitlines() if " s  " in line and "success" in line]
    said = {line.split()[2]: line.split("success")[1].split(";")[0].strip() for line in done}
    ran = "(ran: it never ran before"
    names = ("prepare", "count-left", "count-right", "second.shout")
    assert {name: said[name] for name in names} == dict.fromkeys(names, ran)
    name = first.stdout.split("dvc exp apply ")[1].strip()
    assert name in shell(site.repo, sys.executable, "-m", "dvc", "exp", "list", "--name-only")


def test_the_form_reaches_the_stage(site, first):
    kept = list(site.leeway.glob("reports/*/*/second/shout.txt"))
    assert [path.read_text() for path in kept] == ["666?\n"]


def test_notes_and_xcom_say_why_a_stage_ran(api, first):
    run_id = last_run(api, "small", "manual")
    notes = {task["task_id"]: task["note"] for task in api.tasks("small", run_id)}
    said, cost = notes["second.shout"].split("; ")
    assert said == "ran: it never ran before" and " s of CPU in " in cost
    assert "nothing to do" in api.run("small", run_id)["note"]
    told = api.result("small", run_id, "second.shout")
    assert (told["status"], told["why"]) == ("ran", ["it never ran before"])


def report(api: AirflowApi, path: str) -> tuple[int, str, str]:
    """Status, policy and text of a page of the newest run's reports, with a login."""
    run_id = quote(last_run(api, "small", "manual"))
    request = urllib.request.Request(f"{api.url}/reports/small/{run_id}/{path}")
    request.add_header("Authorization", f"Bearer {api.token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            policy = str(answer.headers["Content-Security-Policy"])
            return answer.status, policy, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, "", ""


def test_reports_are_for_those_who_may_read_the_dag_and_can_reach_nothing_else(site, api, first):
    status, _, page = report(api, "")
    assert (status, "second/shout.txt</a>" in page) == (200, True)
    status, policy, text = report(api, "second/shout.txt")
    published = [path.read_text() for path in site.leeway.glob("reports/*/*/second/shout.txt")]
    assert (status, text in published) == (200, True)
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert report(api, "../../../../secrets.json")[0] == 404
    assert report(api, "..%2f..%2f..%2f..%2fsecrets.json")[0] == 404


def test_a_second_run_is_cached_all_through(api, first):
    run_id = api.trigger("small", {"shout.times": 3, "shout.mark": "?"})
    assert ended(api, "small", run_id) == "success"
    tasks = {task["task_id"]: task for task in api.tasks("small", run_id)}
    stages = tasks.keys() - {"open_run", "close_run"}
    assert len(stages) == 9
    notes = {tasks[name]["note"].split("; saves ")[0] for name in stages}
    assert notes == {"cached: no dep, param or command changed"}
    assert "; 9 of 9 stages have nothing to do." in api.run("small", run_id)["note"]


def test_a_changed_value_reruns_what_depends_on_it_alone(api, first):
    run_id = api.trigger("small", {"shout.times": 4, "shout.mark": "?"})
    assert ended(api, "small", run_id) == "success"
    notes = {task["task_id"]: str(task["note"]) for task in api.tasks("small", run_id)}
    said = "ran: the command changed; param shout.times changed from 3 to 4; "
    assert notes["second.shout"].startswith(said)
    assert sum(note.startswith("cached") for note in notes.values()) == 8


def test_a_run_that_fails_ends_with_1_and_the_words_of_the_step(site, up):
    done = leeway(site.repo, "run", "torn")
    assert done.returncode == 1
    assert "tear" in done.stdout and "failed" in done.stdout
    assert "The file is torn." in done.stdout and "Next: mend it." in done.stdout
    assert shell(site.repo.parent / "torn", "git", "for-each-ref", "refs/exps") == ""


def test_an_interrupted_run_is_taken_up_and_one_of_other_values_can_be_ended(site, api):
    first, _, wrong = interrupted(site.repo, "wait", "run", "gated", "--set", "n=5")
    assert wrong == (
        f"\nstopped to follow gated/{first}: it goes on in Airflow, and the same command follows it "
        "again.\n"
    )
    again, said, _ = interrupted(site.repo, "wait", "run", "gated", "--set", "n=5")
    assert (again, "\n  It had not ended, and is taken up.\n" in said) == (first, True)

    goes_on = f"gated/{first} (running, with n=5, of commit {head(site.repo.with_name('gated'))})"
    assert goes_on in leeway(site.repo, "up").stdout

    second, said, _ = interrupted(site.repo, "To end one", "run", "gated", "--set", "n=6")
    assert said.splitlines()[1:] == [
        "  These runs have not ended, and go on before it, for gated works on 1 at a time:",
        f"    {goes_on}",
        f"  To end one: the same command with --end gated/{first}",
    ]
    with begun(site.repo, "run", "gated", "--set", "n=6", "--end", f"gated/{first}") as process:
        assert process.stdout.readline().startswith(f"gated {second}: ")
        assert api.run("gated", first)["state"] == "failed"
        (site.repo.parent / "open").touch()
        said, wrong = process.communicate()
    assert (process.returncode, "not ended" in said) == (0, False), said + wrong


def head(repo: Path) -> str:
    return shell(repo, "git", "rev-parse", "HEAD")[:10]


def test_a_dag_that_is_not_there_names_the_nearest(site, up):
    done = leeway(site.repo, "run", "smal")
    assert (done.returncode, done.stderr) == (
        1,
        "run: Airflow has no DAG 'smal'. Did you mean 'small'?\n"
        "  Next: name one of gated, monthly, on_asset, small, torn.\n",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("shout.times", "--set shout.times is not NAME=VALUE.\n  Next: write --set window.end="),
        ("shout.times=12", "12 is greater than the maximum of 9"),
        ("shout.times=many", "'many' is not of type 'integer'"),
    ],
    ids=["no value", "above the range", "of another kind"],
)
def test_a_wrong_value_says_what_is_wrong_with_it(site, up, value, words):
    done = leeway(site.repo, "run", "small", "--set", value)
    assert done.returncode == 1
    assert words in done.stderr


def test_a_broken_dag_file_does_not_stop_the_others(site, up):
    broken = site.repo / "dags/broken.py"
    broken.write_text(f'{HEAD}broken = pipeline_dag("broken", targets=["prepar"])\n')
    try:
        done = leeway(site.repo, "run", "broken")
        assert done.returncode == 1
        assert "The DAG file broken.py cannot be read:" in done.stderr
        assert "Did you mean 'prepare'?" in done.stderr
        assert leeway(site.repo, "run", "small").returncode == 0
    finally:
        broken.unlink()


def test_a_stage_that_was_added_a_moment_ago_is_part_of_the_next_run(site, first):
    file = site.repo / "dvc.yaml"
    before = file.read_text()
    try:
        file.write_text(f"{before}  late:\n    cmd: echo 1 > late.txt\n    outs: [late.txt]\n")
        done = leeway(site.repo, "run", "small")
        assert done.returncode == 0, done.stdout
        [line] = [line for line in done.stdout.splitlines() if " late " in line and "succ" in line]
        assert "(ran: it never ran before;" in line
    finally:
        file.write_text(before)


def test_a_graph_that_was_broken_a_moment_ago_is_not_run_as_it_was(site, first):
    file = site.repo / "dvc.yaml"
    before = file.read_text()
    try:
        file.write_text(before.replace("meta: {queue:", "meta: {quue:"))
        done = leeway(site.repo, "run", "small")
        assert done.returncode == 1
        assert "unknown key meta.quue. Did you mean 'queue'?" in done.stderr
    finally:
        file.write_text(before)


def test_a_scheduled_run_takes_the_window_from_its_interval(api):
    api.call("PATCH", "/dags/monthly", {"is_paused": False})
    run_id = last_run(api, "monthly", "scheduled")
    end = api.run("monthly", run_id)["data_interval_end"]
    assert window_end(api, "monthly", run_id) == end[:10]
    assert end[7:10] == "-01"


def test_each_run_of_a_backfill_takes_the_window_from_its_interval(api):
    dates = {"from_date": "2013-06-01T00:00:00Z", "to_date": "2013-07-01T00:00:00Z"}
    api.call("PATCH", "/dags/monthly", {"is_paused": False})
    api.call("POST", "/backfills", {"dag_id": "monthly", **dates, "max_active_runs": 2})

    def found() -> list[str]:
        runs = api.call("GET", "/dags/monthly/dagRuns?order_by=run_after")["dag_runs"]
        return [run["dag_run_id"] for run in runs if run["run_type"] == "backfill"]

    wait_until(lambda: len(found()) == 2, 120)
    assert {ended(api, "monthly", run_id) for run_id in found()} == {"success"}
    assert [window_end(api, "monthly", run_id) for run_id in found()] == [
        "2013-06-01",
        "2013-07-01",
    ]


@pytest.mark.parametrize(
    ("conf", "expected"),
    [({}, "2013-01-31"), ({"window.end": "2013-05-05"}, "2013-05-05")],
    ids=["as params.yaml has it", "as the form says"],
)
def test_a_run_by_hand_without_a_logical_date_takes_the_window_of_the_form(api, conf, expected):
    run_id = api.trigger("monthly", conf)
    assert ended(api, "monthly", run_id) == "success"
    assert api.run("monthly", run_id)["logical_date"] is None
    assert window_end(api, "monthly", run_id) == expected


def test_a_run_by_rest_sets_values_that_the_form_does_not_have(site, api):
    run_id = api.trigger("monthly", {"more": {"words": ["b"]}, "more.none": 1})
    assert ended(api, "monthly", run_id) == "success"
    name = api.result("monthly", run_id, "close_run")
    monthly = site.repo.with_name("monthly")
    ref = shell(monthly, "git", "for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}")
    assert shell(monthly, "git", "show", f"{ref.strip()}:params.yaml") == (
        'window:\n  end: "2013-01-31"\nmore: {words: ["b"], none: 1}\n'
    )


def test_a_misspelt_value_of_a_run_fails_it_and_names_the_nearest(site, up):
    done = leeway(site.repo, "run", "monthly", "--set", "window.edn=2013-02-01")
    assert done.returncode == 1
    assert "params.yaml has no value 'window.edn'. Did you mean 'window.end'?" in done.stdout


def test_a_run_by_an_asset_takes_the_window_of_the_form(api, first):
    api.call("PATCH", "/dags/on_asset", {"is_paused": False})
    [asset] = api.call("GET", "/assets?uri_pattern=second/shout.txt")["assets"]
    api.call("POST", "/assets/events", {"asset_id": asset["id"], "extra": {}})
    run_id = last_run(api, "on_asset", "asset_triggered")
    assert window_end(api, "on_asset", run_id) == "2013-01-31"


def test_all_that_listens_does_so_for_this_machine_alone(site, api, first):
    # Late among these tests: some servers are slow to start.
    parts = ("scheduler", "dag_processor", "triggerer")
    wait_until(lambda: all(health(api, part) == "healthy" for part in parts), 120)
    open_to = listening(site)
    assert f"127.0.0.1:{(site.home / 'port').read_text()}" in open_to
    assert [place for place in open_to if not place.startswith("127.")] == []


def health(api: AirflowApi, part: str) -> str:
    return str(api.call("GET", "/monitor/health")[part]["status"])


def listening(site: Site) -> list[str]:
    """Where the processes of a site, and all that they started, wait for others."""
    groups = processes.groups_of(site.home).values()
    ours = {group for leader in groups for group in processes.with_children(leader)}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) in ours:
                found += [
                    f"{socket.laddr.ip}:{socket.laddr.port}"
                    for socket in process.net_connections("inet")
                    if socket.laddr and not socket.raddr
                ]
    return sorted(set(found))


def test_down_leaves_no_process_and_what_was_made(site, up):
    held = json.loads((site.home / "processes.json").read_text())
    assert set(held) == set(processes.PARTS)
    groups = {group for pid, _ in held.values() for group in processes.with_children(pid)}
    assert leeway(site.repo, "down").returncode == 0
    assert [group for group in groups if processes.alive(group)] == []
    assert not processes.up(site)
    assert (site.home / "airflow.db").exists()
