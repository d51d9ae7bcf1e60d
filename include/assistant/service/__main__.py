"""Serve the assistant, and print a request to paste: `python -m include.assistant.service`.

The token is that of the environment, or is made here. Further options are for `bentoml serve`.
"""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path

from include.assistant.retrieval.index import ABOUT
from include.assistant.service.index_folder import FOLDER
from include.assistant.service.packaged import CACHE, EXAMPLE
from include.errors import DataError
from include.serving.__main__ import HOST
from include.serving.__main__ import main as serve
from include.serving.gate import OPEN, TOKEN

BENTO = Path(__file__).parents[1] / "bento" / "assistant.bento"
NO_INDEX = (
    "run `dvc repro include/assistant/dvc.yaml:build_index`, which makes one in data/index, or "
    "leave --index out: then the bento answers from its own."
)
EVERYWHERE = ("0.0.0.0", "::")


def main(argv: list[str]) -> int:
    """Print the request, and become the server; 1 if there is nothing to serve."""
    parser = argparse.ArgumentParser(
        prog="python -m include.assistant.service", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--bento", type=Path, default=BENTO, help="another file than the last made")
    parser.add_argument("--index", type=Path, help="of build_index, to follow in place of its own")
    parser.add_argument("--host", default=os.environ.get("BENTOML_HOST", HOST))
    parser.add_argument("--port", type=int, default=int(os.environ.get("BENTOML_PORT", "3000")))
    words, options = parser.parse_known_args(argv)
    if words.index:
        os.environ[FOLDER] = str(words.index)
    for name in (CACHE, FOLDER):  # workers run elsewhere
        if held := os.environ.get(name, "").strip():
            os.environ[name] = str(Path(held).absolute())
    os.environ |= {"BENTOML_HOST": words.host, "BENTOML_PORT": str(words.port)}
    token = "$" + TOKEN
    if not os.environ.get(TOKEN, "").strip() and os.environ.get(OPEN) != "1":
        token = os.environ[TOKEN] = secrets.token_hex(32)
    if words.bento.is_file():
        if words.index and not (words.index / ABOUT).is_file():
            print(DataError(f"{words.index} holds no index.", NO_INDEX), file=sys.stderr)
            return 1
        print(f"once it is ready, ask from another terminal:\n\n{request(words, token)}\n")
    return serve([str(words.bento), *options])


def request(words: argparse.Namespace, token: str) -> str:
    """A line that asks the server a question."""
    host = HOST if words.host in EVERYWHERE else words.host
    return (
        f"curl --no-buffer http://{host}:{words.port}/ask "
        f'--header "Authorization: Bearer {token}" --header "Content-Type: application/json" '
        f"--data '{json.dumps(EXAMPLE)}'"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
