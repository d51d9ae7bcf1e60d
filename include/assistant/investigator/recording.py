"""Record all transcripts anew: what their models say stays, what they are answered is of today.

In the folder include/assistant, with PYTHONPATH=../..:
`python -m include.assistant.investigator.recording`.
Look at what git shows then: each change is one of a tool, a check, the playbook or the incidents.
"""

import argparse
import tempfile
from pathlib import Path

from include.assistant.investigator import playbook
from include.assistant.investigator.replaying import as_text, read, replay

HERE = Path(__file__).parent


def record(folder: Path, incidents: Path) -> list[str]:
    """Write each transcript as it goes now, and give the names of those that changed."""
    book, changed = playbook.read(), []
    for name, held in read(folder).items():
        with tempfile.TemporaryDirectory(prefix="leeway-") as aside:
            now = replay(name, held, Path(aside), incidents, book)
        path = folder / f"{name}.json"
        if path.read_text() != as_text(now.transcript):
            path.write_text(as_text(now.transcript))
            changed.append(name)
    return changed


def main() -> None:
    """Record, and say what changed."""
    parser = argparse.ArgumentParser(prog="recording", description=__doc__)
    parser.add_argument("--incidents", type=Path, default=HERE.parent / "data/incidents")
    changed = record(HERE / "transcripts", parser.parse_args().incidents)
    print(f"recorded anew: {', '.join(changed) or 'none'}", flush=True)


if __name__ == "__main__":
    main()
