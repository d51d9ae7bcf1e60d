"""The git server takes and gives what workers push, to who has the token."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import git_server
import psutil
import pytest
import small_git
import uvicorn
from celery_airflow import free_port
from running_airflow import wait_until

TOKEN = "of-a-test"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A served repository that is somebody's working tree, as that of the platform is."""
    small_git.make(tmp_path / "served" / "repository")
    (tmp_path / "secret").mkdir()
    pages, port = git_server.application(tmp_path / "served", TOKEN), free_port()
    server = uvicorn.Server(uvicorn.Config(pages, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/repository"
    server.should_exit = True
    thread.join()


def git(
    folder: Path, *words: str, token: str = TOKEN, scheme: str = "Bearer"
) -> subprocess.CompletedProcess[str]:
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {scheme} {token}",
        "GIT_TERMINAL_PROMPT": "0",
    }
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True)


def test_a_worker_clones_and_pushes_the_refs_of_runs(url, tmp_path):
    assert git(tmp_path, "clone", "--quiet", url, "clone").returncode == 0
    clone = tmp_path / "clone"
    # More than git sends in one piece: it comes in chunks, and compressed.
    (clone / "large").write_bytes(os.urandom(3_000_000))
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "-m", "large")
    pushed = git(clone, "push", "--quiet", url, "HEAD:refs/leeway/runs/one", "HEAD:refs/exps/a/b/c")
    assert pushed.returncode == 0, pushed.stderr
    served = tmp_path / "served/repository"
    ours = git(clone, "rev-parse", "HEAD").stdout
    assert git(served, "rev-parse", "refs/leeway/runs/one").stdout == ours
    assert git(tmp_path, "ls-remote", url, "refs/exps/a/b/c").stdout.startswith(ours.strip())
    assert git(clone, "push", "--quiet", url, ":refs/leeway/runs/one").returncode == 0


def test_nobody_pushes_into_the_branch_that_is_checked_out(url, tmp_path):
    git(tmp_path, "clone", "--quiet", url, "clone")
    clone = tmp_path / "clone"
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "another")
    branch = git(clone, "branch", "--show-current").stdout.strip()
    assert (
        "refusing to update checked out branch" in git(clone, "push", url, f"HEAD:{branch}").stderr
    )


def test_the_scheme_may_be_written_in_any_case(url, tmp_path):
    assert git(tmp_path, "ls-remote", url, scheme="bearer").returncode == 0
    assert git(tmp_path, "ls-remote", url, scheme="Basic").returncode != 0


@pytest.mark.parametrize("token", ["", "another"])
def test_who_has_no_token_gets_nothing(url, tmp_path, token):
    refused = git(tmp_path, "ls-remote", url, token=token)
    assert refused.returncode != 0
    assert "refs/" not in refused.stdout


def test_what_is_beside_the_repositories_is_not_served(url, tmp_path):
    small_git.make(tmp_path / "other")
    for path in ("/../../other", "/..%2f..%2fother", "/.."):
        assert git(tmp_path, "ls-remote", f"{url}{path}").returncode != 0


def backends() -> list[psutil.Process]:
    """The processes of git that the server, a thread of this process, waits for."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and "http-backend" in command_of(child)
    ]


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def ended(family: list[psutil.Process]) -> bool:
    return not [one for one in family if works(one)]


def works(one: psutil.Process) -> bool:
    try:
        return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_git_ends_when_its_client_goes_away_while_it_sends(url, tmp_path):
    served = tmp_path / "served/repository"
    (served / "large").write_bytes(os.urandom(30_000_000))
    git(served, "add", "--all", "--force")
    git(served, "commit", "--quiet", "-m", "large")
    want = f"want {git(served, 'rev-parse', 'HEAD').stdout.strip()} side-band-64k\n"
    body = f"{len(want) + 4:04x}{want}00000009done\n"
    host, port = url.split("/")[2].split(":")
    head = (
        f"POST /repository/git-upload-pack HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-git-upload-pack-request\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as client:
        client.sendall((head + body).encode())
        assert b" 200 " in client.recv(1000)
        time.sleep(1)
        family = [child for one in backends() for child in [one, *one.children(recursive=True)]]
        assert len(family) > 1  # git waits for a client that reads no more
    wait_until(lambda: ended(family), 10)
    assert git(tmp_path, "ls-remote", url).returncode == 0


def test_git_ends_when_its_client_goes_away_while_it_works(url, tmp_path):
    git(tmp_path, "clone", "--quiet", url, "clone")
    hook = tmp_path / "served/repository/.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nsleep 300\n")
    hook.chmod(0o755)
    git(tmp_path / "clone", "commit", "--quiet", "--allow-empty", "-m", "another")
    command = [
        "git",
        "-c",
        f"http.extraHeader=Authorization: Bearer {TOKEN}",
        "push",
        url,
        "HEAD:refs/exps/a",
    ]
    client = subprocess.Popen(command, cwd=tmp_path / "clone", start_new_session=True, stderr=-1)
    family: list[psutil.Process] = []

    def sleeps() -> bool:
        family[:] = [c for one in backends() for c in [one, *one.children(recursive=True)]]
        return any("sleep 300" in command_of(one) for one in family)

    wait_until(sleeps, 20)
    os.killpg(client.pid, 9)
    client.communicate()
    wait_until(lambda: ended(family), 10)
    hook.unlink()
    assert git(tmp_path / "clone", "push", url, "HEAD:refs/exps/a").returncode == 0
