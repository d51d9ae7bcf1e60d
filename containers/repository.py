"""Bring a copy of the repository to the commit of its source.

The source is the checkout, mounted read-only; for the disk of a worker of its own it is the git
server. The DVC cache and the workspaces of runs are beside the copy, so that files are linked and
not copied.
"""

import os
import subprocess
import time
from pathlib import Path

COPY, OBJECTS = Path("/leeway/repository"), Path("/objects")


def main() -> None:
    """Clone or update, say which remote the data goes to, and make its bucket."""
    source = os.environ["LEEWAY_SOURCE"]
    if not (COPY / ".git").exists():
        git(COPY.parent, "clone", "--quiet", "--no-local", source, str(COPY))
    git(COPY, "fetch", "--quiet", "--tags", "--force", "--update-shallow", source, "HEAD")
    forget_old_lock(COPY / ".git" / "index.lock")
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


def forget_old_lock(lock: Path) -> None:
    """Remove the lock of a git that was killed: one that works needs no minute."""
    if lock.exists() and time.time() - lock.stat().st_mtime > 60:
        lock.unlink()


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
    """What git says; its refusal ends this program, for nothing can go on without."""
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        source = os.environ["LEEWAY_SOURCE"]
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        fix = "see `docker compose logs git-server`."
        if Path(source).is_dir():
            fix = "let the checkout be a clone, no worktree, whose .git everybody may read."
        raise SystemExit(f"git {words[0]} failed for {source}: {said}\n  Next: {fix}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
