"""A request that can be pasted."""

import json
import os
from pathlib import Path
from shlex import quote

from include.serving.gate import TOKEN
from include.serving.manifest import MODEL, read_manifest
from include.serving.pointer import EXAMPLE


def request_line(url: str, token: str, bento: Path) -> str:
    """A line that asks a server what LEEWAY_SERVE_EXAMPLE holds, or else about nothing known.

    Args:
        token: what to send; empty: the one of the environment.
        bento: the folder of the model, beside which the rows are written.
    """
    path, held = "/predict", os.environ.get(EXAMPLE, "")
    if not held:
        path, rows = "/predict/features", bento.parent.parent / "example.json"
        features = read_manifest(bento / MODEL)["features"]
        rows.write_text(json.dumps([{feature["name"]: None for feature in features}]) + "\n")
        held = str(rows)
    return (
        f"curl --silent {url}{path} --data {quote(f'@{held}')} "
        f'--header "Authorization: Bearer {token or "$" + TOKEN}" '
        '--header "Content-Type: application/json"'
    )
