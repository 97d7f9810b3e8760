"""Whether what an operation did stays in the database when the operation fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.databases.undoing import undoes_failed
from django_safe_migrate.execution.statements import LEADING

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database

#: Statements that change nothing. A SELECT without FROM is not among them: that is how functions are called for their effects.
_READING = re.compile(
    LEADING
    + r"(?:(?:SHOW|EXPLAIN|DESCRIBE|DESC|PRAGMA|SET|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|START|COMMIT)\b"
    + r"|SELECT\b(?=.*\bFROM\b)(?!.*\bINTO\b))",
    re.IGNORECASE | re.DOTALL,
)
#: Statements on rows, which a transaction undoes wherever there are transactions; others may commit by themselves.
_ON_ROWS = re.compile(
    LEADING + r"(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|SELECT|WITH|VALUES|TABLE)\b", re.IGNORECASE
)

#: So many statements that failed are looked at again; of an operation that passes over more errors nothing is proven.
_MOST_FAILED = 20


class Remains:
    """
    What the statements of one operation leave behind.

    Made when the operation begins: a transaction open then, and only that, is rolled back when the operation raises. One that the
    operation opens itself may have been committed by then.
    """

    def __init__(self, database: Database) -> None:
        connection = database.connection
        self._in_transaction = connection.in_atomic_block and bool(
            connection.features.supports_transactions
        )
        self._undoes_ddl = database.can_rollback_ddl
        self._database = database
        #: Whether anything was changed at all: what stays when the operation comes to its end.
        self.after_success = False
        #: What stays when the operation raises.
        self.after_failure = False
        self._failed: list[str] = []
        self._is_unknown = False

    def executed(self, sql: str) -> None:
        """Note a statement that succeeded."""
        if _READING.match(sql):
            return
        self.after_success = True
        if not self._in_transaction or not (self._undoes_ddl or _ON_ROWS.match(sql)):
            self.after_failure = True

    def failed(
        self, sql: str, error: BaseException | None = None, *, is_harmless: bool = False
    ) -> None:
        """
        Note a statement that failed: most leave nothing behind, a concurrently built index leaves an invalid one.

        When the connection was lost nobody knows: the server may still be at it, and come to its end. ``is_harmless`` says that what it may
        have left is removed by another attempt.
        """
        if self._in_transaction or _READING.match(sql):
            return
        if sql not in self._failed:
            self._failed.append(sql)
        is_unknown = error is not None and self._database.is_connection_error(error)
        if is_unknown or not (is_harmless or self._database.can_repeat(sql)):
            self.after_failure = True

    def interrupted(self, sql: str) -> None:
        """Note a statement that a signal broke off, and of which the server has not said how it ended."""
        self._is_unknown = self._is_unknown or not _READING.match(sql)

    def is_nothing(self) -> bool | None:
        """
        Return whether it is proven, now that the operation has raised, that nothing of it is left; None when nobody knows.

        To be asked outside of the operation's own transactions. False where rows stay that no transaction undoes.
        """
        if self._in_transaction and self.after_success and not self._undoes_ddl:
            # A table without transactions may be among those that were written to.
            return None
        if self.after_failure or self._is_unknown or len(self._failed) > _MOST_FAILED:
            return None
        if not self._failed:
            return True
        # Imported here: a deployment with nothing to migrate must cost no more than with migrate.
        from django_safe_migrate.sql.reading import split_statements

        vendor = self._database.vendor
        if any(len(split_statements(sql, vendor)) != 1 for sql in self._failed):
            return None
        if self._database.connection.in_atomic_block:
            return None
        try:
            return undoes_failed(self._database, self._failed)
        except (DatabaseError, InterfaceError):
            return None
