"""Which windows are judged, what a share of few is worth, and which documents went stale."""

import json
from datetime import date

import pytest
from assistant_documents import SAID, fetch, index, sdist, sources_file

from include.assistant.watching.shares import share
from include.assistant.watching.spans import spans
from include.assistant.watching.stale import stale_sources
from include.errors import DataError


@pytest.mark.parametrize(
    ("end", "kind", "expected"),
    [
        (date(2026, 6, 15), "week", ["2026-06-01 to 2026-06-08", "2026-06-08 to 2026-06-15"]),
        (date(2026, 6, 21), "week", ["2026-06-01 to 2026-06-08", "2026-06-08 to 2026-06-15"]),
        (date(2026, 2, 1), "month", ["2025-12-01 to 2026-01-01", "2026-01-01 to 2026-02-01"]),
        (date(2026, 2, 28), "month", ["2025-12-01 to 2026-01-01", "2026-01-01 to 2026-02-01"]),
    ],
    ids=["a Monday", "a Sunday", "the first of a month", "within a month"],
)
def test_whole_windows_that_have_ended_are_judged(end, kind, expected):
    assert [str(window) for window in spans(end, kind, 2)] == expected


@pytest.mark.parametrize(
    ("some", "of", "low", "high"),
    [(5, 10, 0.236593, 0.763407), (0, 10, 0.0, 0.277533), (1, 3, 0.061492, 0.792340)],
)
def test_a_share_of_few_is_unsure(some, of, low, high):
    found = share(some, of, 0.95)
    assert (found.low, found.high) == (low, high)


def test_a_share_of_nothing_is_none():
    found = share(0, 0, 0.95)
    assert (found.value, found.low, found.high) == (None, None, None)


def test_documents_are_stale_when_their_package_is_locked_at_another_version(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text("celery==5.6.3\nscikit-learn==1.9.1 ; python_version >= '3.11'\n")
    sources = {
        "celery": {"kind": "package", "package": "Celery", "version": "5.6.2"},
        "sklearn": {"kind": "package", "package": "scikit_learn", "version": "1.9.1"},
        "flask": {"kind": "package", "package": "flask", "version": "3.0"},
        "ours": {"kind": "files", "package": "", "version": ""},
    }
    (tmp_path / "sources.json").write_text(json.dumps(sources))
    [found] = stale_sources(tmp_path / "sources.json", lock)
    assert (found.source, found.version, found.locked) == ("celery", "5.6.2", "5.6.3")


@pytest.mark.parametrize(
    ("version", "lock", "stale"),
    [
        ("5.6", "celery==5.6.0", False),
        ("v5.6.3rc1", "celery==5.6.3.rc1", False),
        ("5.6", "celery==5.6+ours.1", False),
        ("5.6", "celery===5.6", False),
        ("5.6", "celery===5.7", True),
        ("5.6", "celery==5.6.post1", True),
        ("rolling", "celery===rolling", False),
    ],
)
def test_a_version_is_the_same_however_it_is_written(tmp_path, version, lock, stale):
    (tmp_path / "lock.txt").write_text(f"{lock}\n")
    held = {"docs": {"package": "celery", "version": version}}
    (tmp_path / "sources.json").write_text(json.dumps(held))
    assert bool(stale_sources(tmp_path / "sources.json", tmp_path / "lock.txt")) == stale


@pytest.mark.parametrize("text", ["", "celery>=5\n", "-r other.txt\n"])
def test_a_lock_that_pins_nothing_tells_of_no_document_that_it_is_new(tmp_path, text):
    (tmp_path / "lock.txt").write_text(text)
    (tmp_path / "sources.json").write_text("{}")
    with pytest.raises(DataError, match=r"lock.txt gives no package an exact version.*\n  Next: n"):
        stale_sources(tmp_path / "sources.json", tmp_path / "lock.txt")


def test_a_version_that_was_raised_and_not_fetched_is_stale_still(tmp_path, monkeypatch):
    (tmp_path / "lock.txt").write_text("celery==5.6.3\n")
    (tmp_path / "packages").mkdir()
    archive, sha256 = sdist(tmp_path / "packages", "celery", "5.6.2", {"a.md": "# A\n\nText."})
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path, archive))
    source = {"kind": "package", "package": "celery", "version": "5.6.2", "sha256": sha256}
    docs = fetch(tmp_path, {"celery": {**SAID, **source, "pages": ["**/*.md"]}})
    sources_file(tmp_path, {"celery": {**SAID, **source, "version": "5.6.3"}})
    [found] = stale_sources(docs / "sources.json", tmp_path / "lock.txt")
    assert (found.source, found.version) == ("celery", "5.6.2")


def test_documents_of_nobody_are_no_documents_of_the_right_version(tmp_path):
    (tmp_path / "lock.txt").write_text("celery==5.6.3\n")
    with pytest.raises(DataError, match=r"sources.json does not say of which versions the docume"):
        stale_sources(tmp_path / "sources.json", tmp_path / "lock.txt")
