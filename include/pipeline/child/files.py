"""Write a file so that nobody ever sees half of it, however many write it at once."""

import uuid
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Write aside, under a name of its own, then into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with aside.open("xb" if isinstance(content, bytes) else "x") as file:  # through no link
            file.write(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
