"""Serve the champion of a repository's registry: `python -m include.following.serve`.

What is promoted in another terminal is served within seconds. Where nothing is champion yet, the
bento of the working tree is served. Further options are for `bentoml serve`.
"""

import argparse
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from include.errors import PipelineError, PlatformError
from include.following.example import request_line
from include.following.follower import Follower, alone
from include.following.trial import tried
from include.following.words import add_to, ended_by_signals, follower_of, say
from include.pipeline.child.life import PR_SET_PDEATHSIG
from include.pipeline.registry.declared import declared
from include.pipeline.registry.tags import read
from include.serving.gate import OPEN, TOKEN, read_token
from include.serving.places import from_here
from include.serving.pointer import FOLDER, Pointed

EVERY_S, PATIENCE_S = 1.0, 30.0
LIVE = ".dvc/tmp/serving"  # which neither git nor DVC sees


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop; 1 if there is nothing to serve, or BentoML ended."""
    parser = argparse.ArgumentParser(
        prog="python -m include.following.serve", description=__doc__, allow_abbrev=False
    )
    add_to(parser)
    parser.add_argument(
        "--bento",
        type=Path,
        help="what is served where nothing is champion; else what dvc.yaml names",
    )
    parser.add_argument("--host", default=os.environ.get("BENTOML_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("BENTOML_PORT", "3000")))
    words, options = parser.parse_known_args(argv)
    live = words.repo / LIVE
    from_here()
    try:
        with ended_by_signals(), alone(live):
            see_that_free(words.host, words.port)
            follower, made = follower_of(words, live), token()
            about = declared(follower.repo)[follower.artifact]
            os.environ |= tried(follower.repo, about, os.environ)
            path = about.get("path")
            packed = words.bento or (path and follower.repo / path)
            return serve(follower, begin(follower, packed), words, options, made)
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def begin(follower: Follower, bento: Path | None) -> Pointed:
    """What is served first: the champion, or else the bento of the working tree.

    Raises:
        PipelineError: there is neither, or the champion cannot be had.
        DataError: the bento cannot be read.
    """
    pointer = follower.look()
    if read(follower.repo, follower.artifact).live() is None:
        say(f"{follower.artifact} has no champion yet: `leeway registry promote` makes one.")
        if bento is None or not bento.is_file():
            what = (
                f"There is no model to serve: no champion, and {bento or 'no file'} is not there."
            )
            raise PipelineError(what, "run `make run` first, which makes one.")
        say(f"Until then {bento} is served, which is not registered.")
        pointer = follower.begin_with(bento)
    if pointer.champion is None or "champion" in pointer.refused:
        what = f"The champion of {follower.artifact} cannot be served."
        raise PipelineError(what, "do as is said above, or promote another version.")
    return pointer.champion


def serve(
    follower: Follower, first: Pointed, words: argparse.Namespace, options: list[str], made: str
) -> int:
    """Let BentoML serve, and follow the registry until one of both ends."""
    follower.kept.add(first.folder.name)  # whose code runs, and may be read later
    bento = follower.live / first.folder
    command = [sys.executable, "-m", "bentoml", "serve", str(bento), *options]
    os.environ |= {
        FOLDER: str(follower.live),
        "BENTOML_HOST": words.host,
        "BENTOML_PORT": str(words.port),
        "BENTOML_DO_NOT_TRACK": "true",
    }
    prctl = ctypes.CDLL(None).prctl
    # The code is that of the bento, and not of the folder that this was typed in.
    server = subprocess.Popen(
        command,
        cwd=bento / "src",
        start_new_session=True,
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
    )
    url, told = f"http://{reached(words.host)}:{words.port}", False
    try:
        while server.poll() is None:
            if not told and is_ready(url):
                say(f"\nready; ask it from another terminal:\n\n{request_line(url, made, bento)}\n")
                told = True
            follower.follow()
            with suppress(subprocess.TimeoutExpired):
                server.wait(EVERY_S)
    finally:
        end(server)
    what = f"BentoML ended with {server.returncode}."
    raise PipelineError(what, "see what it said above.")


def end(server: "subprocess.Popen[bytes]") -> None:
    """End BentoML with its workers: politely, so that requests are answered, then at once."""
    if server.poll() is None:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(PATIENCE_S)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def token() -> str:
    """The token, if it was made here; empty if the environment has one, or the word to do without.

    Raises:
        ParamsError: the one of the environment is too short.
    """
    if os.environ.get(TOKEN, "").strip() or os.environ.get(OPEN) == "1":
        read_token()
        return ""
    os.environ[TOKEN] = secrets.token_hex(32)
    return os.environ[TOKEN]


def see_that_free(host: str, port: int) -> None:
    """Refuse a port that somebody listens to.

    Raises:
        PipelineError: somebody does.
    """
    with socket.socket() as asked:
        if asked.connect_ex((reached(host), port)) == 0:
            what = f"Something is served at port {port} already."
            raise PipelineError(what, "end it, or name another port with --port or BENTOML_PORT.")


def reached(host: str) -> str:
    """Where this machine reaches a server that listens there."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host


def is_ready(url: str) -> bool:
    """Whether the server answers with a model that may answer."""
    import urllib.request

    asker = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with asker.open(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    raise SystemExit(main())
