"""Who holds a table on MariaDB: exactly with the plugin `metadata_lock_info`, as a guess without."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.activity import Blocker, Wait, waiting_for
from tests.databases.conftest import eventually, run

#: InnoDB's tables are read anew only when nobody has read them for a while.
PAUSE = 0.15

pytestmark = pytest.mark.vendors("mariadb")


@pytest.fixture
def plugin(database: Database) -> Iterator[None]:
    try:
        run(database.connection, "INSTALL SONAME 'metadata_lock_info'")
    except DatabaseError as error:
        pytest.skip(f"This MariaDB has no plugin metadata_lock_info: {error}")
    yield
    run(database.connection, "UNINSTALL SONAME 'metadata_lock_info'")


@pytest.fixture
def altering(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> Iterator[tuple[str, BaseDatabaseWrapper, BaseDatabaseWrapper]]:
    """A session that waits to alter a table, one that has read it, and one that has read another table."""
    run(
        database.connection,
        "CREATE TABLE t (a int)",
        "CREATE TABLE u (a int)",
        "INSERT INTO u VALUES (1)",
    )
    holder, bystander, ours = other(), other(), other()
    for session, table in ((bystander, "u"), (holder, "t")):
        session.set_autocommit(False)
        run(session, f"SELECT * FROM {table} WHERE a = 4711")  # noqa: S608
        session.inc_thread_sharing()
    number = get_database(ours).session_id()
    ours.inc_thread_sharing()
    run(ours, "SET SESSION lock_wait_timeout = 20")
    thread = threading.Thread(target=alter, args=[ours])
    thread.start()
    assert eventually(lambda: wait_of(database, number) is not None, PAUSE)
    yield number, holder, bystander
    for session in (holder, bystander):
        with contextlib.suppress(DatabaseError):
            session.rollback()
    thread.join()


def alter(session: BaseDatabaseWrapper) -> None:
    run(session, "ALTER TABLE t ADD b int")


def wait_of(database: Database, number: str) -> Wait | None:
    return next((one for one in database.waits(number) if one.session == number), None)


def blockers(database: Database, number: str) -> tuple[Blocker, ...]:
    wait = wait_of(database, number)
    assert wait is not None
    return database.blockers(wait)


def test_the_plugin_tells_who_holds_the_table(
    database: Database, plugin: None, altering: Any
) -> None:
    number, holder, _ = altering
    [blocker] = blockers(database, number)
    assert blocker.session == get_database(holder).session_id()
    assert blocker.query == "" or "4711" not in blocker.query
    assert (blocker.state, blocker.guessed) == ("idle in transaction", False)
    assert "on t" in blocker.lock
    assert not blocker.is_migration


def test_a_holder_that_is_idle_is_ended_once_it_is_old_enough(
    database: Database, plugin: None, altering: Any
) -> None:
    number, holder, _ = altering
    [blocker] = blockers(database, number)
    assert not database.end_idle_session(blocker, 600.0)
    run(holder, "SELECT 1")
    assert eventually(lambda: (blockers(database, number)[0].idle_seconds or 0) > 0.1, PAUSE)
    assert database.end_idle_session(blockers(database, number)[0], 0.1)
    with pytest.raises(DatabaseError):
        run(holder, "SELECT 1")


def test_without_the_plugin_every_older_transaction_is_a_guess(
    database: Database, altering: Any
) -> None:
    number, holder, bystander = altering
    time.sleep(PAUSE)
    found = blockers(database, number)
    assert {one.session for one in found} >= {get_database(holder).session_id()}
    assert all(one.guessed for one in found)


def test_who_queues_for_the_table_after_us_waits_for_us(
    database: Database, altering: Any, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    number, holder, _ = altering
    reader = other()
    reader.inc_thread_sharing()
    thread = threading.Thread(target=run, args=[reader, "SELECT * FROM t"])
    thread.start()
    assert eventually(lambda: bool(waiting_for(number, database.waits(number))), PAUSE)
    holder.rollback()
    thread.join()
