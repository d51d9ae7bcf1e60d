"""Many objects of git by one process of it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from include.pipeline.git.command import command


def objects(repo: Path, names: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """The hash and the content of files and commits, by the names they were asked for.

    What is not there, or is damaged, is left out.

    Args:
        names: as git takes them: a hash, or COMMIT:PATH.
    """
    asked = [name for name in dict.fromkeys(names) if "\n" not in name]
    if not asked:
        return {}
    done = subprocess.run(
        command(repo, "cat-file", "--batch"),
        input="".join(f"{name}\n" for name in asked).encode(errors="surrogateescape"),
        capture_output=True,
        check=False,
    )
    found, at = {}, 0
    for name in asked:
        end = done.stdout.find(b"\n", at)
        if end < 0:  # git gave up on one that is damaged
            break
        words = done.stdout[at:end].split(b" ")
        at = end + 1
        if len(words) == 3 and words[2].isdigit() and words[1] in (b"blob", b"commit"):
            size = int(words[2])
            found[name] = words[0].decode(), done.stdout[at : at + size]
            at += size + 1
        elif len(words) == 3 and words[2].isdigit():  # a tree or a tag
            at += int(words[2]) + 1
    return found
