"""A client of the assistant's front, in one process with it; and what the log holds."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from starlette.responses import PlainTextResponse

from include.assistant.service.assistant import Assistant
from include.assistant.service.front import Front

TOKEN = "a-token-that-nobody-guesses"
JSON = {"Accept": "application/json"}
Said = tuple[str, dict[str, Any]]  # an event: its name, and what it says


class Client:
    """Asks the front, with the token, in one event loop after the other."""

    def __init__(self, assistant: Assistant) -> None:
        self.front = Front(PlainTextResponse("BentoML"), lambda: assistant)

    def ask(self, question: str, **more: Any) -> dict[str, Any]:
        """The answer in one piece."""
        held = self.post("/ask", json={"question": question, **more}, headers=JSON)
        assert held.status_code == 200, held.text
        return dict(held.json())

    def post(self, path: str, **sent: Any) -> httpx.Response:
        return self.request("POST", path, **sent)

    def request(self, method: str, path: str, **sent: Any) -> httpx.Response:
        sent["headers"] = {"Authorization": f"Bearer {TOKEN}", **sent.get("headers", {})}

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.front, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.request(method, path, **sent)

        return asyncio.run(asked())


def events(stream: str) -> list[Said]:
    """The events of a stream; signs of life are none."""
    blocks = [block.split("\n") for block in stream.split("\n\n") if block[:1] not in ("", ":")]
    return [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in blocks]


def lines(log: Path) -> list[dict[str, Any]]:
    """The lines of the log, in order."""
    return [json.loads(line) for file in sorted(log.iterdir()) for line in file.open()]
