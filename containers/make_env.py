"""Make .env from .env.example: each empty secret becomes a random one, readable by this user alone.

What a .env that is there says is kept; what a newer .env.example asks for is added to it. Values
that are to be set may follow: make_env.py NAME=VALUE ...
"""

import base64
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECRETS = ("_PASSWORD", "_KEY", "_SECRET", "_TOKEN")
SOCKET = Path("/var/run/docker.sock")


def main(root: Path = ROOT, asked: Sequence[str] = ()) -> None:
    """Write .env, with the values that are asked for, as NAME=VALUE."""
    target = root / ".env"
    held = target.read_text() if target.exists() else ""
    wanted = (root / ".env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in held.splitlines()}
    if held:
        wanted = [line for line in wanted if named(line) and line.partition("=")[0] not in names]
    given = {line.partition("=")[0]: line for line in asked}
    lines = (given.get(line.partition("=")[0], line) for line in (*held.splitlines(), *wanted))
    text = "".join(f"{filled(line)}\n" for line in lines)
    if text != held:
        aside = target.with_name(".env.new")
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        aside.replace(target)
        print("wrote .env")
    target.chmod(0o600)


def named(line: str) -> bool:
    """Whether a line gives a value a name."""
    return "=" in line and not line.startswith("#")


def filled(line: str) -> str:
    """The line with a value, if it has none yet and this can find or make one."""
    name, _, value = line.partition("=")
    if not named(line) or value:
        return line
    if name == "DOCKER_GROUP":
        return f"{name}={SOCKET.stat().st_gid if SOCKET.exists() else ''}"
    if name == "AIRFLOW_FERNET_KEY":
        return f"{name}={base64.urlsafe_b64encode(os.urandom(32)).decode()}"
    if not name.endswith(SECRETS):
        return line
    # Hexadecimal, so that it may stand in a URL as it is.
    return f"{name}={secrets.token_hex(16 if name.endswith(('_PASSWORD', '_KEY')) else 32)}"


if __name__ == "__main__":
    main(asked=sys.argv[1:])
