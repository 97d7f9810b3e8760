"""Whether what an operation did stays in the database when the operation fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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

    def executed(self, sql: str) -> None:
        """Note a statement that succeeded."""
        if _READING.match(sql):
            return
        self.after_success = True
        if not self._in_transaction or not (self._undoes_ddl or _ON_ROWS.match(sql)):
            self.after_failure = True

    def failed(self, sql: str) -> None:
        """Note a statement that failed: most leave nothing behind, a concurrently built index leaves an invalid one."""
        if not self._in_transaction and not self._database.can_repeat(sql):
            self.after_failure = True
