"""Going back inside of a transaction to before one statement, or to before one operation, so that its locks are given up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django_safe_migrate.execution.statements import LEADING

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

    from django_safe_migrate.databases import Database

_NAME = "safe_migrate_statement"
_SCHEMA = re.compile(
    LEADING + r"(?:CREATE|ALTER|DROP|TRUNCATE|LOCK|COMMENT|RENAME|REINDEX|CLUSTER|REFRESH|GRANT)\b",
    re.IGNORECASE,
)
_READING = re.compile(LEADING + r"(?:SELECT|SET|SHOW|EXPLAIN)\b", re.IGNORECASE)


class Savepoints:
    """
    Savepoints before the statements of a migration's transaction, as long as going back to one would give up everything that matters.

    Only before changes of the schema, and only until rows are written: from then on others may wait for those rows, and a data migration
    must not pay for a savepoint at each of its statements. They are made on the driver's cursor, so that nobody takes them for SQL of a migration.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows_written = False

    def open(self, sql: str) -> bool:
        """Make one before a statement where that is of use; return whether there is one now."""
        connection = self._database.connection
        if not connection.in_atomic_block or not self._database.savepoints_release_locks:
            return False
        if _SCHEMA.match(sql) is None:
            self._rows_written = self._rows_written or _READING.match(sql) is None
            return False
        if self._rows_written or connection.needs_rollback:
            return False
        self._execute(f"SAVEPOINT {_NAME}")
        return True

    def close(self) -> None:
        """Keep what was done since."""
        self._execute(f"RELEASE SAVEPOINT {_NAME}")

    def go_back(self) -> bool:
        """Undo what was done since; return whether no lock is held then for which others may wait."""
        self._execute(f"ROLLBACK TO SAVEPOINT {_NAME}; RELEASE SAVEPOINT {_NAME}")
        return not self._database.holds_locks_others_need()

    def _execute(self, sql: str) -> None:
        connection = self._database.connection
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(sql)


class OperationStart:
    """
    The moment before an operation.

    ``is_alone`` says that nothing but the operation is in the transaction that is open, if one is: Django gives each operation a transaction of
    its own in a migration that has none.
    """

    def __init__(self, database: Database, editor: BaseDatabaseSchemaEditor) -> None:
        self._connection = database.connection
        self._editor = editor
        self._deferred = len(editor.deferred_sql)
        self._on_commit = len(self._connection.run_on_commit)
        self.is_alone = not editor.atomic_migration and not self._connection.savepoint_ids

    def go_back(self) -> None:
        """Undo what the operation did in its transaction, and begin another one in its place."""
        del self._editor.deferred_sql[self._deferred :]
        # Django's stubs do not know how it begins a transaction where the driver does not.
        connection: Any = self._connection
        if not connection.in_atomic_block:
            return
        connection._rollback()
        connection.needs_rollback = False
        del connection.run_on_commit[self._on_commit :]
        # Where the driver begins no transaction by itself, Django does.
        begin = getattr(connection, "_start_transaction_under_autocommit", None)
        if begin is not None:
            begin()
