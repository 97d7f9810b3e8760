"""Restoring PostgreSQL beside the present database: into a fresh one, checked, and renamed into place in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, OperationalError

from django_safe_migrate.backups import names
from django_safe_migrate.backups.connector import Restored, RestoreRequest, report
from django_safe_migrate.backups.postgresql_attributes import (
    Attributes,
    copy_settings,
    quoted,
    read_attributes,
)
from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.backups.postgresql import PostgreSQLConnector

#: Bytes of a name, as PostgreSQL is built by everyone.
NAME_LIMIT = 63
#: Databases that are always there to connect to while ours is renamed.
MAINTENANCE = ("postgres", "template1")
SWAP_ATTEMPTS = 10
#: object_in_use and lock_not_available: somebody came back before the rename.
BUSY = frozenset({"55006", "55P03"})

MAY_CREATE = """
SELECT r.rolsuper OR (r.rolcreatedb AND pg_catalog.pg_has_role(r.oid, d.datdba, 'MEMBER'))
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()
"""


def can_create_databases(connection: BaseDatabaseWrapper) -> bool:
    """Whether this role can create a database and rename the present one."""
    with connection.cursor() as cursor:
        cursor.execute(MAY_CREATE)
        row = cursor.fetchone()
    return bool(row and row[0])


def restore(connector: PostgreSQLConnector, request: RestoreRequest) -> Restored:
    """Restore into a fresh database, compare it with the receipt, and let it take the name."""
    name, scratch = connector.database.name, names.scratch_name()
    with maintenance_connection(connector) as maintenance:
        attributes = read_attributes(maintenance, name)
        create(connector, request, maintenance, scratch, attributes)
        swapped = False
        try:
            notices = fill(connector, request, scratch)
            notices += copy_settings(maintenance, attributes, scratch)
            old = _name_for_old(maintenance, name) if attributes else ""
            _release(connector)
            report(request.progress, "swapping", 0)
            _swap(connector, maintenance, name, scratch, old)
            swapped = True
        finally:
            if not swapped:
                _drop(maintenance, scratch)
        if old and not request.keep_old:
            _drop(maintenance, old)
            old = ""
    return Restored(kept=old, notices=notices)


def create(
    connector: PostgreSQLConnector,
    request: RestoreRequest,
    maintenance: BaseDatabaseWrapper,
    scratch: str,
    attributes: Attributes | None,
) -> None:
    """Create an empty database with the attributes of the present one."""
    clauses = attributes.create_clauses() if attributes else "TEMPLATE template0"
    try:
        _execute(maintenance, f"CREATE DATABASE {quoted(scratch)} {clauses}")
    except DatabaseError as error:
        raise BackupFailed(
            f"The backup has to be restored into a fresh database, and the role of database {connector.database.alias!r} could not "
            f"create one: {str(error).strip()}. Let it create databases (ALTER ROLE ... CREATEDB), or restore in place, which keeps "
            "no old database but makes a backup of the present state first.",
            next_command=connector.restore_command(request, "--in-place"),
        ) from error


def _name_for_old(maintenance: BaseDatabaseWrapper, name: str) -> str:
    present = _database_names(maintenance)
    return names.free_name(lambda: names.before_name(name, NAME_LIMIT), present.__contains__)


def fill(connector: PostgreSQLConnector, request: RestoreRequest, scratch: str) -> tuple[str, ...]:
    """Restore into an empty database and compare it with the receipt; return what deserves a notice."""
    try:
        connector.load(request, scratch)
    except BackupFailed as error:
        raise BackupFailed(
            f"The backup could not be restored into the fresh database {scratch}, which was dropped again. {error.message}",
            next_command=""
            if request.no_owner
            else connector.restore_command(request, "--no-owner"),
        ) from error
    search_path = _search_path(connector)
    with connector.registered(NAME=scratch) as connection:
        report(request.progress, "checking", 0)
        if search_path:
            _execute(
                connection,
                "SELECT pg_catalog.set_config('search_path', %s, false)",
                [search_path],
            )
        notices = connector.compare(request.receipt, connector.found(connection, request.receipt))
        if request.before_swap is not None:
            request.before_swap(connection)
        # A restored database has no statistics, and bad plans until autovacuum comes by.
        _execute(connection, "ANALYZE")
    return notices


def _search_path(connector: PostgreSQLConnector) -> str:
    """Return where sessions on the present database find tables, which a setting of that database may say; empty when it is gone."""
    try:
        with connector.connected() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_catalog.current_setting('search_path')")
            return str(cursor.fetchone()[0])
    except OperationalError:
        return ""


def _swap(
    connector: PostgreSQLConnector,
    maintenance: BaseDatabaseWrapper,
    name: str,
    scratch: str,
    old: str,
) -> None:
    """
    Rename both databases in one transaction: at every instant either the old or the new one has the name.

    A rename needs the database without sessions. It locks out new ones as soon as it starts, so only those that come between
    the ending of sessions and the rename are in the way; they are ended at the next attempt.
    """
    renames = [(name, old)] if old else []
    renames.append((scratch, name))
    for attempt in range(1, SWAP_ATTEMPTS + 1):
        for database, _ in renames:
            _end_sessions(maintenance, database)
        try:
            _rename(maintenance, renames, connector.options.lock_wait)
        except DatabaseError as error:
            if _state(error) not in BUSY or attempt == SWAP_ATTEMPTS:
                raise BackupFailed(
                    f"The restored database could not take the place of {name}, which is still in place: {str(error).strip()}"
                ) from error
        else:
            return


def _rename(
    maintenance: BaseDatabaseWrapper, renames: list[tuple[str, str]], lock_wait: float
) -> None:
    with maintenance.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute(f"SET LOCAL lock_timeout = {int(lock_wait * 1000)}")
            for present, wanted in renames:
                cursor.execute(f"ALTER DATABASE {quoted(present)} RENAME TO {quoted(wanted)}")
            cursor.execute("COMMIT")
        except DatabaseError:
            with contextlib.suppress(DatabaseError):
                cursor.execute("ROLLBACK")
            raise


def _end_sessions(maintenance: BaseDatabaseWrapper, name: str) -> None:
    with maintenance.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )
        pids = [row[0] for row in cursor.fetchall()]
    for pid in pids:
        # Sessions of a superuser are not ours to end; the rename then says that they are there.
        with contextlib.suppress(DatabaseError):
            _execute(maintenance, "SELECT pg_catalog.pg_terminate_backend(%s)", [pid])


def _release(connector: PostgreSQLConnector) -> None:
    """Close our own sessions on the database; the next query opens one to the restored database."""
    connection: Any = connector.connection
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


# --- old copies and leftovers ------------------------------------------------------------------------------------------------


def old_copies(connector: PostgreSQLConnector) -> tuple[str, ...]:
    """Return the databases that restores have kept."""
    name = connector.database.name
    with maintenance_connection(connector) as maintenance:
        found = _database_names(maintenance)
    return tuple(sorted(one for one in found if names.is_before_name(one, name, NAME_LIMIT)))


def drop(connector: PostgreSQLConnector, name: str) -> None:
    """Drop a kept database, and end what still uses it."""
    with maintenance_connection(connector) as maintenance:
        _drop(maintenance, name)


def abandoned(connector: PostgreSQLConnector) -> tuple[str, ...]:
    """Return the databases that a killed process was restoring into: nobody is connected to them and they never had a name of their own."""
    with maintenance_connection(connector) as maintenance:
        return tuple(
            name
            for name in _database_names(maintenance)
            if names.is_abandoned(name) and not _has_sessions(maintenance, name)
        )


def drop_abandoned(connector: PostgreSQLConnector, name: str) -> bool:
    """Drop one of ``abandoned``; return False when that cannot be: it is of another role, or in use after all."""
    with maintenance_connection(connector) as maintenance:
        try:
            _execute(maintenance, f"DROP DATABASE {quoted(name)}")
        except DatabaseError:
            return False
    return True


def _database_names(maintenance: BaseDatabaseWrapper) -> list[str]:
    with maintenance.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_catalog.pg_database WHERE NOT datistemplate")
        return [row[0] for row in cursor.fetchall()]


def _has_sessions(maintenance: BaseDatabaseWrapper, name: str) -> bool:
    with maintenance.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = %s", [name]
        )
        return bool(cursor.fetchone()[0])


def _drop(maintenance: BaseDatabaseWrapper, name: str) -> None:
    _execute(maintenance, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


@contextlib.contextmanager
def maintenance_connection(connector: PostgreSQLConnector) -> Iterator[BaseDatabaseWrapper]:
    """Open a connection to a database that is not the one being replaced."""
    with contextlib.ExitStack() as stack:
        for name in MAINTENANCE:
            try:
                connection = stack.enter_context(connector.connected(NAME=name, TEST={}))
            except OperationalError as error:
                refused = error
                continue
            yield connection
            return
        raise BackupFailed(
            f"None of the databases {', '.join(MAINTENANCE)} can be connected to: {refused}"
        )


def _execute(connection: BaseDatabaseWrapper, sql: str, params: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _state(error: DatabaseError) -> str:
    cause: Any = error.__cause__
    return str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
