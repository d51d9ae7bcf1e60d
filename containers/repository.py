"""Bring a copy of the repository to the commit of its source.

The source is the checkout, mounted read-only; for the disk of a worker of its own it is the git
server. The DVC cache and the workspaces of runs are beside the copy, so that files are linked and
not copied.
"""

import os
import subprocess
from pathlib import Path

COPY, OBJECTS = Path("/leeway/repository"), Path("/objects")


def main() -> None:
    """Clone or update, say which remote the data goes to, and make its bucket."""
    source = os.environ["LEEWAY_SOURCE"]
    if not (COPY / ".git").exists():
        git(COPY.parent, "clone", "--quiet", "--no-local", source, str(COPY))
    git(COPY, "fetch", "--quiet", "--tags", source, "HEAD")
    # Results live in refs and in ignored files: neither is touched.
    git(COPY, "reset", "--quiet", "--hard", "FETCH_HEAD")
    bucket = os.environ["LEEWAY_BUCKET"]
    write_remote(bucket, os.environ["LEEWAY_S3_URL"])
    print(f"repository at {git(COPY, 'log', '-1', '--format=%h %s')}")
    if Path(source).is_dir():
        (OBJECTS / bucket).mkdir(exist_ok=True)
        left_out = git(Path(source), "--no-optional-locks", "status", "--porcelain").splitlines()
        if left_out:
            print(f"{len(left_out)} changed files of the checkout are not committed, so not in it")


def write_remote(bucket: str, endpoint: str) -> None:
    """Make the object store the default DVC remote; who may use it is in the environment."""
    lines = [
        "[core]",
        "    remote = platform",
        "['remote \"platform\"']",
        f"    url = s3://{bucket}/dvc",
        f"    endpointurl = {endpoint}",
    ]
    aside = COPY / ".dvc" / "config.local.new"
    aside.write_text("\n".join(lines) + "\n")
    aside.replace(COPY / ".dvc" / "config.local")


def git(folder: Path, *words: str) -> str:
    """What git says."""
    done = subprocess.run(
        ["git", "-C", str(folder), *words], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
