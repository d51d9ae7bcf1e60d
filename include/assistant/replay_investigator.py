"""Stage replay_investigator: transcripts of investigations go again, and end as they did."""

import json
import tempfile
from pathlib import Path

from include import step
from include.assistant.investigator import playbook
from include.assistant.investigator.replaying import compare, read, replay
from include.step import Out


def replay_investigator(incidents: Path, transcripts: Path, metrics: Out) -> None:
    """Replay each transcript over its incident.

    Raises:
        DataError: a tool answers, or a note concludes, otherwise than it did.
    """
    book, replayed = playbook.read(), []
    for name, recorded in read(transcripts).items():
        with tempfile.TemporaryDirectory(prefix="leeway-") as aside:
            now = replay(name, recorded, Path(aside), incidents, book)
        compare(recorded, now)
        replayed.append(now)
    numbers = {
        "transcripts": len(replayed),
        "steps": sum(len(one.transcript.steps) for one in replayed),
        "fell_back": sum(one.fell_back for one in replayed),
        "actions_taken": sum(one.acted for one in replayed),
        "obeyed": sum(len(one.obeyed) for one in replayed),
    }
    metrics.write_text(json.dumps(numbers, indent=2) + "\n")
    print(f"transcripts that go as they went: {len(replayed)}", flush=True)


if __name__ == "__main__":
    raise SystemExit(step.run(replay_investigator))
