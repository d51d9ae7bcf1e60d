"""Which part of the lock goes into a bento."""

from pathlib import Path

import pytest

from include.errors import DataError
from include.flights.serving.requirements import needed


def write(lock: Path, *lines: str) -> Path:
    lock.write_text("\n".join(lines) + "\n")
    return lock


def test_takes_what_a_package_depends_on_and_nothing_else(tmp_path: Path) -> None:
    lines = ["httpx==0.28.1", "anyio==4.16.0", "certifi==2026.10.18", "httpcore==1.0.9"]
    lines += ["idna==3.20", "h11==0.16.0", "typing-extensions==4.16.0", "torch==2.13.0"]
    expected = sorted(line for line in lines if not line.startswith("torch"))
    assert needed(write(tmp_path / "lock", *lines), ["httpx"]) == expected


def test_names_are_normal_and_versions_without_local_part_and_hash(
    tmp_path: Path,
) -> None:
    lock = write(tmp_path / "lock", "# pins", "Six[x]==1.17.0+local ; python_version > '3' \\")
    assert needed(lock, ["SIX"]) == ["six==1.17.0"]


def test_a_package_that_the_lock_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        needed(write(tmp_path / "lock", "httpx2==1.0"), ["httpx"])
    assert str(caught.value) == (
        f"{tmp_path}/lock has no exact version of httpx. Did you mean 'httpx2'?\n"
        f"  Next: add `httpx==VERSION` to {tmp_path}/lock."
    )
