"""Hashes of files, as the service and DVC know them."""

import hashlib
import json
from pathlib import Path


def file_sha256(path: Path) -> str:
    """The hash by which a service knows a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_md5(path: Path) -> str:
    """The hash that DVC gives a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def directory_md5(folder: Path) -> str:
    """The hash of a folder as dvc.lock gives it, so that an auditor can compare the two.

    It is the MD5 of the JSON list of the files' MD5s and names (dvc_data.hashfile.tree).
    """
    listed = [
        {"md5": file_md5(path), "relpath": path.relative_to(folder).as_posix()}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    listed.sort(key=lambda entry: entry["relpath"])
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"
