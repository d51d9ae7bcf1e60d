"""pgvector: a store in PostgreSQL, for teams; what a run changes is seen all at once, or not."""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

import polars as pl

from include.assistant.retrieval.copying import COLUMNS, VECTOR
from include.assistant.retrieval.vectors import Array
from include.errors import DataError, ParamsError, PipelineError

if TYPE_CHECKING:
    from psycopg import Connection

URL = "LEEWAY_VECTOR_URL"
ORDER = f"set {URL} to postgresql://[user:password@]host:port/database, one with pgvector."
WAIT_S = 10  # for the server to answer
LOCK: LiteralString = "SELECT pg_advisory_xact_lock(7031915)"  # one run at a time; a number of ours

MAKE = """
    CREATE TABLE IF NOT EXISTS leeway_passages (
        id text PRIMARY KEY, source text NOT NULL, page text NOT NULL, section text NOT NULL,
        titles text[] NOT NULL, text text NOT NULL, licence text NOT NULL, url text NOT NULL,
        key text NOT NULL, vector vector({width}) NOT NULL)"""
HELD: LiteralString = """
    SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = to_regclass('leeway_passages') AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum"""
DROP: LiteralString = "DROP TABLE leeway_passages"
COMING: LiteralString = """
    CREATE TEMPORARY TABLE IF NOT EXISTS coming (LIKE leeway_passages) ON COMMIT DROP"""
COPY: LiteralString = "COPY coming FROM STDIN (FORMAT BINARY)"
# A vector is sent as the bytes that PostgreSQL keeps, which psycopg has no type for.
SENT = [*["text"] * 4, "text[]", *["text"] * 4, "bytea"]
TAKE: LiteralString = """
    INSERT INTO leeway_passages SELECT * FROM coming ON CONFLICT (id) DO UPDATE SET
        source = excluded.source, page = excluded.page, section = excluded.section,
        titles = excluded.titles, text = excluded.text, licence = excluded.licence,
        url = excluded.url, key = excluded.key, vector = excluded.vector"""
APPROXIMATE: LiteralString = """
    CREATE INDEX IF NOT EXISTS leeway_passages_nearest ON leeway_passages
    USING hnsw (vector vector_cosine_ops)"""
EXACT: LiteralString = "DROP INDEX IF EXISTS leeway_passages_nearest"
NEAREST: LiteralString = """
    SELECT id, 1 - (vector <=> %(asked)s::vector) FROM leeway_passages
    ORDER BY vector <=> %(asked)s::vector LIMIT %(limit)s"""


class PgStore:
    """The table leeway_passages, within one transaction."""

    def __init__(self, connection: "Connection", width: int) -> None:
        self.connection = connection
        connection.execute(LOCK)
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        names, wanted = [*COLUMNS, VECTOR], f"vector({width})"
        held = connection.execute(HELD).fetchall()
        if held and [name for name, _ in held] != names:
            what = f"The table leeway_passages at {URL} has other columns than {', '.join(names)}."
            raise DataError(what, "drop it if it is an old copy, or name another database.")
        if held and held[-1][1] != wanted:  # of an encoder of another width: a copy, made anew
            connection.execute(DROP)
        connection.execute(MAKE.format(width=width).encode())

    def keys(self) -> dict[str, str]:
        """The key of each passage that is held, by its id."""
        return dict(self.connection.execute("SELECT id, key FROM leeway_passages").fetchall())

    def upsert(self, rows: pl.DataFrame, vectors: Array) -> None:
        """Write passages, in place of those that have the same id."""
        self.connection.execute(COMING)
        with self.connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.set_types(SENT)
            for row, vector in zip(rows.select(COLUMNS).iter_rows(), vectors, strict=True):
                copy.write_row((*row, as_sent(vector)))
        self.connection.execute(TAKE)
        self.connection.execute("TRUNCATE coming")

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages."""
        self.connection.execute("DELETE FROM leeway_passages WHERE id = ANY(%s)", [list(ids)])

    def settle(self, approximate: bool) -> None:
        """Keep an approximate index of the vectors, or none."""
        self.connection.execute(APPROXIMATE if approximate else EXACT)

    def search(self, vector: Array, limit: int) -> list[tuple[str, float]]:
        """The ids nearest to a vector of length 1 and their cosines, the nearest first."""
        asked = {"asked": str(vector.tolist()), "limit": limit}
        return list(self.connection.execute(NEAREST, asked).fetchall())

    def count(self) -> int:
        """How many passages are held."""
        row = self.connection.execute("SELECT count(*) FROM leeway_passages").fetchone()
        assert row is not None
        return int(row[0])


def as_sent(vector: Array) -> bytes:
    """A vector as pgvector receives it: how many numbers, two empty bytes, the numbers."""
    return struct.pack(">HH", len(vector), 0) + vector.astype(">f4").tobytes()


@contextmanager
def connected(width: int) -> Iterator[PgStore]:
    """The store at the URL of the environment; what was done is kept if the block ends well.

    Raises:
        ParamsError: there is no URL.
        PipelineError: the server does not answer, or refuses what is asked of it.
    """
    import psycopg

    url = os.environ.get(URL, "")
    if not url:
        what = f"materialize_index.store in params.yaml is pgvector, and {URL} is not set."
        raise ParamsError(what, ORDER)
    try:
        with psycopg.connect(url, connect_timeout=WAIT_S) as connection:
            yield PgStore(connection, width)
    except psycopg.Error as error:
        problem = " ".join(str(error).split()).rstrip(".")
        raise PipelineError(f"pgvector at {URL} cannot be used: {problem}.", ORDER) from None
