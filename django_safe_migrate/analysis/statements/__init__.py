"""
What Django executes for each change: statements, so that their facts can be told.

They are those of Django's schema editor on the connection's vendor. A vendor without a writer of its own gets that of the base editor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.changes import StatementsRun, Unrecognised
from django_safe_migrate.analysis.statements.innodb import InnoDBWriter, MariaDBWriter
from django_safe_migrate.analysis.statements.moment import Moment
from django_safe_migrate.analysis.statements.postgresql import PostgreSQLWriter
from django_safe_migrate.analysis.statements.sqlite import SQLiteWriter
from django_safe_migrate.analysis.statements.writer import StatementWriter
from django_safe_migrate.sql.reading import read

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.databases.statements import Statement

__all__ = ["Moment", "StatementWriter", "statements_of", "writer_class"]

#: By product.
_WRITERS: dict[str, type[StatementWriter]] = {
    "mariadb": MariaDBWriter,
    "mysql": InnoDBWriter,
    "postgresql": PostgreSQLWriter,
    "sqlite": SQLiteWriter,
}


def writer_class(product: str) -> type[StatementWriter]:
    """Return who writes the statements of Django on a product, or on a vendor."""
    return _WRITERS.get(product, StatementWriter)


def statements_of(
    change: Change, moment: Moment, product: str, written: tuple[str, ...] = ()
) -> tuple[Statement, ...]:
    """
    Return the statements of a change, in the order of execution.

    Args:
        change: in the direction of the plan.
        moment: the states around its operation.
        product: of the server, such as ``mariadb``.
        written: the SQL that was collected of the operation, which is read when nothing else says what it does.
    """
    vendor = moment.before.schema.connection.vendor
    if isinstance(change, StatementsRun):
        return read(change.statements or (), vendor)
    if isinstance(change, Unrecognised) and written:
        return read(written, vendor)
    return tuple(writer_class(product)(moment).write(change))
