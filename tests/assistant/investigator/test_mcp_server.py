"""The MCP server: the same tools, read-only, and over HTTP for nobody without the token."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import anyio
import httpx
import pytest
from assistant_evidence import NOW, WINDOWS, put
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from starlette.testclient import TestClient

from include.assistant.investigator.mcp_server import FRESH_S, Source, application, main, server
from include.assistant.investigator.tools import NAMES, OfLog, OfNumbers, OfRun, Tools
from include.errors import DataError

ROOT = Path(__file__).parents[3]
TOKEN = "a-token-of-24-characters"


def asked(folder: Path, *calls: tuple[str, dict]) -> list:
    """What a client of the server is answered; first the list of its tools."""

    async def go() -> list:
        async with Client(server(Source(None, folder))) as client:
            listed = (await client.list_tools()).tools
            return [listed, *[await client.call_tool(name, held) for name, held in calls]]

    return anyio.run(go)


def test_the_tools_are_those_of_the_playbook_and_all_are_read_only(tmp_path):
    put(tmp_path, *WINDOWS)
    [listed] = asked(tmp_path)
    assert [tool.name for tool in listed] == [*NAMES]
    assert all(
        tool.annotations.read_only_hint and not tool.annotations.destructive_hint for tool in listed
    )
    assert listed[2].input_schema["properties"]["limit"]["maximum"] == 60


def test_an_answer_is_that_of_the_tool(tmp_path):
    evidence = put(tmp_path, *WINDOWS)
    _, drift, runs = asked(tmp_path, ("drift_of", {"limit": 2}), ("list_runs", {}))
    assert drift.structured_content == Tools(evidence).drift_of(OfNumbers(limit=2)).model_dump(
        mode="json"
    )
    assert runs.structured_content == Tools(evidence).list_runs(OfRun()).model_dump(mode="json")


def test_a_wrong_question_is_told_what_is_wrong(tmp_path):
    put(tmp_path, *WINDOWS)
    _, no_run, no_tool = asked(tmp_path, ("drift_of", {"run": NOW[:-1]}), ("clear_task", {}))
    assert no_run.is_error and f"Did you mean '{NOW}'?" in no_run.content[0].text
    assert no_run.content[0].text.endswith("\n  Next: list the runs first.")
    assert no_tool.is_error and no_tool.content[0].text == "Unknown tool: clear_task"


def test_calls_at_the_same_time_wait_for_evidence_that_is_whole(tmp_path):
    times: list[Path] = []

    def make(folder: Path) -> None:
        times.append(folder)
        time.sleep(0.2)
        put(folder, *WINDOWS)

    async def go() -> list[bool]:
        refused = []
        async with (
            Client(server(Source(make, tmp_path))) as client,
            anyio.create_task_group() as tasks,
        ):

            async def one(name: str) -> None:
                refused.append((await client.call_tool(name, {})).is_error)

            for name in NAMES[:-1]:  # the last one asks for a question
                tasks.start_soon(one, name)
        return refused

    assert anyio.run(go) == [False] * 6
    assert len(times) == 1


def test_a_gathering_that_failed_leaves_nothing_to_the_next_one(tmp_path):
    fails = [True]

    def make(folder: Path) -> None:
        put(folder, *WINDOWS, logs={"left": "x"} if fails else {})
        if fails:
            fails.clear()
            raise DataError("It failed.", "try again.")

    source = Source(make, tmp_path)
    with pytest.raises(DataError):
        source.tools()
    assert source.tools().task_log(OfLog()).facts == ()


def test_evidence_is_gathered_anew_when_it_is_old(tmp_path):
    times, clock = [], [0.0]

    def make(folder: Path) -> None:
        times.append(clock[0])
        put(folder, *WINDOWS)

    source = Source(make, tmp_path, clock=lambda: clock[0])
    for moment in (0.0, 1.0, FRESH_S - 1, FRESH_S, FRESH_S + 1, 3 * FRESH_S):
        clock[0] = moment
        assert source.tools().list_runs(OfRun()).facts
    assert times == [0.0, FRESH_S, 3 * FRESH_S]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3"]


def test_a_gathering_that_takes_longer_than_it_stays_fresh_serves_all_who_waited(tmp_path):
    times, clock = [], [0.0]

    def make(folder: Path) -> None:
        times.append(clock[0])
        clock[0] += 2 * FRESH_S
        put(folder, *WINDOWS)

    source = Source(make, tmp_path, clock=lambda: clock[0])
    for _ in range(5):
        assert source.tools().list_runs(OfRun()).facts
    assert times == [0.0]


@pytest.mark.parametrize("token", [None, "short"])
def test_over_http_it_does_not_start_without_a_token(tmp_path, monkeypatch, capsys, token):
    put(tmp_path, *WINDOWS)
    monkeypatch.delenv("LEEWAY_MCP_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("LEEWAY_MCP_TOKEN", token)
    assert main(["--http", "0", "--evidence", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"mcp_server: LEEWAY_MCP_TOKEN has {len(token or '')} characters; at least 16 are asked for.\n"
        "  Next: set LEEWAY_MCP_TOKEN to the output of `openssl rand -hex 32`.\n"
    )


LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


def test_over_http_only_who_has_the_token_is_answered(tmp_path, monkeypatch):
    put(tmp_path, *WINDOWS)
    monkeypatch.setenv("LEEWAY_MCP_TOKEN", TOKEN)
    with TestClient(
        application(Source(None, tmp_path)), base_url="http://127.0.0.1:8765"
    ) as client:

        def status(*headers: tuple[str, str], host: str = "127.0.0.1:8765") -> int:
            sent = [*ACCEPT.items(), ("Host", host), *headers]
            return client.post("/mcp", json=LIST, headers=sent).status_code

        right = ("Authorization", f"Bearer {TOKEN}")
        assert (
            status() == status(("Authorization", f"Bearer {TOKEN}x")) == status(right, right) == 401
        )
        assert status(("Authorization", f"Basic {TOKEN}")) == 401
        assert status(right, host="evil.example") == 421
        found = client.post("/mcp", json=LIST, headers=[*ACCEPT.items(), right])
        data = next(line for line in found.text.splitlines() if line.startswith("data: "))
        assert [tool["name"] for tool in json.loads(data[6:])["result"]["tools"]] == [*NAMES]
        refused = client.get("/other")
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert refused.json()["error"] == "The request carries no valid token."


def test_behind_a_proxy_it_answers_to_the_names_that_it_is_given(tmp_path, monkeypatch):
    put(tmp_path, *WINDOWS)
    monkeypatch.setenv("LEEWAY_MCP_TOKEN", TOKEN)
    app = application(Source(None, tmp_path), ["facts.example"])
    with TestClient(app, base_url="https://facts.example") as client:

        def status(host: str, origin: str = "https://facts.example") -> int:
            sent = [*ACCEPT.items(), ("Authorization", f"Bearer {TOKEN}"), ("Origin", origin)]
            return client.post("/mcp", json=LIST, headers=[*sent, ("Host", host)]).status_code

        assert status("facts.example") == status("facts.example:443") == status("localhost") == 200
        assert status("facts.example.evil.example") == status("evil.example") == 421
        assert status("facts.example", "https://evil.example") == 403


@pytest.mark.parametrize("host", ["https://facts.example", "facts.example:443", "*", "a/b", ""])
def test_what_is_no_name_of_a_host_is_refused(tmp_path, monkeypatch, capsys, host):
    monkeypatch.setenv("LEEWAY_MCP_TOKEN", TOKEN)
    assert main(["--http", "0", "--allow-host", host, "--evidence", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"mcp_server: --allow-host {host!r} is no name of a host.\n"
        "  Next: give the name alone, without scheme, port and path.\n"
    )


def started(folder: Path, *more: str) -> list[str]:
    """The words that start the server, as docs/investigator.md has them."""
    module = "include.assistant.investigator.mcp_server"
    return ["-m", module, "--evidence", str(folder), *more]


def test_an_editor_starts_it_and_speaks_with_it_by_its_input_and_output(tmp_path):
    put(tmp_path, *WINDOWS)
    process = StdioServerParameters(command=sys.executable, args=started(tmp_path), cwd=ROOT)

    async def go() -> str:
        async with Client(stdio_client(process)) as client:
            found = await client.call_tool("list_runs", {"limit": 1})
            return str(found.structured_content["note"])

    assert anyio.run(go) == f"The run in alarm is {NOW}."


def test_it_listens_and_answers_who_has_the_token(tmp_path):
    put(tmp_path, *WINDOWS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, *started(tmp_path, "--http", str(port))]
    environment = {**os.environ, "LEEWAY_MCP_TOKEN": TOKEN}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr
            while b"running on" not in (line := process.stderr.readline()):
                assert line, "it has ended"
            url = f"http://127.0.0.1:{port}/mcp"
            assert httpx.post(url, json=LIST, headers=ACCEPT).status_code == 401
            right = {**ACCEPT, "Authorization": f"Bearer {TOKEN}"}
            assert httpx.post(url, json=LIST, headers=right).status_code == 200
        finally:
            process.terminate()
