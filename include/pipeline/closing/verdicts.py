"""What a stage's verdict says, in a sentence: for the notes of its task and of its run.

A stage names the file in `meta.verdict` of dvc.yaml: JSON whose `verdict` has a `sentence`, and
perhaps what `to_do`; or is a word, with its `reason` beside it. Who reads a note sees no more of a
file than that: no line ends, and no more than fits.
"""

import contextlib
import json
from collections.abc import Mapping

from include.errors import PipelineError
from include.pipeline.closing.reports import fetch, see_that_own
from include.pipeline.workspace import Run

LONGEST = 400  # letters
MOST_BYTES = 20_000_000


def verdict(run: Run, path: str) -> str:
    """The sentence of a verdict in the workspace of a run; empty if there is none."""
    file = run.folder / path
    try:
        see_that_own(run, file)
        if not path or file.stat().st_size > MOST_BYTES:
            return ""
        held = json.loads(file.read_text())
        return sentence(held["verdict"], held.get("reason"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, PipelineError):
        return ""  # a note is not worth a failed task; the file is there to be read


def sentence(held: object, reason: object) -> str:
    """A verdict as one line."""
    if isinstance(held, Mapping):
        parts = [held["sentence"], held.get("to_do") or ""]
    else:
        parts = [f"{held}: {reason}" if reason else held]
    text = " ".join(" ".join(str(part) for part in parts).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def verdicts(run: Run, paths: Mapping[str, str]) -> dict[str, str]:
    """The sentences of all verdicts of a run, also of stages that had nothing to do.

    Args:
        paths: name to the file of its verdict.
    """
    if run.folder.exists():
        with contextlib.suppress(PipelineError):  # close_run asks for what it needs
            fetch(run, list(paths.values()))
    found = {name: verdict(run, path) for name, path in paths.items()}
    return {name: said for name, said in found.items() if said}
