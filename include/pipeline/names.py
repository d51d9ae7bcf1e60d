"""Names of runs and stages in the letters that folders, refs and experiments allow.

Two things never share a name: what cannot be read back from its name has a digest at its end.
"""

import hashlib
import json
import re

LONGEST = 150  # letters: a folder's name may have 255 bytes, with what is put before and behind it
# A time as Airflow writes it into the id of a run, and as it stands in a name.
TIME = re.compile(r"T(\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d):(\d\d)")
SHORT = re.compile(r"T(\d\d)(\d\d)(\d\d)(\.\d+)?([+-])(\d\d)(\d\d)(?!\d)")
PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_+-]|\.(?!\.))*")
DIGESTED = re.compile(r"-[0-9a-f]{12}$")


def run_name(dag_id: str, run_id: str) -> str:
    """The name of a run: its workspace, its experiment, its reports.

    `train` and `scheduled__2026-07-01T00:00:00+00:00` are
    `train.scheduled__2026-07-01T000000+0000`: the first dot ends the DAG, so the name of a
    DAG whose own id has one has a digest.
    """
    text = f"{dag_id}.{run_id}" if dag_id else run_id
    return named(text, (dag_id, run_id), exact="." not in (dag_id or run_id))


def file_name(text: str) -> str:
    """The name of a stage, a DAG or an id, as a file has it."""
    return named(text, (text,), exact=True)


def named(text: str, parts: tuple[str, ...], *, exact: bool) -> str:
    """The text if it can be a name, else what of it can be, and a digest of all its parts."""
    short = TIME.sub(r"T\1\2\3\4\5\6\7", text)
    exact = exact and SHORT.sub(r"T\1:\2:\3\4\5\6:\7", short) == text
    if exact and is_plain(short):
        return short
    found = re.sub(r"[^A-Za-z0-9_+.-]+", "-", short)
    found = re.sub(r"\.\.+", ".", found)[: LONGEST - 13].strip("-.+") or "run"
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
    return f"{found}-{digest}"


def is_plain(name: str) -> bool:
    """Whether git and DVC take it as a name, and it does not look like one with a digest."""
    plain = PLAIN.fullmatch(name) is not None and len(name) <= LONGEST
    return plain and not name.endswith((".", ".lock")) and not DIGESTED.search(name)
