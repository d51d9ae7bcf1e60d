"""Writers of Airflow's SQLite do not refuse each other."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session
from sqlite_writes import written_as_one

ADDED = text("INSERT INTO runs VALUES (:name)")
FOUND = text("SELECT name FROM runs ORDER BY name")


@pytest.fixture
def engine(tmp_path):
    """An engine as Airflow makes it, with one table, and with our listener."""
    made = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}")
    with made.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("CREATE TABLE runs (name TEXT)")
    event.listen(made, "savepoint", written_as_one)
    return made


def names(engine):
    with engine.connect() as connection:
        return connection.execute(FOUND).scalars().all()


def add(engine, name):
    with engine.begin() as connection:
        connection.execute(ADDED, {"name": name})


def test_who_reads_in_a_savepoint_and_then_writes_is_not_refused_for_another_writer(engine):
    with ThreadPoolExecutor(1) as beside:
        with Session(engine) as session:
            with session.begin_nested():
                assert session.execute(FOUND).all() == []
                other = beside.submit(add, engine, "of another")
                wait([other], timeout=0.5)
                session.execute(ADDED, {"name": "first"})
            session.commit()
        other.result()
    assert names(engine) == ["first", "of another"]


def test_nobody_sees_the_first_of_two_savepoints_before_all_is_committed(engine):
    with Session(engine) as session:
        for name in ("first", "second"):
            with session.begin_nested():
                session.execute(ADDED, {"name": name})
            assert names(engine) == []
        session.commit()
    assert names(engine) == ["first", "second"]


def test_what_is_rolled_back_leaves_nothing_and_nobody_waits_for_it(engine):
    with Session(engine) as session:
        with session.begin_nested():
            session.execute(ADDED, {"name": "first"})
        session.rollback()
        add(engine, "of another")
    assert names(engine) == ["of another"]


def test_a_savepoint_after_a_write_is_part_of_its_transaction(engine):
    with Session(engine) as session:
        session.execute(ADDED, {"name": "before"})
        with session.begin_nested() as nested:
            session.execute(ADDED, {"name": "undone"})
            nested.rollback()
        session.commit()
    assert names(engine) == ["before"]
