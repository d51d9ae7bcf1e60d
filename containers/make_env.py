"""Make .env from .env.example: each empty value becomes a random one, readable by this user alone.

A .env that is there is kept; values that a newer .env.example asks for are added to it.
"""

import base64
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOCKET = Path("/var/run/docker.sock")


def main(root: Path = ROOT) -> None:
    """Write .env."""
    target = root / ".env"
    held = target.read_text() if target.exists() else ""
    names = {line.partition("=")[0] for line in held.splitlines()}
    lines = (root / ".env.example").read_text().splitlines()
    if held:
        lines = [line for line in lines if "=" in line and line.partition("=")[0] not in names]
        lines = [line for line in lines if not line.startswith("#")]
    text = held + "".join(f"{filled(line)}\n" for line in lines)
    if text != held:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)
        print("wrote .env")


def filled(line: str) -> str:
    """The line with a random value, if it has a name and none yet."""
    name, equals, value = line.partition("=")
    if line.startswith("#") or not equals or value:
        return line
    if name == "DOCKER_GROUP":
        return f"{name}={SOCKET.stat().st_gid if SOCKET.exists() else ''}"
    if name == "AIRFLOW_FERNET_KEY":
        return f"{name}={base64.urlsafe_b64encode(os.urandom(32)).decode()}"
    # Hexadecimal, so that it may stand in a URL as it is.
    return f"{name}={secrets.token_hex(16 if name.endswith(('_PASSWORD', '_KEY')) else 32)}"


if __name__ == "__main__":
    main()
