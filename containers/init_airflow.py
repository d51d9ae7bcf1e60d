"""Bring Airflow's database to this version; make the logins of .env, and a database for vectors.

A password that changed in .env changes here at the next start.
"""

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.providers.fab.auth_manager.security_manager.override import (
        FabAirflowSecurityManagerOverride as Manager,
    )

# Our name for a role, and that of Airflow's FAB provider.
ROLES = {"viewer": "Viewer", "operator": "Op", "admin": "Admin", "tasks": "Op"}


def main() -> None:
    """Migrate, then make or renew each login."""
    subprocess.run(["airflow", "db", "migrate"], check=True)
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        for name, role in ROLES.items():
            login(builder.sm, name, role, os.environ[f"LEEWAY_{name.upper()}_PASSWORD"])
            print(f"{name}: role {role}")
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    make_vector_store(url, os.environ["VECTOR_STORE_PASSWORD"])


def login(manager: "Manager", name: str, role: str, password: str) -> None:
    """Make a login, or give the one that is there this password."""
    user = manager.find_user(username=name)
    if user is None:
        address = f"{name}@localhost"
        manager.add_user(name, name, "", address, manager.find_role(role), password)
    else:
        manager.reset_password(user.id, password)


def make_vector_store(url: str, password: str) -> None:
    """Make the database `vectors` and the login that owns it, which may see no other database.

    Args:
        url: of Airflow's database, as a login that may make databases.
    """
    import psycopg2

    with contextlib.closing(psycopg2.connect(url)) as server:
        server.autocommit = True
        ask = server.cursor()
        ask.execute("SELECT datname FROM pg_database WHERE datallowconn")
        held = {name for (name,) in ask.fetchall()}
        ask.execute("SELECT FROM pg_roles WHERE rolname = 'vectors'")
        if not ask.fetchall():
            ask.execute("CREATE ROLE vectors LOGIN")
        ask.execute("ALTER ROLE vectors PASSWORD %s", [password])
        if "vectors" not in held:
            ask.execute("CREATE DATABASE vectors OWNER vectors")
        for name in sorted({*held, "vectors"}):
            ask.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
    with contextlib.closing(psycopg2.connect(url, dbname="vectors")) as server:
        server.autocommit = True
        ask = server.cursor()
        ask.execute("SELECT FROM pg_available_extensions WHERE name = 'vector'")
        if not ask.fetchall():
            print("vectors: this PostgreSQL has no pgvector, which `docker compose pull` brings")
            return
        ask.execute("CREATE EXTENSION IF NOT EXISTS vector")
        print("vectors: a database with pgvector")


if __name__ == "__main__":
    main()
