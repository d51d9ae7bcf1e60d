"""How a model is tried on this machine: a project may say so, with a module of its own.

`meta: {trial: MODULE}` of an artifact in dvc.yaml names it. `python -m MODULE` prepares what a
service needs, and prints the variables of its environment as JSON on the last line.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.errors import PipelineError


def tried(repo: Path, about: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that the project sets for a trial, but for those that are set already.

    Args:
        about: what dvc.yaml says of the artifact.

    Raises:
        PipelineError: what its module printed is no JSON.
    """
    module = (about.get("meta") or {}).get("trial")
    if not module:
        return {}
    command = [sys.executable, "-m", str(module)]
    done = subprocess.run(command, cwd=repo, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {}  # it has said why, and the service does without
    try:
        found = {**json.loads(done.stdout.strip().splitlines()[-1])}
    except (ValueError, IndexError, TypeError):
        what = f"{module} printed no variables: {done.stdout.strip()[-80:]!r}."
        raise PipelineError(what, "let its last line be a JSON object.") from None
    return {name: str(value) for name, value in found.items() if name not in environment}
