"""A request that can be pasted."""

import json
from pathlib import Path

from include.serving.gate import TOKEN
from include.serving.live import MODEL
from include.serving.manifest import read_manifest


def request_line(url: str, token: str, bento: Path) -> str:
    """A line that asks a server, with features that are not known.

    Args:
        token: what to send; empty: the one of the environment.
        bento: the folder of the model, beside which the rows are written.
    """
    features = read_manifest(bento / MODEL)["features"]
    rows = bento.parent.parent / "example.json"
    rows.write_text(json.dumps([{feature["name"]: None for feature in features}]) + "\n")
    return (
        f"curl --silent {url}/predict --data @{rows} "
        f'--header "Authorization: Bearer {token or "$" + TOKEN}" '
        '--header "Content-Type: application/json"'
    )
